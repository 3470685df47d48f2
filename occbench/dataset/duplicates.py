"""Copies among images: identical pixels, and the same photo shifted in tone, text or size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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
# Thumbnails worked on at once, and correlations at 12 x 12 held at once.
_BLOCK, _CELLS = 2048, 2**24


def identical(keys: Sequence[bytes]) -> list[list[int]]:
    """Groups of two or more positions with the same key, in order of their first."""
    places: dict[bytes, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return [group for group in places.values() if len(group) > 1]


def near_links(
    thumbs: NDArray[np.uint8], threshold: float, sides: NDArray[np.intp] | None = None
) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, that link all thumbnails which correlate by at least the threshold.

    They must do so at 12 x 12 too, which makes comparing all with all possible; on FER2013
    a bound of 0.90 there finds no pair more than 0.92. Pairs are taken in sorted order, and
    one whose ends are linked already is passed over, so there are fewer links than thumbnails.

    Args:
        thumbs: uint8 ``(N, 48, 48)``, none of them constant.
        threshold: Pearson correlation over the 2,304 pixels, 0..1.
        sides: ``(N,)``; thumbnails of one number stay together. A number of 0 or more is a
            person, and no two of them are ever joined, not even over others; below 0 it says
            nothing about people. Every thumbnail alone, if None.
    """
    linked = np.arange(len(thumbs))
    sides = -1 - linked if sides is None else sides.copy()
    found: list[tuple[int, int]] = []
    for one, others in _candidates(thumbs, threshold):
        others = others[linked[others] != linked[one]]
        others = _joinable(others, sides, int(sides[one]))
        others = others[_alike(thumbs, one, others, threshold)]
        # A face of nobody known may be like several people; it goes to the first of them.
        people = [side for side in sides[np.append(one, others)].tolist() if side >= 0]
        others = _joinable(others, sides, people[0] if people else -1)
        # Of those that are linked among each other the first will do.
        others = others[np.sort(np.unique(linked[others], return_index=True)[1])]
        found += [(one, other) for other in others.tolist()]
        _merge(linked, np.append(others, one))
        _merge(sides, np.append(others, one))
    return found


def _candidates(
    thumbs: NDArray[np.uint8], threshold: float
) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """For each position the later ones that correlate with it at 12 x 12."""
    count = len(thumbs)
    starts = range(0, count, _BLOCK)
    coarse = np.concatenate([_coarse(thumbs[start : start + _BLOCK]) for start in starts])
    height = max(1, _CELLS // count)
    blocks = range(0, count, height)
    for start in progress(blocks, total=len(blocks), label="compare", unit=" blocks"):
        alike = coarse[start : start + height] @ coarse[start:].T >= threshold
        for one, row in enumerate(alike, start):
            yield one, one + 1 + np.flatnonzero(row[one + 1 - start :])


def _joinable(others: NDArray[np.intp], sides: NDArray[np.intp], side: int) -> NDArray[np.intp]:
    """Those of ``others`` that do not belong to another person than ``side`` does."""
    fits: NDArray[np.bool_] = (sides[others] < 0) | (sides[others] == side) | (side < 0)
    return np.compress(fits, others)


def _merge(labels: NDArray[np.intp], places: NDArray[np.intp]) -> None:
    """Gives everything labelled as one of ``places`` the largest of their labels."""
    merged = np.unique(labels[places])
    if len(merged) > 1:
        labels[np.isin(labels, merged)] = merged[-1]


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


def _alike(
    thumbs: NDArray[np.uint8], one: int, others: NDArray[np.intp], threshold: float
) -> NDArray[np.bool_]:
    """Which of ``others`` correlate with ``one`` at 48 x 48 as well."""
    mine = thumbs[one].ravel().astype(np.int64)
    kept = [np.zeros(0, dtype=np.bool_)]
    for start in range(0, len(others), _BLOCK):
        some = thumbs[others[start : start + _BLOCK]]
        kept.append(_correlations(mine, some.reshape(len(some), -1).astype(np.int64)) >= threshold)
    return np.concatenate(kept)


def _correlations(one: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    """Pearson's correlation of ``one`` with each row of ``others``.

    Sums are whole numbers below 2**53, so the result is the same on every machine.
    """
    count, first, second = len(one), one.sum(), others.sum(axis=1)
    joint = count * (others @ one) - first * second
    spread = (count * (others * others).sum(axis=1) - second * second).astype(np.float64)
    spread *= count * (one * one).sum() - first * first
    spread = np.sqrt(spread)
    result: NDArray[np.float64] = np.divide(
        joint, spread, out=np.zeros(len(others)), where=spread > 0
    )
    return result
