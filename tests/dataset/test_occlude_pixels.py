"""What ``occlude`` writes, pixel by pixel."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from occbench.dataset.batch import Style
from occbench.errors import DataError
from tests.folders import add_face, add_faces, contents, covered, points_of, run
from tests.makers import picture, read_picture, write_picture

_GOLDEN = Path(__file__).parents[1] / "golden" / "images"


def hidden(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The image with the headset's pixels black, by the study's rule."""
    result = image.copy()
    result[covered(points, (image.shape[1], image.shape[0]))] = 0
    return result


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tif"])
def test_exactly_the_headset_is_black_and_all_else_as_decoded(suffix, tmp_path):
    """A painted PNG equals the decoded source but for the pixels of the closed form."""
    _, points = add_face(tmp_path / "in", f"a{suffix}", 3)
    decoded = read_picture(tmp_path / "in" / f"a{suffix}")
    run(tmp_path / "in", tmp_path / "out")
    painted = read_picture(tmp_path / "out" / "a_occ.png")
    assert np.array_equal(hidden(decoded, points), painted)


def test_grey_stays_grey(tmp_path):
    """A grey image is written with one channel."""
    image, points = add_face(tmp_path / "in", "a.png", 4, picture(4, grey=True))
    run(tmp_path / "in", tmp_path / "out")
    painted = cv2.imread(str(tmp_path / "out" / "a_occ.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(hidden(image, points), painted)


def test_transparency_stays_and_the_headset_is_opaque(tmp_path):
    """Outside the headset alpha is kept; inside it is 255."""
    rgba = np.dstack([picture(5), np.full((40, 40), 77, np.uint8)])
    stored = np.ascontiguousarray(rgba[:, :, [2, 1, 0, 3]])
    points = points_of(5)
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "a.png"), stored)
    np.save(tmp_path / "in" / "a_lnd.npy", points)
    run(tmp_path / "in", tmp_path / "out")
    painted = cv2.imread(str(tmp_path / "out" / "a_occ.png"), cv2.IMREAD_UNCHANGED)
    mask = covered(points, (40, 40))
    assert np.array_equal(stored[~mask], painted[~mask])
    assert np.array_equal(np.tile((0, 0, 0, 255), (mask.sum(), 1)), painted[mask])


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    """Levels of 16 bits are divided by 257 and rounded."""
    levels = np.random.default_rng(6).integers(0, 65536, (40, 40)).astype(np.uint16)
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "a.png"), levels)
    np.save(tmp_path / "in" / "a_lnd.npy", points_of(6))
    run(tmp_path / "in", tmp_path / "out")
    expected = hidden(np.rint(levels / 257).astype(np.uint8), points_of(6))
    assert np.array_equal(expected, read_picture(tmp_path / "out" / "a_occ.png"))


def test_cmyk_becomes_rgb(tmp_path):
    """A CMYK JPEG is written as RGB, near its colours outside the headset."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes((_GOLDEN / "cmyk.jpg").read_bytes())
    points = (points_of(7) - (19.5, 15)) * 0.3 + (8, 5)
    np.save(tmp_path / "in" / "a_lnd.npy", points)
    run(tmp_path / "in", tmp_path / "out")
    painted = read_picture(tmp_path / "out" / "a_occ.png").astype(int)
    y, x = np.mgrid[0:12, 0:16]
    ramp = np.stack([x * 16, y * 20, np.full_like(x, 90)], axis=-1)
    mask = covered(points, (16, 12))
    assert painted.shape == (12, 16, 3)
    assert np.abs(painted - ramp)[~mask].mean() < 4
    assert not painted[mask].any()


def test_a_sham_differs_from_the_occluded_image_in_the_rectangle_only(tmp_path):
    """The sham equals the source; outside the rectangle both are equal."""
    image, points = add_face(tmp_path / "in", "a.png", 8)
    run(tmp_path / "in", tmp_path / "out")
    run(tmp_path / "in", tmp_path / "control", style=Style(sham=True))
    sham = read_picture(tmp_path / "control" / "a_sham.png")
    painted = read_picture(tmp_path / "out" / "a_occ.png")
    assert np.array_equal(image, sham)
    different = (sham != painted).any(axis=2)
    assert np.array_equal(covered(points, (40, 40)), different)


def test_a_sham_fails_where_the_occluded_image_would(tmp_path):
    """A face that cannot be occluded has no sham either, so both sets stay aligned."""
    add_faces(tmp_path / "in", 2)
    np.save(tmp_path / "in" / "2_lnd.npy", points_of(2) + 1000)
    report = run(tmp_path / "in", tmp_path / "out", style=Style(sham=True))
    assert [failure.id for failure in report.failures] == ["2.png"]


def test_jpeg_is_that_of_the_codec_at_the_asked_quality(tmp_path):
    """The bytes are OpenCV's at the given quality, and a lower quality is smaller."""
    image, points = add_face(tmp_path / "in", "a.png", 9)
    sizes = []
    for quality in (95, 40):
        run(tmp_path / "in", tmp_path / f"q{quality}", style=Style("jpg", quality))
        data = (tmp_path / f"q{quality}" / "a_occ.jpg").read_bytes()
        bgr = np.ascontiguousarray(hidden(image, points)[:, :, ::-1])
        _, expected = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert expected.tobytes() == data
        sizes.append(len(data))
    assert sizes[0] > sizes[1]


