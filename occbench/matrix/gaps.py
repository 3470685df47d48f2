"""What covering faces costs, and which part of it another training gives back.

The gap of a row is its score on normal faces less that on occluded ones. The recovery of a row B
with respect to a row A is the share of A's gap that B closes on occluded faces:

    (B occluded - A occluded) / (A normal - A occluded)

It is 0 where B is no better than A under cover, 1 where B is as good there as A is uncovered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from occbench.matrix.bootstrap import (
    Confusions,
    Metric,
    Resampled,
    Values,
    difference,
    mean_over,
    recalls_each,
)
from occbench.matrix.statistics import Estimate


@dataclass(frozen=True)
class Recovery:
    """The share of a gap that another row closes.

    Attributes:
        gap: the gap that is to be closed, a fraction.
        share: the recovery; None where it is undefined.
        reason: why it is undefined, in a sentence; empty where it is not.
    """

    gap: Estimate
    share: Estimate | None
    reason: str = ""


def gap(
    faces: Resampled,
    normal: Sequence[int],
    occluded: Sequence[int],
    *,
    metric: str | Metric = "accuracy",
    confidence: float = 0.95,
) -> Estimate:
    """What covering costs one row: its score on normal faces less that on occluded ones.

    Args:
        faces: the cells' draws.
        normal: numbers of the row's cells on the normal test, one for each seed.
        occluded: likewise on the occluded test of the same faces.
        metric: a name of ``bootstrap.METRICS`` or a function like those.
        confidence: of the interval.
    """
    return difference(faces, normal, occluded, metric=metric, confidence=confidence)


def class_gaps(
    faces: Resampled,
    normal: Sequence[int],
    occluded: Sequence[int],
    *,
    confidence: float = 0.95,
) -> tuple[Estimate | None, ...]:
    """The recall that each class loses under cover, in class order; None for one without a face.

    The intervals stand for one class each: of seven, one misses more often than of one. A class
    whose faces all do alike has an interval without width, however few they are: read
    McNemar's p beside it (``compare.class_table``).

    Args:
        faces: the cells' draws.
        normal: numbers of the row's cells on the normal test, one for each seed.
        occluded: likewise on the occluded test of the same faces.
        confidence: of the intervals.
    """
    supports = faces.found[normal[0]].sum(axis=1)
    return tuple(
        gap(faces, normal, occluded, metric=_recall_of(number), confidence=confidence)
        if support
        else None
        for number, support in enumerate(supports)
    )


def recovery(
    faces: Resampled,
    *,
    normal: Sequence[int],
    occluded: Sequence[int],
    helped: Sequence[int],
    metric: str | Metric = "accuracy",
    confidence: float = 0.95,
    base: str = "normal",
    shown: bool = True,
) -> Recovery:
    """Which share of row A's gap row B closes, with its interval.

    A ratio has no useful interval where its denominator may be zero (Fieller 1954, "Some
    problems in interval estimation"), so it is undefined where the interval of A's gap holds
    zero or lies below it, or where a test does not show the gap. A draw whose gap is not above
    zero all the same counts as beyond the end of the side that its numerator is on. There are
    too few of those to reach an end.

    Args:
        faces: the cells' draws.
        normal: numbers of A's cells on the normal test, one for each seed.
        occluded: A's cells on the occluded test.
        helped: B's cells on the occluded test.
        metric: a name of ``bootstrap.METRICS`` or a function like those.
        confidence: of the interval, and of that of the gap.
        base: the train split of A, for the words of the reason.
        shown: whether a test, where there is one, shows A's gap.
    """
    lost = gap(faces, normal, occluded, metric=metric, confidence=confidence)
    if lost.high < 0:
        why = f"After {base} training occluded faces score higher: there is no gap to close."
        return Recovery(lost, None, why)
    if lost.low <= 0 or lost.value <= 0:
        why = f"The interval of {base} training's gap holds zero: no gap is shown."
        return Recovery(lost, None, why)
    if not shown:
        why = f"{base.capitalize()} training's gap is not shown after Holm's correction."
        return Recovery(lost, None, why)
    covers, clear, other = (mean_over(cells, metric) for cells in (occluded, normal, helped))

    def closed(confusions: Confusions) -> Values:
        covered = covers(confusions)
        gained, needed = other(confusions) - covered, clear(confusions) - covered
        beyond = np.where(gained == 0, 0.0, np.copysign(np.inf, gained))
        return np.divide(gained, needed, out=beyond, where=needed > 0)

    return Recovery(lost, faces.estimate(closed, confidence=confidence))


def _recall_of(number: int) -> Metric:
    return lambda confusions: recalls_each(confusions)[..., number]
