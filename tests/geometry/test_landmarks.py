"""What Landmarks68 takes and measures."""

from __future__ import annotations

from math import atan2, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.geometry.landmarks import Landmarks68
from tests.faces import FRONTAL, faces, level_face, mirrored, random_faces, renumbered, turned

WHOLE = np.rint(level_face(100, (60, 50))).astype(np.int64)
NUMERIC = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g", ">i2", ">f8")


@pytest.mark.parametrize("dtype", NUMERIC)
@pytest.mark.parametrize("shape", [(68, 2), (136,)])
def test_every_numeric_dtype_and_both_shapes_give_the_same_points(dtype, shape):
    """Whole numbers that every dtype can hold come out as the same float64 pairs."""
    landmarks = Landmarks68(WHOLE.clip(0, 127).astype(dtype).reshape(shape))

    expected = [[float(x), float(y)] for x, y in WHOLE.clip(0, 127).tolist()]
    assert landmarks.points.tolist() == expected
    assert landmarks.points.dtype == np.float64


@pytest.mark.parametrize("dtype", ["<U8", ">U8", "S8"])
def test_numbers_written_as_text_are_read(dtype):
    """AffectNet's files hold text, which reads as Python would read each number."""
    text = [f"{value:.2f}" for value in next(faces(1, 3)).ravel()]

    landmarks = Landmarks68(np.array(text, dtype=dtype))

    assert landmarks.points.ravel().tolist() == [float(value) for value in text]


def test_flat_points_alternate_x_and_y():
    """The flat form is x0, y0, x1, y1 and so on."""
    flat = [coordinate for pair in WHOLE.tolist() for coordinate in pair]

    assert Landmarks68(np.array(flat)).points[8].tolist() == WHOLE[8].tolist()


def test_fortran_order_keeps_pairs_together():
    """The order in memory does not mix up x and y."""
    points = next(faces(1, 4))

    assert (Landmarks68(np.asfortranarray(points)).points == points).all()


def test_points_are_a_read_only_copy():
    """Neither the caller's array nor the landmarks can change the other."""
    points = next(faces(1, 5))
    landmarks = Landmarks68(points)
    before = landmarks.points.tolist()

    points[:] = 0

    assert landmarks.points.tolist() == before
    with pytest.raises(ValueError, match="read-only"):
        landmarks.points[0, 0] = 1


def test_measures_of_a_face_computed_by_hand():
    """A 3-4-5 triangle between the temples and a 45 degree eye axis."""
    points = WHOLE.astype(float)
    points[0], points[16] = (10, 20), (40, 60)
    points[36], points[45] = (20, 30), (30, 40)
    points[8] = (5, 90)

    landmarks = Landmarks68(points)

    assert landmarks.face_width == 50
    assert landmarks.eye_centre == (25, 35)
    assert landmarks.roll == pytest.approx(pi / 4, abs=1e-15)


@pytest.mark.parametrize("degrees", range(-180, 181, 15))
def test_roll_of_a_turned_face_is_the_turn(degrees):
    """A level face turned clockwise by an angle has that roll, all the way round."""
    roll = Landmarks68(turned(FRONTAL * 50, np.deg2rad(degrees))).roll

    assert np.cos(roll) == pytest.approx(np.cos(np.deg2rad(degrees)), abs=1e-12)
    assert np.sin(roll) == pytest.approx(np.sin(np.deg2rad(degrees)), abs=1e-12)


def test_a_left_eye_higher_on_screen_is_positive_roll():
    """With y pointing down, clockwise on screen is positive."""
    points = level_face(100, (60, 50))
    points[36, 1] -= 10

    assert Landmarks68(points).roll > 0


@given(points=random_faces())
def test_measures_agree_with_the_written_out_formulas(points):
    """Width, centre and roll of random faces follow from four coordinates each."""
    landmarks = Landmarks68(points)
    (x0, y0), (x16, y16) = points[0], points[16]
    (x36, y36), (x45, y45) = points[36], points[45]

    assert landmarks.face_width == pytest.approx(sqrt((x16 - x0) ** 2 + (y16 - y0) ** 2))
    assert landmarks.eye_centre == pytest.approx(((x36 + x45) / 2, (y36 + y45) / 2))
    assert landmarks.roll == pytest.approx(atan2(y45 - y36, x45 - x36))


@given(points=random_faces(), shift=st.tuples(st.integers(-900, 900), st.integers(-900, 900)))
def test_points_outside_the_image_are_as_good_as_others(points, shift):
    """Faces are measured the same wherever they lie, negative coordinates included."""
    here, there = Landmarks68(points), Landmarks68(points + shift)

    assert there.face_width == pytest.approx(here.face_width)
    assert there.roll == pytest.approx(here.roll)


@given(points=random_faces())
def test_a_flipped_face_is_taken_once_it_is_renumbered(points):
    """Mirroring image and numbers keeps the width and turns the roll round."""
    flipped = Landmarks68(renumbered(mirrored(points, 224)))

    assert flipped.face_width == pytest.approx(Landmarks68(points).face_width)
    assert flipped.roll == pytest.approx(-Landmarks68(points).roll)
