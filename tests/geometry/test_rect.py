"""A rectangle turned about its centre."""

from __future__ import annotations

from math import cos, hypot, pi, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.geometry.rect import RotatedRect

_NUMBER = st.floats(-1000, 1000)
_SIDE = st.floats(0.5, 500)
_RECTS = st.builds(RotatedRect, _NUMBER, _NUMBER, _SIDE, _SIDE, st.floats(-7, 7))


def test_corners_of_a_level_rectangle_start_upper_left_and_run_clockwise():
    """With y down, clockwise is left-top, right-top, right-bottom, left-bottom."""
    corners = RotatedRect(10, 20, 8, 4, 0).corners()

    assert corners.tolist() == [[6, 18], [14, 18], [14, 22], [6, 22]]


def test_a_quarter_turn_is_clockwise_on_screen():
    """The upper left corner goes to the upper right."""
    corners = RotatedRect(10, 20, 8, 4, pi / 2).corners()

    np.testing.assert_allclose(corners, [[12, 16], [12, 24], [8, 24], [8, 16]], atol=1e-12)


@given(rect=_RECTS)
def test_corners_lie_half_a_diagonal_from_the_centre(rect):
    """Their mean is the centre, and their distances are Pythagoras'."""
    corners = rect.corners()

    np.testing.assert_allclose(corners.mean(axis=0), (rect.cx, rect.cy), atol=1e-9)
    for x, y in corners.tolist():
        distance = hypot(x - rect.cx, y - rect.cy)
        assert distance == pytest.approx(hypot(rect.width, rect.height) / 2)


@given(rect=_RECTS)
def test_sides_have_the_given_lengths_and_direction(rect):
    """The first side runs along (cos, sin), the second a right angle further."""
    first, second, third, _ = rect.corners()

    along = [rect.width * cos(rect.angle), rect.width * sin(rect.angle)]
    down = [-rect.height * sin(rect.angle), rect.height * cos(rect.angle)]
    np.testing.assert_allclose(second - first, along, atol=1e-9)
    np.testing.assert_allclose(third - second, down, atol=1e-9)
