"""Where a region meets the image's border, a pixel's centre or the limits of numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.geometry.polygon import Region
from tests.faces import turned

UNIT = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def box(left: float, top: float, right: float, bottom: float) -> Region:
    """An upright rectangle."""
    return Region((UNIT * (right - left, bottom - top) + (left, top),))


@given(
    x=st.tuples(st.integers(-30, 30), st.integers(-30, 30)).filter(lambda x: x[0] != x[1]),
    y=st.tuples(st.integers(-30, 30), st.integers(-30, 30)).filter(lambda y: y[0] != y[1]),
    offset=st.sampled_from([0, 0.25, 0.5, 0.75]),
)
def test_an_upright_box_covers_a_counted_number_of_pixels(x, y, offset):
    """The columns and rows whose centres lie between the sides are counted apart."""
    (left, right), (top, bottom) = sorted(x), sorted(y)
    left, right, top, bottom = left + offset, right + 0.5, top + offset, bottom + 0.25
    size = 20, 13
    columns = [c for c in range(size[0]) if left <= c <= right]
    rows = [r for r in range(size[1]) if top <= r <= bottom]

    region = box(left, top, right, bottom)

    assert int(region.mask(size).sum()) == len(columns) * len(rows)
    assert region.covered(size) == pytest.approx(len(columns) * len(rows) / 260)


@pytest.mark.parametrize(
    ("corners", "size", "rows"),
    [
        ((-5, -5, 1, 1), (4, 3), ["##..", "##..", "...."]),
        ((2, 1, 99, 99), (4, 3), ["....", "..##", "..##"]),
        ((-5, 1, 99, 1.9), (4, 3), ["....", "####", "...."]),
        ((1.1, -9, 1.9, 9), (4, 3), ["....", "....", "...."]),
        ((-9, -9, 9, 9), (4, 3), ["####", "####", "####"]),
        ((-0.5, -0.5, 3.5, 2.5), (4, 3), ["####", "####", "####"]),
        ((3.01, 0, 9, 9), (4, 3), ["....", "....", "...."]),
        ((3, 2, 9, 9), (4, 3), ["....", "....", "...#"]),
    ],
)
def test_a_region_is_clipped_at_the_border(corners, size, rows):
    """Drawn by hand: what hangs over the border is cut off."""
    mask = box(*corners).mask(size)

    assert ["".join(".#"[pixel] for pixel in row) for row in mask.tolist()] == rows


@pytest.mark.parametrize(
    "shift", [(100, 0), (-100, 0), (0, 100), (0, -100), (80, 80), (-1e6, 3), (1e12, -1e12)]
)
def test_a_region_outside_the_image_covers_nothing(shift):
    """On every side, near or far."""
    region = Region((turned(UNIT * 20, 0.3) + shift,))

    assert region.covered((50, 50)) == 0
    assert region.spans((50, 50)) == ()


@pytest.mark.parametrize("angle", [0.0, 0.3, 2.0])
@pytest.mark.parametrize(("shift", "covered"), [(50, 0.0), (-50, 0.0), (-0.5, 1.0)])
def test_regions_beyond_64_bits_are_clipped_without_a_warning(angle, shift, covered):
    """Coordinates that no integer holds neither wrap round nor warn."""
    corners = turned((UNIT + np.array([shift, -0.5])) * 1e20, angle)

    assert Region((corners,)).covered((9, 9)) == covered


def test_a_span_holds_the_first_column_and_the_one_after_the_last():
    """Spans are half open, like slices."""
    assert box(1, 2, 3, 3).spans((10, 10)) == ((2, 1, 4), (3, 1, 4))


@pytest.mark.parametrize("quarter", range(-4, 5))
def test_quarter_turns_through_sines_keep_pixels_on_the_border(quarter):
    """A corner off by rounding still holds the pixel centres that lie on the side."""
    corners = turned(UNIT * 8 - 4, quarter * np.pi / 2) + 10

    assert int(Region((corners,)).mask((21, 21)).sum()) == 81


@given(angle=st.floats(-4, 4), side=st.floats(2, 60), shift=st.tuples(*[st.floats(-20, 60)] * 2))
def test_each_row_is_one_span_in_order(angle, side, shift):
    """A convex region has at most one run per row, from top to bottom, inside the image."""
    size = 40, 30
    spans = Region((turned(UNIT * side, angle) + shift,)).spans(size)

    rows = [y for y, _, _ in spans]
    assert rows == sorted(set(rows))
    assert all(0 <= y < size[1] and 0 <= start < stop <= size[0] for y, start, stop in spans)


def test_a_one_pixel_image_is_covered_or_not():
    """The smallest image."""
    assert box(-1, -1, 1, 1).covered((1, 1)) == 1
    assert box(0.1, 0.1, 1, 1).covered((1, 1)) == 0
