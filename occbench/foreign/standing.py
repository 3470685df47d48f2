"""A row of the leaderboard: its numbers, its rank, and whether it differs from the next one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import groupby, pairwise
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.matrix.paired import holm, signs_p

LEVEL = 0.05
EXACT, SIGNS, OVERLAP = "exact McNemar", "exact test of signs", "intervals meet"
OCCLUDED, GAP, AREA = KEYS = ("occluded", "gap", "area")
"""What rows can be ranked by; a smaller gap is better, more of the others is."""

# Means of the same counts may differ in their last bits; faces differ by far more.
_DIGITS = 12


@dataclass(frozen=True, eq=False)
class Right:
    """Which faces a row has right, in the order of their sorted ids.

    Attributes:
        normal: bool ``(S, N)``, a line for each seed.
        occluded: likewise, of the same faces under cover.
    """

    normal: NDArray[np.bool_]
    occluded: NDArray[np.bool_]

    def counts(self, by: str, times: int) -> NDArray[np.int64]:
        """What each face adds to the number that is ranked by, over all seeds, int64 ``(N,)``."""
        weight = {OCCLUDED: 0, GAP: 1, AREA: 1}[by]
        sign = -1 if by == GAP else 1
        found: NDArray[np.int64] = times * (
            weight * self.normal.sum(axis=0) + sign * self.occluded.sum(axis=0)
        )
        return found


@dataclass(frozen=True, eq=False)
class Standing:
    """One row of the leaderboard.

    Attributes:
        rank: from 1; rows of the same value have the same.
        name: of the train split, with the seed if each stands alone, or of the given model; after
            the matrix's name and a slash where several are ranked.
        kind: ``trained``, or what the given model is.
        seeds: runs behind the numbers; 0 for a given model.
        occluded: accuracy on covered faces, 0..1, the mean over the seeds.
        occluded_low: lower end of its Wilson 95 % interval; of several seeds the lowest.
        occluded_high: upper end of it; of several seeds the highest.
        normal: accuracy on the same faces as they are.
        normal_low: as above.
        normal_high: as above.
        gap_low: lower end of the gap's 95 % interval, the faces drawn anew and the same for both
            tests; None where the predictions are gone.
        gap_high: upper end of it.
        area_low: as above, of the area.
        area_high: as above.
        parameters: numbers that the network has learnt; None if not known.
        ties: whether no difference to the next row is shown in what is ranked by.
        tie_by: how that was found: ``exact McNemar``, ``exact test of signs`` or ``intervals
            meet``; empty in the last row.
        p: adjusted p-value of the test against the next row; None without one.
        remarks: what has to stand below, a few words each.
        right: the faces behind it; None where the predictions are gone.
    """

    rank: int
    name: str
    kind: str
    seeds: int
    occluded: float
    occluded_low: float
    occluded_high: float
    normal: float
    normal_low: float
    normal_high: float
    gap_low: float | None = None
    gap_high: float | None = None
    area_low: float | None = None
    area_high: float | None = None
    parameters: int | None = None
    ties: bool = False
    tie_by: str = ""
    p: float | None = None
    remarks: tuple[str, ...] = ()
    right: Right | None = field(default=None, repr=False)

    @property
    def gap(self) -> float:
        """Normal less occluded, -1..1."""
        return self.normal - self.occluded

    @property
    def area(self) -> float:
        """Mean of normal and occluded, 0..1.

        It is the area below the straight line between the two accuracies over the share of covered
        faces from 0 to 1, and so what a mixed test of equal halves is to reach.
        """
        return (self.normal + self.occluded) / 2

    def value(self, by: str) -> float:
        """What is ranked by, the least first."""
        found: float = getattr(self, by)
        return round(found if by == GAP else -found, _DIGITS)

    def to_json(self) -> dict[str, Any]:
        """All numbers by name."""
        names = [each.name for each in fields(self) if each.name != "right"]
        values = {name: getattr(self, name) for name in names}
        return {**values, "gap": self.gap, "area": self.area}


def ranked(rows: Sequence[Standing], by: str) -> tuple[Standing, ...]:
    """The rows in their order with their ranks, each compared with the next.

    Args:
        rows: on the same faces.
        by: one of ``KEYS``.
    """
    order = sorted(rows, key=lambda row: (row.value(by), -row.occluded, -row.normal, row.name))
    placed: list[Standing] = []
    for _, alike in groupby(order, key=lambda row: row.value(by)):
        rank = len(placed) + 1
        placed += [replace(row, rank=rank) for row in alike]
    return (*_compared(placed, by), placed[-1])


def _compared(rows: Sequence[Standing], by: str) -> Iterator[Standing]:
    """All rows but the last, with what their comparison with the next one shows."""
    pairs = list(pairwise(rows))
    tested = [_p_value(one, other, by) for one, other in pairs]
    adjusted = iter(holm([p for p in tested if p is not None]))
    for (one, other), p in zip(pairs, tested, strict=True):
        if p is None:
            yield replace(one, ties=_meet(one, other, by), tie_by=OVERLAP)
            continue
        single = by == OCCLUDED and one.seeds <= 1 and other.seeds <= 1
        corrected = next(adjusted)
        how = EXACT if single else SIGNS
        yield replace(one, ties=corrected >= LEVEL, tie_by=how, p=corrected)


def _p_value(one: Standing, other: Standing, by: str) -> float | None:
    """The test of two rows face by face; of one run each on covered faces it is McNemar's.

    Rows of other numbers of seeds are brought to a common multiple. Then the signs of a face are
    not exchangeable but of mean zero under "no difference", for which the test holds in large
    samples only.
    """
    if one.right is None or other.right is None:
        return None
    sizes = [len(row.right.normal) for row in (one, other) if row.right]
    common = lcm(*sizes)
    first, second = (
        right.counts(by, common // size)
        for right, size in zip((one.right, other.right), sizes, strict=True)
    )
    return signs_p(first - second)


def _meet(one: Standing, other: Standing, by: str) -> bool:
    """Whether two intervals have a point in common; without one no difference can be shown."""
    lows, highs = ([getattr(row, f"{by}_{end}") for row in (one, other)] for end in ("low", "high"))
    if None in lows:
        return True
    return bool(max(lows) <= min(highs))
