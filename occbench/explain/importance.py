"""What the parts of the face are worth, per expression, with intervals over faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from occbench.explain.effects import Effects
from occbench.explain.facial_parts import PARTS
from occbench.matrix.bootstrap import DRAWS, SEED
from occbench.matrix.statistics import Estimate

ALL = "all"
"""The row of all faces, whatever their expression."""

_CONFIDENCE = 0.95
# Four groups can be drawn with replacement in 35 ways only, C(2 n - 1, n): no interval is read
# from so few. Five can be in 126.
_FEWEST_GROUPS = 5


@dataclass(frozen=True)
class Importance:
    """One expression and one part of the face.

    Drops are fractions of 1. Where fewer than five groups give no interval, its ends are NaN.

    Attributes:
        expression: the name of a class, or ``all``.
        part: one of ``PARTS``.
        faces: how many have the part inside their image.
        groups: how many groups they belong to.
        area: the mean share of the image that the part covers.
        score: the mean probability of the true class of the faces as they are shown.
        accuracy: the share of them that are right.
        drop: what covering the part takes from the score.
        control: what a random patch of as many pixels takes.
        difference: the one less the other.
        accuracy_drop: what covering the part takes from the accuracy.
        accuracy_control: what the random patch takes.
    """

    expression: str
    part: str
    faces: int
    groups: int
    area: float
    score: float
    accuracy: float
    drop: Estimate
    control: Estimate
    difference: Estimate
    accuracy_drop: Estimate
    accuracy_control: Estimate

    @property
    def matters(self) -> bool:
        """Whether covering the part is shown to cost something, and more than the patch does."""
        return self.drop.low > 0 and self.difference.low > 0


def importances(
    effects: Effects, classes: Sequence[str], groups: ArrayLike
) -> tuple[Importance, ...]:
    """A row per expression and part: all faces first, then the classes in their order.

    A class without a face, and a part that no face of a class has in its image, have no row.

    Args:
        effects: of some faces.
        classes: the names behind their labels.
        groups: ``(N,)``, equal for faces that are drawn together.
    """
    names = np.asarray(groups)
    everyone = np.ones(len(effects.ids), np.bool_)
    rows = [(ALL, everyone), *((name, effects.labels == n) for n, name in enumerate(classes))]
    return tuple(
        one
        for expression, members in rows
        for place in range(len(PARTS))
        for one in _one(effects, expression, place, members, names)
    )


def _one(
    effects: Effects,
    expression: str,
    place: int,
    members: NDArray[np.bool_],
    groups: NDArray[np.generic],
) -> Iterator[Importance]:
    chosen = members & ~np.isnan(effects.areas[:, place])
    if not chosen.any():
        return
    scores, accuracy = effects.score_drops()[chosen, place], effects.accuracy_drops()[chosen, place]
    values = np.stack([*scores.T, scores[:, 0] - scores[:, 1], *accuracy.T], axis=1)
    drop, control, difference, lost, lost_control = mean_estimates(values, groups[chosen])
    yield Importance(
        expression=expression,
        part=PARTS[place],
        faces=int(chosen.sum()),
        groups=len(np.unique(groups[chosen])),
        area=float(effects.areas[chosen, place].mean()),
        score=float(effects.score[chosen].mean()),
        accuracy=float(effects.right[chosen].mean()),
        drop=drop,
        control=control,
        difference=difference,
        accuracy_drop=lost,
        accuracy_control=lost_control,
    )


def mean_estimates(
    values: NDArray[np.float64], groups: ArrayLike, *, draws: int = DRAWS, seed: int = SEED
) -> tuple[Estimate, ...]:
    """The means of some columns of numbers with 95 % percentile intervals over faces.

    Whole groups are drawn with replacement, as many as there are, the same ones for every column,
    as ``matrix.bootstrap`` draws them. With fewer than five groups the ends are NaN.

    Args:
        values: ``(N, M)``, a row per face.
        groups: ``(N,)``, equal for faces that are drawn together.
        draws: how many.
        seed: of the draws.
    """
    means = values.mean(axis=0)
    known, numbers = np.unique(np.asarray(groups), return_inverse=True)
    if len(known) < _FEWEST_GROUPS:
        nan = float("nan")
        return tuple(Estimate(mean, nan, nan, _CONFIDENCE, 0) for mean in means.tolist())
    sums = np.zeros((len(known), values.shape[1] + 1))
    np.add.at(sums, numbers, np.column_stack([values, np.ones(len(values))]))
    rng = np.random.default_rng(seed)
    totals = np.stack(
        [sums[rng.integers(len(known), size=len(known))].sum(axis=0) for _ in range(draws)]
    )
    drawn = np.sort(totals[:, :-1] / totals[:, -1:], axis=0)
    tail = (1 - _CONFIDENCE) / 2 * (draws - 1)
    low, high = drawn[int(np.floor(tail))], drawn[int(np.ceil(draws - 1 - tail))]
    return tuple(
        Estimate(float(mean), float(below), float(above), _CONFIDENCE, draws)
        for mean, below, above in zip(means, low, high, strict=True)
    )
