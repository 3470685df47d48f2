"""The headset's rule as the study states it, pixel by pixel and without the package."""

from __future__ import annotations

import numpy as np


def distances(points: np.ndarray, size: tuple[int, int], aspect: float) -> np.ndarray:
    """How far each pixel's centre lies beyond the rectangle's sides, ``(H, W)``; inside <= 0.

    Width ``w = |l0 - l16|``, height ``aspect * w``, centre between points 36 and 45, axes
    along and across the line from 36 to 45.
    """
    w = np.sqrt(((points[16] - points[0]) ** 2).sum())
    m = (points[36] + points[45]) / 2
    u = (points[45] - points[36]) / np.sqrt(((points[45] - points[36]) ** 2).sum())
    v = np.array([-u[1], u[0]])
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    along = np.abs((x - m[0]) * u[0] + (y - m[1]) * u[1]) - w / 2
    across = np.abs((x - m[0]) * v[0] + (y - m[1]) * v[1]) - w * aspect / 2
    return np.maximum(along, across)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((one & other).sum() / (one | other).sum())


def clipped_area(corners: np.ndarray, size: tuple[int, int]) -> float:
    """Area of a polygon inside the image, by cutting it at each border in turn.

    Sutherland and Hodgman's method. The image reaches half a pixel beyond its outermost
    pixel centres.
    """
    left, top, right, bottom = -0.5, -0.5, size[0] - 0.5, size[1] - 0.5
    polygon = [tuple(corner) for corner in corners.tolist()]
    for axis, limit, sign in ((0, left, 1), (0, right, -1), (1, top, 1), (1, bottom, -1)):
        kept = []
        for index, end in enumerate(polygon):
            start = polygon[index - 1]
            into, out = sign * (start[axis] - limit), sign * (end[axis] - limit)
            if into * out < 0:
                share = into / (into - out)
                kept.append(tuple(a + share * (b - a) for a, b in zip(start, end, strict=True)))
            if out >= 0:
                kept.append(end)
        polygon = kept
    pairs = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)) / 2
