"""The headset moves, turns and grows with the face."""

from __future__ import annotations

from math import pi

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from occbench.geometry.landmarks import Landmarks68
from occbench.occluders.headset import Headset
from tests.faces import mirrored, quarter_turned, random_faces, renumbered, turned

SIZE = 120
_SHIFT = st.tuples(st.floats(-500, 500), st.floats(-500, 500))
_CENTRES = st.sampled_from(["eyes", "temples"])


def corners(points: np.ndarray, centre: str = "eyes") -> np.ndarray:
    """The rectangle's corners on a face."""
    return Headset(centre=centre).rect(Landmarks68(points)).corners()


def mask(points: np.ndarray) -> np.ndarray:
    """The covered pixels of a square image."""
    region = Headset().region(Landmarks68(points), size=(SIZE, SIZE), seed=0)
    return region.mask((SIZE, SIZE))


def small_faces():
    """Faces that reach into and over the border of a small image."""
    return random_faces(width=(40, 90), roll=pi, centre=(60, 60), spread=40)


@given(points=random_faces(roll=pi), shift=_SHIFT, centre=_CENTRES)
def test_shifting_the_face_shifts_the_corners(points, shift, centre):
    """Every corner moves by the same amount."""
    np.testing.assert_allclose(
        corners(points + shift, centre), corners(points, centre) + shift, atol=1e-8
    )


@given(points=random_faces(roll=pi), factor=st.floats(0.1, 20), centre=_CENTRES)
def test_scaling_the_face_scales_the_corners(points, factor, centre):
    """About the image's origin, as resizing an image does."""
    np.testing.assert_allclose(
        corners(points * factor, centre), corners(points, centre) * factor, atol=1e-8
    )


@given(points=random_faces(roll=pi), angle=st.floats(-7, 7), about=_SHIFT, centre=_CENTRES)
def test_turning_the_face_turns_the_corners(points, angle, about, centre):
    """About any point and by any angle; the first corner stays the face's upper left one."""
    np.testing.assert_allclose(
        corners(turned(points, angle, about), centre),
        turned(corners(points, centre), angle, about),
        atol=1e-8,
    )


@given(points=random_faces(roll=pi), centre=_CENTRES)
def test_flipping_the_face_flips_the_rectangle(points, centre):
    """A flipped and renumbered face has the flipped corners, right and left exchanged."""
    flipped = corners(renumbered(mirrored(points, SIZE)), centre)

    np.testing.assert_allclose(
        flipped, mirrored(corners(points, centre), SIZE)[[1, 0, 3, 2]], atol=1e-8
    )


@given(points=small_faces(), dx=st.integers(-60, 60), dy=st.integers(-60, 60))
def test_whole_shifts_move_the_mask_exactly(points, dx, dy):
    """Pixels inside both images are covered alike, bit for bit."""
    before, after = mask(points), mask(points + np.array([dx, dy]))

    x = slice(max(0, dx), SIZE + min(0, dx))
    y = slice(max(0, dy), SIZE + min(0, dy))
    back_x, back_y = slice(x.start - dx, x.stop - dx), slice(y.start - dy, y.stop - dy)
    assert (after[y, x] == before[back_y, back_x]).all()


@given(points=small_faces(), quarters=st.integers(1, 3))
def test_quarter_turns_turn_the_mask_exactly(points, quarters):
    """The mask of the turned face is the turned mask."""
    moved = points
    for _ in range(quarters):
        moved = quarter_turned(moved, SIZE)

    assert (mask(moved) == np.rot90(mask(points), quarters)).all()


@given(points=small_faces())
def test_flips_flip_the_mask_exactly(points):
    """The mask of the flipped face is the flipped mask."""
    assert (mask(renumbered(mirrored(points, SIZE))) == mask(points)[:, ::-1]).all()


@given(points=small_faces())
def test_faces_at_whole_pixels_turn_exactly(points):
    """Pixel centres on the sides of the rectangle do not fall out by rounding."""
    whole = np.rint(points)

    assert (mask(quarter_turned(whole, SIZE)) == np.rot90(mask(whole))).all()
