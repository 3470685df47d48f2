"""Copies among images: identical pixels, and the same photo shifted in tone, text or size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from occbench.core.console import progress
from occbench.dataset.fingerprint import THUMB

NEAR = 0.92
"""Correlation of 32 x 32 thumbnails from which two images are called near copies.

Measured on FER2013: of 48 pairs looked at between 0.92 and 0.98 all were the same photo, of
16 between 0.90 and 0.92 one was not.
"""

# Pairs are first sought at 12 x 12, where one product of matrices compares all with all.
_COARSE = 12
_COARSE_NEAR = 0.94
_BLOCK = 2048


def identical(keys: Sequence[bytes]) -> list[list[int]]:
    """Groups of two or more positions with the same key, in order of their first."""
    places: dict[bytes, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return [group for group in places.values() if len(group) > 1]


def near_pairs(thumbs: NDArray[np.uint8], threshold: float) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of thumbnails that correlate by at least the threshold.

    Args:
        thumbs: uint8 ``(N, 32, 32)``, none of them constant.
        threshold: Pearson correlation over the 1,024 pixels, 0..1.
    """
    small = _coarse(thumbs)
    exact = thumbs.reshape(len(thumbs), -1).astype(np.int64)
    found = []
    starts = range(0, len(small), _BLOCK)
    for start in progress(starts, total=len(starts), label="compare", unit=" blocks"):
        alike = small[start : start + _BLOCK] @ small[start:].T
        for row, column in np.argwhere(alike > _COARSE_NEAR).tolist():
            one, other = row + start, column + start
            if one < other and _correlation(exact[one], exact[other]) >= threshold:
                found.append((one, other))
    return found


def clusters(count: int, links: Iterable[tuple[int, int]]) -> NDArray[np.intp]:
    """For each of ``count`` positions the smallest position it is linked to, over any steps."""
    parent = list(range(count))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for one, other in links:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return np.array([root(place) for place in range(count)], dtype=np.intp)


def _coarse(thumbs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Rows of length 1 and mean 0 whose product is the correlation at 12 x 12."""
    edges = np.linspace(0, THUMB, _COARSE + 1)
    inside = np.arange(THUMB)
    # Each row says how much of every thumbnail pixel falls into one coarse pixel.
    share = np.clip(
        np.minimum(edges[1:, None], inside + 1) - np.maximum(edges[:-1, None], inside), 0, 1
    ).astype(np.float32)
    small: NDArray[np.float32] = np.einsum(
        "ay,nyx,bx->nab", share, thumbs.astype(np.float32), share, optimize=True
    ).reshape(len(thumbs), -1)
    small -= small.mean(axis=1, keepdims=True)
    small /= np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-6)
    return small


def _correlation(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Pearson's correlation from whole numbers, the same on every machine."""
    count, first, second = len(one), int(one.sum()), int(other.sum())
    joint = count * int(one @ other) - first * second
    spread = (count * int(one @ one) - first**2) * (count * int(other @ other) - second**2)
    return joint / sqrt(spread) if spread > 0 else 0.0
