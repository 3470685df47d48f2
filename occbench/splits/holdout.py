"""Seeded partitions: stratified by class, never cutting through a group.

Faces that share a group (an identity, a video, copies of one image) stay together. A face's
place depends on the seed and on ids, not on the order of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench.core.digest import digest_int
from occbench.errors import DataError

Counts = NDArray[np.int64]


def holdout(
    faces: pd.DataFrame, fractions: Mapping[str, float], *, seed: int, fill: str
) -> pd.Series:
    """The part of each face, as text, indexed like ``faces``.

    Every part but ``fill`` gets ``floor(N * fraction)`` faces in all, shared among the
    classes by largest remainder, so each class there is within one face of its share; ``fill``
    gets the rest. With 70/15/15 on the 35,887 faces of FER2013 and val as ``fill`` these are
    25,120, 5,384 and 5,383. Groups of several faces are placed first, largest first, where
    they are missed most, and may leave the parts a little off; single faces then make up
    for it.

    Args:
        faces: columns ``id``, ``label`` and ``group``.
        fractions: parts and their fractions of the faces, summing to 1.
        seed: another seed, another draw.
        fill: the part that takes what rounding leaves.

    Raises:
        DataError: fractions out of range, or no face.
    """
    if len(faces) == 0 or fill not in fractions:
        raise DataError("There are no faces to share out.")
    # Written so that a fraction that is no number is refused too.
    if not (min(fractions.values()) > 0 and abs(sum(fractions.values()) - 1) <= 1e-9):
        raise DataError(f"The fractions {dict(fractions)} must all be above 0 and sum to 1.")
    codes, classes = pd.factorize(faces["label"], sort=True)
    wanted = quotas(np.bincount(codes, minlength=len(classes)), fractions, fill)
    return deal(faces, list(fractions), wanted, seed=seed)


def deal(faces: pd.DataFrame, parts: Sequence[str], wanted: Counts, *, seed: int) -> pd.Series:
    """The part of each face, as text, indexed like ``faces``; groups stay whole.

    Args:
        faces: columns ``id``, ``label`` and ``group``.
        parts: their names.
        wanted: faces per part and class, ``(parts, classes)``, classes sorted; kept where
            groups leave a choice.
        seed: another seed, another draw.
    """
    wanted = wanted.copy()
    codes, _ = pd.factorize(faces["label"], sort=True)
    groups, _ = pd.factorize(faces["group"])
    sizes = np.bincount(groups)
    place = np.full(len(faces), -1)
    single = sizes[groups] == 1
    _place_groups(place, np.flatnonzero(~single), (groups, codes, faces), wanted, seed)
    _place_singles(place, np.flatnonzero(single), (codes, faces), wanted, seed)
    return pd.Series(np.array(parts, dtype=object)[place], index=faces.index, dtype=str)


def quotas(per_class: Counts, fractions: Mapping[str, float], fill: str) -> Counts:
    """Faces per part and class, ``(parts, classes)``, summing to ``per_class`` over the parts."""
    wanted = np.zeros((len(fractions), len(per_class)), dtype=np.int64)
    for row, (part, fraction) in enumerate(fractions.items()):
        if part != fill:
            # Fractions such as 0.15 have no exact binary form: 100 * 0.15 must give 15.
            total = floor(round(int(per_class.sum()) * fraction, 6))
            free = per_class - wanted.sum(axis=0)
            wanted[row] = _share(per_class * fraction, total, free)
    row = list(fractions).index(fill)
    wanted[row] = per_class - wanted.sum(axis=0)
    return wanted


def _share(exact: NDArray[np.floating], total: int, free: Counts) -> Counts:
    """Whole numbers near ``exact`` that sum to ``total``, by largest remainder."""
    shares = np.minimum(np.floor(np.round(exact, 6)).astype(np.int64), free)
    order = np.argsort(-(exact - shares), kind="stable")
    missing = total - int(shares.sum())
    for place in (*order, *order):
        if missing > 0 and shares[place] < free[place]:
            shares[place] += 1
            missing -= 1
    return shares


def _place_groups(
    place: NDArray[np.int64],
    rows: NDArray[np.int64],
    facts: tuple[NDArray[np.int64], NDArray[np.int64], pd.DataFrame],
    wanted: Counts,
    seed: int,
) -> None:
    """Puts each group of several faces where its classes are missed most; uses up ``wanted``."""
    groups, codes, faces = facts
    members: dict[int, list[int]] = {}
    for row in rows.tolist():
        members.setdefault(int(groups[row]), []).append(row)
    names = faces["group"].tolist()

    def order(group: int) -> tuple[int, int]:
        return -len(members[group]), digest_int(seed, "group", names[members[group][0]])

    total = np.maximum(wanted.sum(axis=1, keepdims=True), 1).astype(np.float64)
    for group in sorted(members, key=order):
        inside = members[group]
        need = np.bincount(codes[inside], minlength=wanted.shape[1])
        # The part with the largest share of its places open for these classes.
        part = int(np.argmax(((wanted / total) * need).sum(axis=1)))
        place[inside] = part
        wanted[part] -= need


def _place_singles(
    place: NDArray[np.int64],
    rows: NDArray[np.int64],
    facts: tuple[NDArray[np.int64], pd.DataFrame],
    wanted: Counts,
    seed: int,
) -> None:
    """Deals the faces that stand alone, per class in seeded order, to the open places."""
    codes, faces = facts
    for code in range(wanted.shape[1]):
        mine = rows[codes[rows] == code]
        ranked = mine[seeded_order(faces["id"].iloc[mine].tolist(), seed, "holdout")]
        start = 0
        for part, count in enumerate(_fitted(wanted[:, code], len(ranked))):
            place[ranked[start : start + count]] = part
            start += count


def _fitted(open_places: Counts, faces: int) -> list[int]:
    """Open places that sum to ``faces``, with overfull parts taken from the roomiest ones."""
    fitted = np.maximum(open_places, 0)
    while fitted.sum() > faces:
        fitted[int(np.argmax(fitted))] -= 1
    counts: list[int] = fitted.tolist()
    return counts


def seeded_order(ids: Sequence[str], seed: int, purpose: str) -> NDArray[np.int64]:
    """Indices that put ids into an order drawn by the seed, whatever order they come in."""
    keys = np.array([digest_int(seed, purpose, face) for face in ids], dtype=np.uint64)
    return np.lexsort((np.arange(len(ids)), keys))
