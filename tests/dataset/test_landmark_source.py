"""Which landmarks belong to which image."""

from __future__ import annotations

import os

import numpy as np
import pytest

from occbench.dataset.landmark_source import LandmarkFolder, LandmarkRows, open_landmarks
from occbench.errors import DataError
from tests.faces import faces

FACES = list(faces(4, 51))


def stack(path, count: int, files: list[str] | None = None):
    """A stack of the first faces, with names or without."""
    arrays = {"landmarks": np.stack(FACES[:count]).astype(np.float32)}
    if files is not None:
        arrays["files"] = np.array(files)
    np.savez(path, **arrays)
    return path


def rows(path, images: list[str]) -> list[int | None]:
    """The row of the stack that each image gets, told by its points."""
    source = open_landmarks(path, images)
    found: list[int | None] = []
    for image in images:
        try:
            points = source.read(image).points
        except DataError:
            found.append(None)
            continue
        found.append(next(k for k, face in enumerate(FACES) if np.allclose(face, points)))
    return found


def pts(points: np.ndarray) -> str:
    """A .pts file, which counts from 1."""
    return "{\n" + "\n".join(f"{x + 1!r} {y + 1!r}" for x, y in points.tolist()) + "\n}"


@pytest.mark.parametrize("image", ["7.jpg", "train/7.jpg", "a.b.7.jpg", "ü/日本.jpeg", "x.y/7.png"])
@pytest.mark.parametrize("ending", ["_lnd.npy", ".npy", ".pts"])
def test_a_folder_holds_one_file_per_image(image, ending, tmp_path):
    """At the same place, with the image's ending replaced."""
    file = tmp_path / (image.rpartition(".")[0] + ending)
    file.parent.mkdir(exist_ok=True)
    if ending == ".pts":
        file.write_text(pts(FACES[0]))
    else:
        np.save(file, FACES[0])
    source = open_landmarks(tmp_path, [image])

    assert isinstance(source, LandmarkFolder)
    np.testing.assert_allclose(source.read(image).points, FACES[0], atol=1e-9)
    assert source.path(image) == file


def test_the_first_ending_wins(tmp_path):
    """``_lnd.npy``, then ``.npy``, then ``.pts``."""
    (tmp_path / "7.pts").write_text(pts(FACES[2]))
    for number, ending in ((2, ".pts"), (1, ".npy"), (0, "_lnd.npy")):
        if ending != ".pts":
            np.save(tmp_path / f"7{ending}", FACES[number])
        points = LandmarkFolder(tmp_path).read("7.jpg").points
        np.testing.assert_allclose(points, FACES[number], atol=1e-9)


def test_a_missing_file_is_named_with_all_endings(tmp_path):
    """The user reads which files would have been taken."""
    with pytest.raises(DataError) as caught:
        LandmarkFolder(tmp_path).read("train/7.jpg")

    for text in ("'train/7.jpg'", "7_lnd.npy", "7.npy", "7.pts", str(tmp_path / "train")):
        assert text in str(caught.value)


def test_a_broken_file_is_not_passed_over(tmp_path):
    """A second file of another ending does not stand in for a broken first one."""
    (tmp_path / "7_lnd.npy").write_bytes(b"")
    np.save(tmp_path / "7.npy", FACES[0])

    with pytest.raises(DataError, match=r"7_lnd\.npy"):
        LandmarkFolder(tmp_path).read("7.jpg")


def test_a_folders_stamp_changes_with_the_file(tmp_path):
    """Size or time; none where there is no file."""
    source, file = LandmarkFolder(tmp_path), tmp_path / "7.npy"
    assert source.stamp("7.jpg") == []

    np.save(file, FACES[0])
    os.utime(file, ns=(5, 5))
    first = source.stamp("7.jpg")
    os.utime(file, ns=(6, 6))

    assert first == [file.stat().st_size, 5]
    assert source.stamp("7.jpg") == [first[0], 6]


def test_names_match_in_any_order(tmp_path):
    """Rows belong to names, not to places."""
    path = stack(tmp_path / "s.npz", 3, ["b.jpg", "a.jpg", "c.jpg"])

    assert rows(path, ["a.jpg", "b.jpg", "c.jpg"]) == [1, 0, 2]