def test_the_rectangle_is_clipped_at_the_image_border(tmp_path):
    """A headset partly outside covers what lies inside."""
    image, points = add_face(tmp_path / "in", "a.png", 10)
    points = points - (14, 11)
    np.save(tmp_path / "in" / "a_lnd.npy", points)
    run(tmp_path / "in", tmp_path / "out")
    expected = hidden(image, points)
    assert (expected != image).any()
    assert np.array_equal(expected, read_picture(tmp_path / "out" / "a_occ.png"))


@pytest.mark.parametrize("fill", ["noise", "mean", (9, 8, 7)])
def test_images_of_different_sizes_in_one_folder_are_painted_alone_or_together(fill, tmp_path):
    """A face's neighbours change nothing, whatever their size."""
    for number, side in enumerate((40, 64, 40, 48, 48, 90)):
        add_face(tmp_path / "in", f"{number}.png", number, picture(number, side=side))
        add_face(tmp_path / str(number), f"{number}.png", number, picture(number, side=side))
    spec = f"headset(fill={fill!r})"
    run(tmp_path / "in", tmp_path / "out", occluder=spec)
    for number in range(6):
        run(tmp_path / str(number), tmp_path / f"out{number}", occluder=spec)
        name = f"{number}_occ.png"
        assert (tmp_path / f"out{number}" / name).read_bytes() == (
            tmp_path / "out" / name
        ).read_bytes()


def test_the_number_of_workers_changes_no_byte(tmp_path):
    """1, 2 and 4 workers write equal folders: images, failures, journal and job."""
    source = add_faces(tmp_path / "in", 75)
    for broken in (7, 33, 70):
        (source / f"{broken}_lnd.npy").unlink()
    found = {}
    for workers in (1, 2, 4):
        run(source, tmp_path / "out", workers=workers, occluder="headset(fill='noise')")
        found[workers] = contents(tmp_path / "out")
        (tmp_path / "out").rename(tmp_path / f"out{workers}")
    assert len(found[1]) == 72 + 3
    assert found[1] == found[2] == found[4]


def test_the_journal_has_natural_order_whatever_the_workers(tmp_path):
    """2 comes before 10."""
    run(add_faces(tmp_path / "in", 40), tmp_path / "out", workers=3)
    lines = (tmp_path / "out" / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"{n}.png" for n in range(1, 41)]


def test_landmarks_as_pts_count_from_one(tmp_path):
    """A .pts file gives the pixels of the same points less one."""
    image, points = picture(11), points_of(11)
    write_picture(tmp_path / "in" / "a.png", image)
    rows = "\n".join(f"{x + 1!r} {y + 1!r}" for x, y in points.tolist())
    (tmp_path / "in" / "a.pts").write_text(f"version: 1\nn_points: 68\n{{\n{rows}\n}}\n")
    run(tmp_path / "in", tmp_path / "out")
    assert np.array_equal(hidden(image, points), read_picture(tmp_path / "out" / "a_occ.png"))


@pytest.mark.parametrize("named", [False, True])
def test_a_stack_paints_as_single_files_do(named, tmp_path):
    """A stack in natural order, or one with names in any order, gives the same images."""
    source = add_faces(tmp_path / "in", 11)
    order = list(range(11, 0, -1)) if named else list(range(1, 12))
    stack = np.stack([points_of(number) for number in order])
    path = tmp_path / ("stack.npz" if named else "stack.npy")
    if named:
        np.savez(path, landmarks=stack, files=[f"{number}.png" for number in order])
    else:
        np.save(path, stack.astype(np.float64))
    run(source, tmp_path / "single")
    run(source, tmp_path / "stacked", landmarks=path)
    for number in range(1, 12):
        painted = read_picture(tmp_path / "stacked" / f"{number}_occ.png")
        # A stack is kept in 32 bits, which may move a border pixel.
        other = read_picture(tmp_path / "single" / f"{number}_occ.png")
        assert (painted != other).any(axis=2).sum() <= 1


def test_an_unknown_style_is_refused():
    """A format or quality that does not exist is named."""
    with pytest.raises(DataError, match="format 'gif' is not one of png, jpg"):
        Style("gif")
    with pytest.raises(DataError, match="quality 101 is not between 1 and 100"):
        Style("jpg", 101)
