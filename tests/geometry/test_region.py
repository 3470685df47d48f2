"""Unions of convex polygons, and what is no polygon."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.geometry.polygon import EMPTY, Region

SQUARE = np.array([[1, 1], [4, 1], [4, 4], [1, 4]])


def inside(polygon: list[tuple[int, int]], x: int, y: int) -> bool:
    """Whether a point is on one side of all edges: exact, because all numbers are whole."""
    turns = [
        (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True)
    ]
    return min(turns) >= 0 or max(turns) <= 0


@st.composite
def convex(draw, low: int = -6, high: int = 26) -> list[tuple[int, int]]:
    """Corners of a convex polygon at whole coordinates, as the hull of random points."""
    point = st.tuples(st.integers(low, high), st.integers(low, high))
    points = sorted(draw(st.sets(point, min_size=3, max_size=9)))
    lower, upper = [], []
    for chain, ordered in ((lower, points), (upper, points[::-1])):
        for x, y in ordered:
            while len(chain) > 1 and (
                (chain[-1][0] - chain[-2][0]) * (y - chain[-2][1])
                <= (chain[-1][1] - chain[-2][1]) * (x - chain[-2][0])
            ):
                chain.pop()
            chain.append((x, y))
    corners = lower[:-1] + upper[:-1]
    if len(corners) < 3:
        corners = [(low, low), (high, low), (low, high)]
    return corners[::-1] if draw(st.booleans()) else corners


@given(polygon=convex())
def test_a_pixel_is_covered_iff_its_centre_lies_in_the_polygon(polygon):
    """Borders included, checked pixel by pixel in whole numbers."""
    width, height = 21, 17

    mask = Region((np.array(polygon),)).mask((width, height))

    expected = [[inside(polygon, x, y) for x in range(width)] for y in range(height)]
    assert mask.tolist() == expected


@given(polygons=st.lists(convex(), min_size=2, max_size=4))
def test_a_union_covers_what_any_polygon_covers_and_counts_it_once(polygons):
    """The fraction of the union is that of the pixels in at least one polygon."""
    size = 19, 15
    covered = {
        (x, y)
        for x, y in product(range(size[0]), range(size[1]))
        if any(inside(polygon, x, y) for polygon in polygons)
    }

    region = Region(tuple(np.array(polygon) for polygon in polygons))

    assert {(x, y) for y, x in np.argwhere(region.mask(size)).tolist()} == covered
    assert region.covered(size) == float(Fraction(len(covered), size[0] * size[1]))


@given(polygon=convex(), start=st.integers(0, 8))
def test_direction_and_first_corner_do_not_matter(polygon, start):
    """The same corners in any order round the polygon are the same region."""
    start %= len(polygon)
    other = (polygon[start:] + polygon[:start])[::-1]

    one, same = Region((np.array(polygon),)), Region((np.array(other),))

    assert (one.mask((20, 20)) == same.mask((20, 20))).all()


def test_a_polygon_given_twice_counts_once():
    """Sixteen pixels of a hundred."""
    assert Region((SQUARE, SQUARE)).covered((10, 10)) == 0.16


def test_polygons_that_overlap_count_the_overlap_once():
    """Two squares of sixteen share four pixels."""
    assert Region((SQUARE, SQUARE + 2)).covered((10, 10)) == 0.28


def test_the_same_region_answers_for_images_of_several_sizes():
    """What is kept for one size is not given for another."""
    region = Region((SQUARE,))

    counts = [region.mask(size).sum() for size in ((10, 10), (3, 10), (10, 2), (10, 10))]

    assert counts == [16, 8, 4, 16]


def test_the_empty_region_covers_nothing():
    """No polygon is a region, too."""
    assert not EMPTY.mask((4, 3)).any()
    assert EMPTY.mask((4, 3)).shape == (3, 4)
    assert EMPTY.covered((4, 3)) == 0
    assert Region(()).spans((4, 3)) == ()


def test_corners_on_one_line_or_given_twice_are_no_harm():
    """A square with extra corners on its sides is that square."""
    extra = np.array([[1, 1], [2, 1], [4, 1], [4, 1], [4, 4], [1, 4], [1, 3]])

    assert (Region((extra,)).mask((6, 6)) == Region((SQUARE,)).mask((6, 6))).all()


def test_polygons_are_kept_read_only_and_apart_from_the_input():
    """Changing the caller's array later does not move the region."""
    corners = SQUARE.astype(float)
    region = Region((corners,))
    corners += 100

    assert region.covered((10, 10)) == 0.16
    with pytest.raises(ValueError, match="read-only"):
        region.polygons[0][0, 0] = 5


@pytest.mark.parametrize(
    "polygon",
    [
        [[0, 0], [9, 9], [9, 0], [0, 9]],
        [[0, 0], [9, 0], [3, 3], [0, 9]],
        [[0, 0], [9, 0], [3, 3], [3, 3], [0, 9]],
        [[0, 0], [9, 0], [5, 5], [9, 9], [0, 9]],
        [[5, 0], [8, 9], [0, 3], [10, 3], [2, 9]],
        [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0], [9, 0], [9, 9], [0, 9]],
        [[0, 0], [12, 0], [9, 0], [9, 9], [0, 9]],
    ],
    ids=["bow tie", "dart", "dart, corner twice", "notch", "star", "twice around", "spike"],
)
@pytest.mark.parametrize("step", [1, -1])
def test_polygons_that_are_not_convex_are_refused(polygon, step):
    """Stars and double loops turn one way only and are not convex all the same."""
    with pytest.raises(ValueError, match="convex"):
        Region((np.array(polygon)[::step],))


@pytest.mark.parametrize(
    "polygon",
    [[[2, 2]] * 3, [[0, 0], [5, 5], [9, 9]], [[0, 0], [5, 0], [0, 0], [5, 0]]],
    ids=["a point", "a line", "there and back"],
)
def test_polygons_without_area_are_refused(polygon):
    """A point or a line covers no area."""
    with pytest.raises(ValueError, match="area"):
        Region((np.array(polygon),))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_polygons_that_are_not_finite_are_refused(value):
    """One bad coordinate is enough."""
    corners = SQUARE.astype(float)
    corners[2, 0] = value

    with pytest.raises(ValueError, match="finite"):
        Region((corners,))


@pytest.mark.parametrize("shape", [(0, 2), (2, 2), (4, 3), (8,), (1, 4, 2)])
def test_arrays_of_another_shape_are_refused_and_named(shape):
    """The message shows the shape that came."""
    with pytest.raises(ValueError, match="shape") as caught:
        Region((np.ones(shape),))

    assert str(shape) in str(caught.value)


def test_one_bad_polygon_spoils_the_union():
    """The good ones do not cover for it."""
    with pytest.raises(ValueError, match="area"):
        Region((SQUARE, np.zeros((3, 2))))
