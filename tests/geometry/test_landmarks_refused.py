"""What Landmarks68 refuses, and that ``usable`` refuses the same."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.errors import DataError
from occbench.geometry.landmarks import Landmarks68, usable
from tests.faces import faces, level_face, mirrored, random_faces, turned

FACE = level_face(100, (60, 50))


@pytest.mark.parametrize(
    "shape", [(), (0,), (68,), (68, 3), (67, 2), (69, 2), (2, 68), (137,), (1, 68, 2), (136, 1)]
)
def test_other_shapes_are_refused_and_named(shape):
    """The message says which shape came and which was expected."""
    with pytest.raises(DataError, match=r"shape .*expected \(68, 2\)") as caught:
        Landmarks68(np.ones(shape))

    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("point", [0, 8, 20, 36, 67])
def test_a_point_that_is_no_number_is_refused(value, point):
    """One bad point out of 68 is enough, whether the occluder uses it or not."""
    points = FACE.copy()
    points[point, 1] = value

    with pytest.raises(DataError, match="1 of 68 landmarks are NaN or infinite"):
        Landmarks68(points)


def test_infinities_of_both_signs_are_counted():
    """Opposite infinities do not cancel out."""
    points = FACE.copy()
    points[3], points[4] = np.inf, -np.inf

    with pytest.raises(DataError, match="2 of 68 landmarks"):
        Landmarks68(points)


@pytest.mark.parametrize("word", ["one", "", "1,5", "0x1f", "1 2"])
def test_text_that_is_no_number_is_refused(word):
    """Text is read as a number or not at all."""
    text = np.array([f"{value:.2f}" for value in FACE.ravel()], dtype="<U8")
    text[5] = word

    with pytest.raises(DataError, match="no number"):
        Landmarks68(text)


def test_the_words_nan_and_inf_count_as_missing():
    """Text that reads as NaN is treated like NaN."""
    text = np.array([f"{value:.2f}" for value in FACE.ravel()], dtype="S8")
    text[5], text[9] = b"nan", b"-inf"

    with pytest.raises(DataError, match="2 of 68"):
        Landmarks68(text)


@pytest.mark.parametrize("dtype", [object, complex, "datetime64[s]", "V8"])
def test_other_dtypes_are_refused_and_named(dtype):
    """Objects, complex numbers, dates and raw bytes are no coordinates."""
    with pytest.raises(DataError, match=re.escape(f"dtype {np.dtype(dtype)}; expected")):
        Landmarks68(np.zeros((68, 2), dtype=dtype))


def test_coordinates_as_fractions_of_the_image_are_refused():
    """Points in 0..1 have temples less than a pixel apart, and the message asks about it."""
    with pytest.raises(DataError, match=r"points 0 and 16.*in pixels\?"):
        Landmarks68(FACE / 224)


@pytest.mark.parametrize(("width", "taken"), [(0.0, 0), (0.999999, 0), (1.0, 1), (1.000001, 1)])
def test_temples_must_be_a_whole_pixel_apart(width, taken):
    """Exactly one pixel is enough."""
    points = FACE.copy()
    points[0], points[16] = (60, 50), (60 + width, 50)

    assert usable(points[None]).tolist() == [bool(taken)]
    if taken:
        assert Landmarks68(points).face_width == pytest.approx(width, abs=1e-9)
    else:
        with pytest.raises(DataError, match="temples"):
            Landmarks68(points)


def test_eye_corners_in_one_place_are_refused():
    """Without an eye axis there is no angle."""
    points = FACE.copy()
    points[45] = points[36]

    with pytest.raises(DataError, match=r"points 36 and 45.* one place"):
        Landmarks68(points)


@pytest.mark.parametrize("degrees", range(0, 360, 30))
def test_mirrored_points_are_refused_at_every_angle(degrees):
    """A flipped face whose points were not renumbered is caught, upside down as well."""
    points = turned(mirrored(FACE, 120), np.deg2rad(degrees), about=(60, 50))

    with pytest.raises(DataError, match=r"swapped.*renumbered"):
        Landmarks68(points)


def test_a_chin_on_the_eye_axis_is_refused():
    """Up and down cannot be told apart there."""
    points = FACE.copy()
    points[36], points[45], points[8] = (20, 50), (100, 50), (70, 50)

    with pytest.raises(DataError, match="chin"):
        Landmarks68(points)


def test_a_face_turned_upside_down_is_a_face():
    """A head hanging down is no mirror image."""
    assert Landmarks68(turned(FACE, np.pi, about=(60, 50))).face_width == pytest.approx(100)


def _accepted(points: np.ndarray) -> bool:
    try:
        Landmarks68(points)
    except DataError:
        return False
    return True


_ODD = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1.0, 60.0, 1e30, -1e30, 1e-30])


@st.composite
def _spoilt(draw) -> np.ndarray:
    points = draw(random_faces()).astype(np.float32)
    points *= draw(st.sampled_from([1, 1, 1, 0.01, -1, 0]))
    if draw(st.booleans()):
        points = mirrored(points, 224)
    for point in draw(st.lists(st.sampled_from([0, 8, 16, 20, 36, 45]), max_size=3)):
        points[point] = draw(st.tuples(_ODD, _ODD))
    if draw(st.booleans()):
        points[draw(st.sampled_from([8, 16, 45]))] = points[draw(st.sampled_from([0, 36]))]
    return points


@given(rows=st.lists(_spoilt(), min_size=1, max_size=6))
def test_usable_agrees_row_by_row_with_the_constructor(rows):
    """Whatever is wrong with a row, both say the same about it."""
    stack = np.stack(rows).astype(np.float32)

    assert usable(stack).tolist() == [_accepted(row) for row in stack]


@pytest.mark.parametrize("scale", [1e154, 1e200, 1e306])
def test_enormous_coordinates_are_judged_alike_and_without_warnings(scale):
    """Products beyond float64 neither warn nor split the two judges."""
    for points in (FACE * scale, -FACE * scale, mirrored(FACE, 120) * scale):
        assert usable(points[None]).tolist() == [_accepted(points)]


def test_usable_of_a_stack_names_the_rows():
    """Good, missing, mirrored and shrunk faces in one stack."""
    good, other = faces(2, 8)
    stack = np.stack([good, np.full((68, 2), np.nan), mirrored(other, 224), other, other / 300])

    assert usable(stack).tolist() == [True, False, False, True, False]


def test_usable_of_no_faces_is_empty():
    """A stack without rows has no usable ones."""
    assert usable(np.empty((0, 68, 2), np.float32)).shape == (0,)
