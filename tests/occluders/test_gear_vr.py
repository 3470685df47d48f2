"""The Gear VR patch against the original's steps, whole pixels included."""

from __future__ import annotations

from math import hypot, pi

import cv2
import numpy as np
import pytest
from hypothesis import given

from occbench.geometry.landmarks import Landmarks68
from occbench.occluders.gear_vr import GearVR
from tests.faces import faces, level_face, random_faces
from tests.occluders.closed_form import overlap

SIZE = 224, 224


def original(points: np.ndarray) -> np.ndarray:
    """The original's patch: each step of occlusion_simulation.py typed anew, cuts included."""
    w = int(np.linalg.norm(points[0] - points[16]))
    h = int(10 / 20 * w)
    left, right = points[36:42].mean(axis=0).astype(int), points[42:48].mean(axis=0).astype(int)
    mx, my = (left + right) // 2
    slope = np.arctan((right[1] - left[1]) / (right[0] - left[0]))
    turn = np.array([[np.cos(slope), -np.sin(slope)], [np.sin(slope), np.cos(slope)]])
    offsets = np.array([(sx * (w // 2), sy * (h // 2)) for sx, sy in ((-1, -1), (1, -1), (1, 1))])
    offsets = np.vstack([offsets, [(-(w // 2), h // 2)]])
    corners = (offsets @ turn.T + (mx, my)).astype(int)
    mask = np.zeros(SIZE[::-1], np.uint8)
    cv2.fillConvexPoly(mask, corners.astype(np.int32), 1)
    return mask.astype(bool)


def test_the_original_differs_only_by_its_cut_coordinates():
    """On faces of 100 pixels and more the two overlap by nine tenths at least."""
    shares = [
        overlap(
            GearVR().region(Landmarks68(points), size=SIZE, seed=0).mask(SIZE), original(points)
        )
        for points in faces(300, 201, width=(115, 220), roll=0.6)
        if hypot(*(points[16] - points[0])) >= 100
    ]

    assert len(shares) > 250
    assert min(shares) >= 0.9


@given(points=random_faces(roll=pi))
def test_the_rectangle_is_half_as_high_as_the_temples_are_wide(points):
    """Sides and centre follow from the temples and from six points of each eye."""
    (corners,) = GearVR().region(Landmarks68(points), size=SIZE, seed=0).polygons
    w = hypot(*(points[16] - points[0]))
    middle = sum((points[k] for k in range(36, 48)), start=np.zeros(2)) / 12

    sides = [hypot(*(corners[k] - corners[k - 1])) for k in range(4)]
    assert sorted(sides) == pytest.approx([w / 2, w / 2, w, w])
    np.testing.assert_allclose(corners.mean(axis=0), middle, atol=1e-9)


@given(points=random_faces())
def test_the_angle_comes_from_the_eyes_means(points):
    """Moving the outer corners alone, in opposite directions, turns it by the means' share."""
    points[36:48] = level_face(100, (112, 90))[36:48]
    points[36, 1] += 6

    (corners,) = GearVR().region(Landmarks68(points), size=SIZE, seed=0).polygons

    left, right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    along = corners[1] - corners[0]
    expected = (right - left) / hypot(*(right - left))
    np.testing.assert_allclose(along / hypot(*along), expected, atol=1e-12)
    assert right[1] - left[1] == pytest.approx(-1)
