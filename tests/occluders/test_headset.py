"""The headset's rectangle against the formulas of the study, each typed once more."""

from __future__ import annotations

from math import atan2, cos, degrees, hypot, pi, sin

import cv2
import numpy as np
import pytest
from hypothesis import given

from occbench.geometry.landmarks import Landmarks68
from occbench.geometry.polygon import Region
from occbench.geometry.rect import RotatedRect
from occbench.occluders.headset import Headset
from tests.faces import faces, level_face, random_faces
from tests.occluders.closed_form import clipped_area, distances, overlap

SIZE = 224, 224
ASPECT = 105 / 224


def mask_of(points: np.ndarray, headset: Headset | None = None, size=SIZE) -> np.ndarray:
    """The mask as the package makes it."""
    region = (headset or Headset()).region(Landmarks68(points), size=size, seed=0)
    return region.mask(size)


def test_a_thousand_faces_agree_with_the_closed_form_in_every_pixel():
    """|(p - m).u| <= w/2 and |(p - m).v| <= h/2, except within rounding of a side."""
    for points in faces(1000, 101, width=(20, 260), roll=pi, spread=120):
        beyond = distances(points, SIZE, ASPECT)
        certain = np.abs(beyond) > 1e-6

        mask = mask_of(points)

        assert (mask[certain] == (beyond <= 0)[certain]).all()


def test_the_device_of_the_study_is_105_over_224_high():
    """The height is less than half the width; the report prints the fraction upside down."""
    rect = Headset().rect(Landmarks68(level_face(128, (100, 80))))

    assert rect.width == pytest.approx(128)
    assert rect.height == pytest.approx(60)
    assert rect.height / rect.width == pytest.approx(0.46875)


@given(points=random_faces(roll=pi))
def test_corners_agree_with_the_report(points):
    """r_a = m - (w/2) u - (h/2) v, then along u and v."""
    w = hypot(points[0, 0] - points[16, 0], points[0, 1] - points[16, 1])
    h = 0.46875 * w
    m = (points[36] + points[45]) / 2
    alpha = atan2(points[45, 1] - points[36, 1], points[45, 0] - points[36, 0])
    u, v = np.array([cos(alpha), sin(alpha)]), np.array([-sin(alpha), cos(alpha)])
    first = m - (w / 2) * u - (h / 2) * v

    corners = Headset().rect(Landmarks68(points)).corners()

    expected = [first, first + w * u, first + w * u + h * v, first + h * v]
    np.testing.assert_allclose(corners, expected, atol=1e-9)


@given(points=random_faces(roll=pi))
def test_the_rectangle_agrees_with_the_notebook(points):
    """The notebook's centre l36 + (l45 - l36) / 2, its h = w / (224 / 105), its degrees."""
    across = points[16] - points[0]
    axis = points[45] - points[36]
    w = np.sqrt(across[0] ** 2 + across[1] ** 2)

    rect = Headset().rect(Landmarks68(points))

    np.testing.assert_allclose((rect.cx, rect.cy), points[36] + axis / 2, atol=1e-9)
    assert rect.width == pytest.approx(w)
    assert rect.height == pytest.approx(w / (224 / 105))
    assert degrees(rect.angle) == pytest.approx(np.rad2deg(np.arctan2(axis[1], axis[0])))


@given(points=random_faces())
def test_half_a_turn_gives_the_same_region(points):
    """The report's angle with the operands swapped differs by pi and covers the same."""
    rect = Headset().rect(Landmarks68(points))
    turned = RotatedRect(rect.cx, rect.cy, rect.width, rect.height, rect.angle + pi)

    assert (Region((turned.corners(),)).mask(SIZE) == mask_of(points)).all()


def test_a_level_face_covers_a_box_that_can_be_counted():
    """W = 64 and h = 30 about (40, 30): columns 8..72 and rows 15..45."""
    mask = mask_of(level_face(64, (40, 30)), size=(90, 70))

    expected = np.zeros((70, 90), bool)
    expected[15:46, 8:73] = True
    assert (mask == expected).all()


@pytest.mark.parametrize(
    ("centre", "columns", "rows"),
    [((0, 0), 33, 16), ((89, 69), 33, 16), ((-32, 30), 1, 31), ((40, 84), 65, 1)],
)
def test_a_rectangle_over_the_border_is_clipped(centre, columns, rows):
    """The part of the box inside 90 x 70 pixels, counted by hand."""
    mask = mask_of(level_face(64, centre), size=(90, 70))

    assert int(mask.sum()) == columns * rows


@pytest.mark.parametrize("centre", [(-33, 30), (122, 30), (40, -16), (40, 85), (500, 500)])
def test_a_rectangle_outside_the_image_covers_nothing(centre):
    """One pixel further out than the faces that still touch the border."""
    assert not mask_of(level_face(64, centre), size=(90, 70)).any()


def test_landmarks_may_leave_the_image():
    """A face whose temples and chin lie outside still has its eyes covered."""
    points = level_face(400, (100, 60))
    outside = (points < 0) | (points > 199)
    assert outside.any(axis=1).sum() > 20

    assert mask_of(points, size=(200, 200)).sum() == 200 * (60 + 93 + 1)


def test_covered_fraction_agrees_with_the_clipped_area():
    """Counted pixels and cut polygon differ by at most the pixels on the outline."""
    for points in faces(200, 102, width=(40, 300), roll=pi, spread=110):
        region = Headset().region(Landmarks68(points), size=SIZE, seed=0)
        area = clipped_area(Headset().rect(Landmarks68(points)).corners(), SIZE)
        outline = 2 * (1 + 0.46875) * Landmarks68(points).face_width + 4

        assert abs(region.covered(SIZE) * 224 * 224 - area) <= outline


def test_covered_fractions_are_right_on_average():
    """Over many faces the errors at the outline cancel out: no bias of half a pixel."""
    errors = [
        Headset().region(Landmarks68(points), size=SIZE, seed=0).covered(SIZE) * 224 * 224
        - clipped_area(Headset().rect(Landmarks68(points)).corners(), SIZE)
        for points in faces(300, 103, width=(60, 120), spread=10)
    ]

    assert abs(np.mean(errors)) < 2


def test_opencv_paints_too_wide_where_this_does_not():
    """cv2.fillConvexPoly adds the outline's pixels, about half a pixel on each side."""
    ours, theirs, excess = [], [], []
    for points in faces(100, 104, width=(60, 160)):
        truth = distances(points, SIZE, ASPECT) <= 0
        corners = Headset().rect(Landmarks68(points)).corners()
        painted = np.zeros(SIZE[::-1], np.uint8)
        # Four more bits keep sixteenths of a pixel, OpenCV's best.
        cv2.fillConvexPoly(painted, np.rint(corners * 16).astype(np.int32), 1, shift=4)
        ours.append(overlap(mask_of(points), truth))
        theirs.append(overlap(painted.astype(bool), truth))
        excess.append(int(painted.sum()) - int(truth.sum()))

    assert min(ours) >= 0.99
    assert max(theirs) < min(ours)
    assert min(excess) > 0
