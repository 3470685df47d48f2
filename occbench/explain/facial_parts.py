"""Parts of a face as regions of its image, from the 68 landmarks.

Margins are shares of the temple distance, chosen here so that the parts do not meet on a neutral
frontal face (``docs/how-to/explain-a-run.md`` shows them). The scheme has no point above the
brows: the forehead is taken to be as high as the nose is long, as in the neoclassical canon of
equal thirds (Farkas et al. 1985, "Vertical and horizontal proportions of the face in young adult
North American Caucasians", Plast Reconstr Surg 75), but from the middle between the brows upwards.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from occbench.geometry.landmarks import LEFT_EYE, RIGHT_EYE, Landmarks68
from occbench.geometry.polygon import Region

PARTS = ("forehead", "brows", "eyes", "nose", "mouth", "jaw")
"""From top to bottom, the order of every table."""

# Points of the iBUG 300-W scheme, see ``geometry.landmarks``.
_LEFT_BROW, _RIGHT_BROW, _BROWS = slice(17, 22), slice(22, 27), slice(17, 27)
_NOSE, _LIPS, _JAW = slice(27, 36), slice(48, 60), slice(2, 15)
_NOSE_ENDS, _BETWEEN_BROWS, _BROW_ENDS = (27, 33), slice(21, 23), (17, 26)

_MARGINS = {"brows": 0.04, "eyes": 0.045, "nose": 0.03, "mouth": 0.04, "jaw": 0.07}
# A forehead is at least so high, should raised brows reach beyond the rule.
_LOWEST_FOREHEAD = 0.05

_CORNERS = np.arange(8) * np.pi / 4
# Turns below this share of the squared extent of the points are rounding, and no corners.
_STRAIGHT = 1e-9


def facial_parts(landmarks: Landmarks68) -> dict[str, Region]:
    """The region of each of ``PARTS``; it moves, turns and grows with the landmarks.

    Brows, eyes, nose and mouth are the hulls of their points with a margin, the jaw a band along
    points 2 to 14, the forehead a rectangle above the brows.
    """
    points = landmarks.points

    def hulls(part: str, *pieces: NDArray[np.float64]) -> Region:
        margin = _MARGINS[part] * landmarks.face_width
        return Region(tuple(_grown_hull(piece, margin, landmarks.roll) for piece in pieces))

    return {
        "forehead": Region((_forehead(landmarks),)),
        "brows": hulls("brows", points[_LEFT_BROW], points[_RIGHT_BROW]),
        "eyes": hulls("eyes", points[LEFT_EYE], points[RIGHT_EYE]),
        "nose": hulls("nose", points[_NOSE]),
        "mouth": hulls("mouth", points[_LIPS]),
        "jaw": hulls("jaw", *(np.array(ends) for ends in pairwise(points[_JAW]))),
    }


def _forehead(landmarks: Landmarks68) -> NDArray[np.float64]:
    """A rectangle along the eye axis, from the outer end of one brow to that of the other."""
    width, roll = landmarks.face_width, landmarks.roll
    axes = np.array([(np.cos(roll), np.sin(roll)), (-np.sin(roll), np.cos(roll))])
    turned = landmarks.points @ axes.T
    left, right = sorted(turned[point, 0] for point in _BROW_ENDS)
    # Of a face seen from the side both ends may lie one above the other.
    right = max(right, left + _LOWEST_FOREHEAD * width)
    bottom = turned[_BROWS, 1].min() - _MARGINS["brows"] * width
    root, base = (turned[point, 1] for point in _NOSE_ENDS)
    top = min(turned[_BETWEEN_BROWS, 1].mean() - (base - root), bottom - _LOWEST_FOREHEAD * width)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return np.asarray(corners @ axes, np.float64)


def _grown_hull(points: NDArray[np.float64], margin: float, roll: float) -> NDArray[np.float64]:
    """The convex hull of octagons of radius ``margin`` around points, ``(n, 2)``."""
    octagon = margin * np.stack([np.cos(_CORNERS + roll), np.sin(_CORNERS + roll)], axis=1)
    around = (points[:, None] + octagon).reshape(-1, 2)
    # Andrew 1979, "Another efficient algorithm for convex hulls in two dimensions".
    ordered = around[np.lexsort((around[:, 1], around[:, 0]))].tolist()
    straight = _STRAIGHT * float(np.ptp(around)) ** 2
    return np.array(_chain(ordered, straight) + _chain(ordered[::-1], straight))


def _chain(ordered: list[list[float]], straight: float) -> list[list[float]]:
    """One side of the hull of points in order, without its last point."""
    found: list[list[float]] = []
    for x, y in ordered:
        while len(found) > 1:
            (ax, ay), (bx, by) = found[-2:]
            if (bx - ax) * (y - by) - (by - ay) * (x - bx) > straight:
                break
            found.pop()
        found.append([x, y])
    return found[:-1]
