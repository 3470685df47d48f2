"""Parts of a face from its landmarks: where they lie, and that they follow the face."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.explain.facial_parts import PARTS, facial_parts
from occbench.geometry.landmarks import Landmarks68, usable
from tests.faces import face, level_face, mirrored, renumbered, turned

SIZE = (224, 224)
NEUTRAL = level_face(150.0, (112.0, 100.0))


def corners(points: np.ndarray) -> dict[str, np.ndarray]:
    """All corners of each part, one below the other."""
    return {
        name: np.concatenate(region.polygons)
        for name, region in facial_parts(Landmarks68(points)).items()
    }


def masks(points: np.ndarray) -> dict[str, np.ndarray]:
    """The pixels of each part in an image of 224 pixels."""
    parts = facial_parts(Landmarks68(points))
    return {name: region.mask(SIZE) for name, region in parts.items()}


def test_parts_stand_in_their_order_from_top_to_bottom():
    """By the middle row of each; the tables name them so."""
    found = masks(NEUTRAL)
    assert tuple(found) == PARTS
    middles = [np.argwhere(mask)[:, 0].mean() for mask in found.values()]
    assert middles == sorted(middles)


def test_parts_of_a_neutral_face_do_not_meet():
    """So what one costs is not what another costs."""
    for (one, first), (other, second) in combinations(masks(NEUTRAL).items(), 2):
        assert not (first & second).any(), f"{one} meets {other}"


@pytest.mark.parametrize(
    ("part", "points"),
    [
        ("brows", range(17, 27)),
        ("eyes", range(36, 48)),
        ("nose", range(27, 36)),
        ("mouth", range(48, 68)),
        ("jaw", range(2, 15)),
    ],
)
def test_a_part_covers_its_landmarks(part, points):
    """Each point, and nothing of the other parts' points."""
    mask = masks(NEUTRAL)[part]
    x, y = np.rint(NEUTRAL).astype(int).T
    inside = {point for point in range(68) if mask[y[point], x[point]]}
    assert inside == set(points)


def test_the_forehead_ends_a_nose_above_the_middle_between_the_brows():
    """The nose is as long as from point 27 to 33, the middle that of points 21 and 22."""
    rows = np.flatnonzero(masks(NEUTRAL)["forehead"].any(axis=1))
    middle, nose = (NEUTRAL[21, 1] + NEUTRAL[22, 1]) / 2, NEUTRAL[33, 1] - NEUTRAL[27, 1]
    assert rows.min() == pytest.approx(middle - nose, abs=1)
    assert rows.max() == pytest.approx(NEUTRAL[17:27, 1].min() - 0.04 * 150, abs=1)


@given(seed=st.integers(0, 2**32 - 1))
def test_parts_move_turn_and_grow_with_the_face(seed):
    """The corners of a moved, turned and doubled face are the moved, turned and doubled corners."""
    rng = np.random.default_rng(seed)
    points = face(rng)
    angle, shift = rng.uniform(-0.5, 0.5), rng.uniform(-50, 50, 2)
    before = corners(points)
    for name, after in corners(turned(2 * points, angle) + shift).items():
        expected = turned(2 * before[name], angle) + shift
        away = np.linalg.norm(after[:, None] - expected, axis=2)
        # A corner may vanish where three of them lie in one line up to rounding.
        assert away.min(axis=1).max() < 0.01, name
        assert away.min(axis=0).max() < 0.01, name


def test_a_mirrored_face_has_mirrored_parts():
    """Once its landmarks are renumbered."""
    other = masks(renumbered(mirrored(NEUTRAL, SIZE[0])))
    for name, mask in masks(NEUTRAL).items():
        assert np.array_equal(other[name], mask[:, ::-1]), name


def check_parts(points: np.ndarray) -> float:
    """Checks that each part covers its points; gives the share of pixels in two parts or more."""
    parts = facial_parts(Landmarks68(points))
    owners = {"brows": slice(17, 27), "eyes": slice(36, 48), "nose": slice(27, 36)}
    owners |= {"mouth": slice(48, 60), "jaw": slice(2, 15)}
    inside = np.rint(points).astype(int)
    seen = ((inside >= 0) & (inside < 224)).all(axis=1)
    covered = {name: region.mask(SIZE) for name, region in parts.items()}
    for name, owned in owners.items():
        x, y = inside[owned][seen[owned]].T
        assert covered[name][y, x].all(), name
    return float((np.sum(list(covered.values()), axis=0) > 1).mean())


@given(seed=st.integers(0, 2**32 - 1))
def test_parts_of_any_face_cover_their_points(seed):
    """Turned, off the centre and with noise in every point; hardly a pixel belongs to two."""
    assert check_parts(face(np.random.default_rng(seed))) < 0.02


def test_parts_of_real_faces_cover_their_points():
    """Of every twentieth face of FER2013, with wide mouths, closed eyes and turned heads."""
    data = Path(__file__).parents[3] / "shared" / "data"
    path = Path(os.environ.get("OCCBENCH_TEST_DATA", data)) / "fer2013_landmarks.npz"
    if not path.is_file():
        pytest.skip(f"no landmarks in '{path}'; it belongs into OCCBENCH_TEST_DATA")
    stack = np.load(path)["landmarks"].astype(np.float64)
    # From faces of 48 pixels to the size that the masks have.
    shares = [check_parts((points + 0.5) * 224 / 48 - 0.5) for points in stack[usable(stack)][::20]]
    assert len(shares) > 1000
    assert np.mean(shares) < 0.01


def test_brows_raised_beyond_the_rule_still_leave_a_forehead():
    """Of a twentieth of the temple distance, right above them."""
    points = NEUTRAL.copy()
    points[[19, 24], 1] -= 60
    rows = np.flatnonzero(masks(points)["forehead"].any(axis=1))
    assert len(rows) == pytest.approx(0.05 * 150, abs=1.5)
    assert rows.max() < points[[19, 24], 1].min()
