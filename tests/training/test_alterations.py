"""Fixed copies of images: every pixel by hand, or within the limits that are written down."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from occbench.models.planes import planes
from occbench.models.specs import COPIES, PLANES, checked, checked_chain
from occbench.training import alterations
from occbench.training.alterations import FilledCopy, FixedCopy

FACES = [f"face {number}" for number in range(300)]
SMALL = np.arange(1, 13, dtype=np.uint8).reshape(3, 4, 1)


def copy(text: str, image: np.ndarray, face_id: str = "f0", *, seed: int = 0) -> np.ndarray:
    """The copy that a recipe's spec describes."""
    found = FixedCopy(checked_chain("copy", text, COPIES), seed)(image, face_id, 0)
    assert (found.shape, found.dtype) == (image.shape, np.uint8)
    return found


def smooth(side: int = 48, channels: int = 1) -> np.ndarray:
    """A picture without sharp edges."""
    small = np.random.default_rng(0).integers(0, 256, (6, 6, channels), dtype=np.uint8)
    found = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
    return found.reshape(side, side, channels)


def test_a_mirror_image():
    """Left and right change sides, up and down do not."""
    rows = [[4, 3, 2, 1], [8, 7, 6, 5], [12, 11, 10, 9]]
    assert copy("mirror", SMALL)[..., 0].tolist() == rows


@pytest.mark.parametrize(
    ("spec", "rows"),
    [
        ("move(right=1)", [[0, 1, 2, 3], [0, 5, 6, 7], [0, 9, 10, 11]]),
        ("move(right=-1)", [[2, 3, 4, 0], [6, 7, 8, 0], [10, 11, 12, 0]]),
        ("move(down=1)", [[0, 0, 0, 0], [1, 2, 3, 4], [5, 6, 7, 8]]),
        ("move(right=2, down=-2)", [[0, 0, 9, 10], [0, 0, 0, 0], [0, 0, 0, 0]]),
        ("move(right=4)", [[0] * 4] * 3),
        ("move(down=-900)", [[0] * 4] * 3),
        ("move", SMALL[..., 0].tolist()),
    ],
)
def test_a_move_by_whole_pixels(spec, rows):
    """What comes in is black."""
    assert copy(spec, SMALL)[..., 0].tolist() == rows


@pytest.mark.parametrize("pixels", [1, 3])
def test_a_shift_goes_left_or_right_by_the_face(pixels):
    """By a fair coin; the same face goes the same way each time, and other seeds other ways."""
    ways = {}
    for way in (-pixels, pixels):
        ways[copy(f"move(right={way})", SMALL).tobytes()] = way
    found = [ways[copy(f"shift(pixels={pixels})", SMALL, face).tobytes()] for face in FACES]
    again = [ways[copy(f"shift(pixels={pixels})", SMALL, face).tobytes()] for face in FACES]
    other = [ways[copy(f"shift(pixels={pixels})", SMALL, face, seed=1).tobytes()] for face in FACES]
    assert found == again != other
    # Six standard deviations of 300 fair coins.
    assert abs(found.count(pixels) - 150) < 52


def test_a_chain_acts_in_its_order():
    """The shift of a mirror image is the mirror image one pixel aside, by a coin of its own."""
    found = [copy("mirror+shift(pixels=1)", SMALL, face) for face in FACES]
    sides = {copy(f"move(right={way})", SMALL[:, ::-1]).tobytes(): way for way in (-1, 1)}
    chained = [sides[each.tobytes()] for each in found]
    plain = [copy("shift(pixels=1)", SMALL, face)[0, 0, 0] == 0 for face in FACES]
    assert set(chained) == {-1, 1}
    assert [way == 1 for way in chained] != plain
    back = copy("move(right=1)+mirror+move(right=1)", SMALL)
    assert back[..., 0].tolist() == [[0, 3, 2, 1], [0, 7, 6, 5], [0, 11, 10, 9]]


def test_a_quarter_turn():
    """Counter-clockwise, exactly; the other way with the other sign, and whole turns are none."""
    image = np.random.default_rng(1).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    np.testing.assert_array_equal(copy("rotate(degrees=90)", image), np.rot90(image))
    np.testing.assert_array_equal(copy("rotate(degrees=-90)", image), np.rot90(image, -1))
    np.testing.assert_array_equal(copy("rotate(degrees=180)", image), image[::-1, ::-1])
    np.testing.assert_array_equal(copy("rotate(degrees=0)", image), image)


@pytest.mark.parametrize("degrees", [10, -10, 33])
def test_any_turn_is_bilinear_about_the_centre(degrees):
    """As the plane of the same name, which is computed without OpenCV; the corners are black."""
    image = smooth()
    found = copy(f"rotate(degrees={degrees})", image)
    spec = checked("plane", f"rotate(degrees={degrees})", PLANES)
    expected = planes([spec], image[None])[0]
    assert np.abs(found - expected).mean() < 0.6
    assert found[[0, 0, -1, -1], [0, -1, 0, -1]].tolist() == [[0]] * 4


@pytest.fixture
def still(monkeypatch):
    """No amount of anything, but for the coin and the stretch over the whole scale."""
    for name in ("CROP", "ZOOM", "STRETCH", "BRIGHTNESS", "SATURATION"):
        monkeypatch.setattr(alterations, name, 0.0)
    return monkeypatch