@pytest.mark.parametrize(
    ("files", "images", "expected"),
    [
        (["set/train/1.jpg"], ["train/1.jpg"], [0]),
        (["set/train/1.jpg"], ["1.jpg"], [0]),
        (["1.jpg"], ["train/1.jpg"], [0]),
        (["./a/1.jpg"], ["a/1.jpg"], [0]),
        (["train/1.jpg", "val/1.jpg"], ["val/1.jpg", "train/1.jpg"], [1, 0]),
        (["x/train/1.jpg", "x/val/1.jpg"], ["val/1.jpg"], [1]),
    ],
)
def test_one_path_may_be_the_end_of_the_other(files, images, expected, tmp_path):
    """The stack was made above or below the image folder."""
    assert rows(stack(tmp_path / "s.npz", len(files), files), images) == expected


@pytest.mark.parametrize(
    ("files", "images", "expected"),
    [
        (["train/1.jpg"], ["val/1.jpg"], [None]),
        (["train/1.jpg", "val/1.jpg"], ["1.jpg"], [None]),
        (["1.jpg"], ["train/1.jpg", "val/1.jpg"], [None, None]),
        (["1.jpg", "1.jpg"], ["1.jpg"], [None]),
        (["11.jpg"], ["1.jpg"], [None]),
        (["1.png"], ["1.jpg"], [None]),
        (["1.jpg"], ["2.jpg"], [None]),
    ],
    ids=["other folder", "two rows", "two images", "twice", "end of a name", "ending", "missing"],
)
def test_what_is_not_certain_is_not_matched(files, images, expected, tmp_path):
    """No landmarks are better than another face's."""
    assert rows(stack(tmp_path / "s.npz", len(files), files), images) == expected


@pytest.mark.parametrize(
    ("files", "images", "expected"),
    [
        (["1.jpg", "sub/1.jpg"], ["1.jpg", "sub/1.jpg"], [0, 1]),
        (["sub/1.jpg", "1.jpg"], ["1.jpg", "sub/1.jpg"], [1, 0]),
        (["1.jpg"], ["sub/1.jpg", "1.jpg"], [None, 0]),
    ],
)
def test_equal_paths_go_before_ends_of_paths(files, images, expected, tmp_path):
    """The same name in a folder and in one below it is no doubt."""
    assert rows(stack(tmp_path / "s.npz", len(files), files), images) == expected


def test_a_stack_without_names_follows_the_images(tmp_path):
    """Row i is image i."""
    np.save(tmp_path / "s.npy", np.stack(FACES[:3]))

    assert rows(tmp_path / "s.npy", ["9.jpg", "10.jpg", "11.jpg"]) == [0, 1, 2]


@pytest.mark.parametrize("count", [0, 2, 4])
def test_without_names_the_numbers_must_agree(count, tmp_path):
    """One face more or less would shift all others."""
    images = [f"{number}.jpg" for number in range(count)]

    with pytest.raises(DataError, match=rf"s\.npz' has 3 rows for {count} images"):
        open_landmarks(stack(tmp_path / "s.npz", 3), images)


def test_a_row_that_cannot_be_used_names_the_image():
    """The reason comes from the landmarks."""
    source = LandmarkRows(np.full((1, 68, 2), np.nan, np.float32), {"a/7.jpg": 0})

    with pytest.raises(DataError, match=r"'a/7\.jpg': 68 of 68 landmarks are NaN"):
        source.read("a/7.jpg")


def test_an_image_without_a_row_is_named():
    """For its landmarks as for its stamp."""
    source = LandmarkRows(np.stack(FACES).astype(np.float32), {})

    for ask in (source.read, source.stamp):
        with pytest.raises(DataError, match=r"'7\.jpg' has no row"):
            ask("7.jpg")


def test_a_rows_stamp_changes_with_that_row_only():
    """Another face's correction does not make this one stale."""
    points = np.stack(FACES).astype(np.float32)
    changed = points.copy()
    changed[1, 30, 0] += 1
    names = {"a": 0, "b": 1}

    before, after = LandmarkRows(points, names), LandmarkRows(changed, names)

    assert before.stamp("a") == after.stamp("a")
    assert before.stamp("b") != after.stamp("b")


def test_landmarks_that_do_not_exist_are_named(tmp_path):
    """A wrong path on the command line."""
    with pytest.raises(DataError, match=r"none\.npz' do not exist"):
        open_landmarks(tmp_path / "none.npz", ["1.jpg"])
