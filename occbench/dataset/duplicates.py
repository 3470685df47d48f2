"""Copies among images: identical pixels, and the same photo shifted in tone, text or size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from occbench.core.console import progress
from occbench.dataset.fingerprint import THUMB

NEAR = 0.92
"""Correlation of 48 x 48 thumbnails from which two images are called near copies.

Measured on FER2013: of 48 pairs looked at between 0.92 and 0.98 all were the same photo, of
16 between 0.90 and 0.92 one was not.
"""

# Pairs are first sought at 12 x 12, where products of matrices compare all with all.
_COARSE = 12
_BLOCK = 2048


def identical(keys: Sequence[bytes]) -> list[list[int]]:
    """Groups of two or more positions with the same key, in order of their first."""
    places: dict[bytes, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return [group for group in places.values() if len(group) > 1]


def near_pairs(thumbs: NDArray[np.uint8], threshold: float) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of thumbnails that correlate by at least the threshold.

    They must do so at 12 x 12 too, which makes comparing all with all possible; on FER2013
    a bound of 0.90 there finds no pair more than 0.92.

    Args:
        thumbs: uint8 ``(N, 48, 48)``, none of them constant.
        threshold: Pearson correlation over the 2,304 pixels, 0..1.
    """
    starts = range(0, len(thumbs), _BLOCK)
    blocks = [_coarse(thumbs[start : start + _BLOCK]) for start in starts]
    found: list[tuple[int, int]] = []
    for row in progress(range(len(blocks)), total=len(blocks), label="compare", unit=" blocks"):
        for column in range(row, len(blocks)):
            places = np.argwhere(blocks[row] @ blocks[column].T >= threshold)
            pairs = places + np.array([row, column]) * _BLOCK
            found += _confirmed(thumbs, pairs[pairs[:, 0] < pairs[:, 1]], threshold)
    return sorted(found)


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


def _confirmed(
    thumbs: NDArray[np.uint8], pairs: NDArray[np.intp], threshold: float
) -> list[tuple[int, int]]:
    """Those pairs that correlate at 48 x 48 as well."""
    kept: list[tuple[int, int]] = []
    for start in range(0, len(pairs), _BLOCK):
        some = pairs[start : start + _BLOCK]
        one, other = (thumbs[side].reshape(len(some), -1).astype(np.int64) for side in some.T)
        kept += map(tuple, some[_correlations(one, other) >= threshold].tolist())
    return kept


def _correlations(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
    """Pearson's correlation of each row of ``one`` with that row of ``other``.

    Sums are whole numbers below 2**53, so the result is the same on every machine.
    """
    count, first, second = one.shape[1], one.sum(axis=1), other.sum(axis=1)
    joint = count * (one * other).sum(axis=1) - first * second
    spread = (count * (one * one).sum(axis=1) - first * first).astype(np.float64)
    spread *= count * (other * other).sum(axis=1) - second * second
    spread = np.sqrt(spread)
    result: NDArray[np.float64] = np.divide(joint, spread, out=np.zeros(len(one)), where=spread > 0)
    return result