def filled(image: np.ndarray) -> list[np.ndarray]:
    """A filling copy of the image for each face."""
    found = [FilledCopy(0)(image, face, 0) for face in FACES]
    assert {(each.shape, each.dtype.name) for each in found} == {(image.shape, "uint8")}
    return found


def ramp(channels: int = 1) -> np.ndarray:
    """Levels 0 to 255 in equal steps of 5 from left to right."""
    row = np.arange(0, 256, 5, dtype=np.uint8)
    return np.repeat(np.broadcast_to(row, (52, 52))[..., None], channels, axis=2)


def test_a_filling_copy_flips_by_a_coin(still):
    """With nothing else in it, it is the image or its mirror image."""
    image = ramp()
    found = [each.tobytes() for each in filled(image)]
    assert set(found) == {image.tobytes(), image[:, ::-1].tobytes()}
    assert abs(found.count(image.tobytes()) - 150) < 52


def test_a_filling_copy_stretches_what_has_not_the_whole_scale(still):
    """Levels 50 to 150 become 0 to 255; an image of one level stays."""
    narrow = np.full((8, 8, 1), 100, np.uint8)
    narrow[0, 0], narrow[7, 7] = 50, 150
    levels = {int(level) for each in filled(narrow) for level in np.unique(each)}
    assert levels == {0, 128, 255}
    flat = np.full((8, 8, 1), 90, np.uint8)
    assert all((each == 90).all() for each in filled(flat))


def test_a_filling_copy_shows_a_window(still):
    """Half the side at least: the slope of the ramp becomes 0.5 to 1 of it, at many places."""
    still.setattr(alterations, "CROP", 0.5)
    still.setattr(alterations, "_stretched", lambda *_: np.arange(256.0))
    slopes, begins = [], []
    for each in filled(ramp()):
        row = each[20, :, 0].astype(float)
        row = row if row[-1] > row[0] else row[::-1]
        slopes.append((row[40] - row[10]) / 30 / 5)
        begins.append(row[1])
    assert 0.48 < min(slopes) < 0.55
    assert 0.95 < max(slopes) < 1.02
    assert min(begins) < 10
    assert max(begins) > 90


def test_a_filling_copy_zooms_about_the_centre(still):
    """In and out by a fifth; out of the image it is black."""
    still.setattr(alterations, "ZOOM", 0.2)
    still.setattr(alterations, "_stretched", lambda *_: np.arange(256.0))
    found = filled(ramp() // 2 + 100)
    assert all(abs(int(each[26, 25:27].mean()) - 164) <= 2 for each in found)
    black = [int((each[26] == 0).sum()) for each in found]
    # 52 pixels of a view of 1.2 images show 43.3 pixels of image.
    assert (min(black), max(black)) == (0, 8)


def test_a_filling_copy_lights_within_its_limits(still):
    """Up to 51 levels up or down where the fraction is 0.2, cut off at the ends of the scale."""
    still.setattr(alterations, "BRIGHTNESS", 0.2)
    flat = np.full((8, 8, 1), 100, np.uint8)
    levels = [int(each[0, 0, 0]) for each in filled(flat)]
    assert 49 <= min(levels) < 55
    assert 145 < max(levels) <= 151
    for each in filled(ramp()):
        steps = np.diff(each[0, :, 0].astype(int))
        assert (steps >= 0).all() or (steps <= 0).all()


def test_a_filling_copy_moves_colours_about_their_luma(still):
    """Red 200, green 100, blue 0 has luma 118.5; the distances scale by one factor from 0.5 to 1.5.

    Grey stays grey.
    """
    still.setattr(alterations, "SATURATION", 0.5)
    still.setattr(alterations, "_stretched", lambda *_: np.arange(256.0))
    colour = np.full((4, 4, 3), (200, 100, 0), np.uint8)
    factors = []
    for each in filled(colour):
        red, green, _ = (float(level) for level in each[0, 0])
        factors.append((red - 118.5) / 81.5)
        assert green == pytest.approx(118.5 - 18.5 * factors[-1], abs=1)
    assert 0.48 < min(factors) < 0.6
    assert 1.4 < max(factors) < 1.52
    for each in filled(ramp(3)):
        assert (each.max(axis=2) - each.min(axis=2)).max() <= 1


def test_filling_copies_are_drawn_by_seed_face_and_number():
    """The same three give the same bytes; another of any gives others."""
    image = smooth(channels=3)

    def made(seed: int, face: str, number: int) -> bytes:
        return FilledCopy(seed)(image, face, number).tobytes()

    kinds = [made(0, "a", 0), made(1, "a", 0), made(0, "b", 0), made(0, "a", 1), image.tobytes()]
    assert len(set(kinds)) == 5
    assert made(0, "a", 0) == kinds[0]


def test_the_image_itself_stays_as_it_is():
    """A copy is another array."""
    image = smooth()
    before = image.copy()
    copy("mirror+rotate(degrees=5)", image)
    FilledCopy(0)(image, "f", 0)
    np.testing.assert_array_equal(image, before)
