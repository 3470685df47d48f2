"""Regions of an image: unions of convex polygons, rasterised at pixel centres."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from math import atan2, ceil, floor, isfinite, pi

import numpy as np
from numpy.typing import NDArray

Spans = tuple[tuple[int, int, int], ...]

# Corners come from sines and cosines: a pixel centre this close to an edge lies on it.
_TOUCH = 1e-9


@dataclass(frozen=True, eq=False)
class Region:
    """What an occluder covers: the union of convex polygons, borders included.

    Args:
        polygons: arrays ``(n, 2)`` of x, y in pixels, n >= 3, in either direction. No
            polygon at all is the empty region.

    Raises:
        ValueError: a polygon is not finite, not convex or has no area.
    """

    polygons: tuple[NDArray[np.float64], ...]
    _rows: dict[tuple[int, int], Spans] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "polygons", tuple(_oriented(p) for p in self.polygons))

    def spans(self, size: tuple[int, int]) -> Spans:
        """Rows of covered pixels as ``(y, start, stop)``, clipped to the image.

        A pixel is covered iff its centre lies in the region. ``size`` is (width, height).
        Spans of different polygons may overlap. They are kept for the next call.
        """
        if size not in self._rows:
            self._rows[size] = tuple(chain.from_iterable(_spans(p, size) for p in self.polygons))
        return self._rows[size]

    def mask(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """The covered pixels of an image of ``size`` (width, height), as ``(height, width)``."""
        mask = np.zeros((size[1], size[0]), dtype=np.bool_)
        for y, start, stop in self.spans(size):
            mask[y, start:stop] = True
        return mask

    def covered(self, size: tuple[int, int]) -> float:
        """The fraction of an image of ``size`` (width, height) that is covered, 0..1."""
        if len(self.polygons) == 1:
            pixels = sum(stop - start for _, start, stop in self.spans(size))
        else:
            pixels = int(self.mask(size).sum())
        return pixels / (size[0] * size[1])


EMPTY = Region(())


def _oriented(polygon: NDArray[np.float64]) -> NDArray[np.float64]:
    """The polygon with positive area in image coordinates, checked, read-only."""
    points = np.array(polygon, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise ValueError(f"A polygon must have the shape (n, 2), n >= 3. Received: {points.shape}")
    # A corner given twice makes an edge without a direction, which would hide the turn there.
    edges = [edge for edge in _edges(points) if edge[2] or edge[3]]
    corners = [
        (ex * following_ey - ey * following_ex, ex * following_ex + ey * following_ey)
        for (_, _, ex, ey), (_, _, following_ex, following_ey) in pairwise([*edges, *edges[:1]])
    ]
    turns = [turn for turn, _ in corners]
    # A star turns the same way at each corner, but more than once around.
    around = abs(sum(atan2(turn, ahead) for turn, ahead in corners)) / (2 * pi)
    area = sum(x * ey - y * ex for x, y, ex, ey in edges)
    if not isfinite(area):
        raise ValueError("A polygon must be finite. Received: NaN or infinity")
    if area < 0:
        points, turns = points[::-1].copy(), [-turn for turn in turns]
    if area == 0 or min(turns) < -_TOUCH * max(turns) or around > 1.5:
        raise ValueError(f"A polygon must be convex with an area. Received: {points.tolist()}")
    points.flags.writeable = False
    return points


def _edges(points: NDArray[np.float64]) -> Iterator[tuple[float, float, float, float]]:
    """Start and direction of each edge as x, y, ex, ey; plain floats beat tiny arrays."""
    corners = points.tolist()
    for (x, y), (next_x, next_y) in pairwise([*corners, corners[0]]):
        yield x, y, next_x - x, next_y - y


def _spans(polygon: NDArray[np.float64], size: tuple[int, int]) -> list[tuple[int, int, int]]:
    width, height = size
    ys = [y for _, y in polygon.tolist()]
    top = max(0, ceil(min(ys) - _TOUCH))
    bottom = min(height - 1, floor(max(ys) + _TOUCH))
    if top > bottom:
        return []
    rows = np.arange(top, bottom + 1, dtype=np.float64)
    # With positive area the inside lies right of an edge that runs up the screen and left
    # of one that runs down; level edges bound the rows only.
    edges = list(_edges(polygon))
    left = _crossings([edge for edge in edges if edge[3] < -_TOUCH], rows)
    right = _crossings([edge for edge in edges if edge[3] > _TOUCH], rows)
    left, right = left.max(axis=0, initial=0.0), right.min(axis=0, initial=width - 1.0)
    # Clipped on both sides, because a cast of numbers beyond 64 bits gives any number.
    starts = np.ceil(np.minimum(left, width) - _TOUCH).astype(np.intp).tolist()
    stops = (np.floor(np.maximum(right, -1.0) + _TOUCH) + 1).astype(np.intp).tolist()
    found = zip(range(top, bottom + 1), starts, stops, strict=True)
    return [span for span in found if span[1] < span[2]]


def _crossings(
    edges: Sequence[tuple[float, float, float, float]], rows: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where each edge crosses each row, ``(edges, rows)``, as x."""
    lines = [(x, y, ex / ey) for x, y, ex, ey in edges]
    x, y, slope = np.array(lines, dtype=np.float64).reshape(-1, 3).T[:, :, None]
    crossings: NDArray[np.float64] = x + (rows - y) * slope
    return crossings
