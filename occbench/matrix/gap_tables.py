"""What covering costs each training, and each class, as tables of a finished matrix."""

from __future__ import annotations

from dataclasses import dataclass

from occbench.matrix.answers import Answers
from occbench.matrix.bootstrap import Resampled, recalls_each
from occbench.matrix.compare import ComparisonTable, compare, spread_of
from occbench.matrix.gaps import Recovery, class_gaps, gap, recovery
from occbench.matrix.paired import PairedDifference, holm, trial
from occbench.matrix.statistics import Estimate, SeedSpread

_NORMAL, _OCCLUDED = "normal", "occluded"


@dataclass(frozen=True)
class RowGap:
    """What covering costs one training, and what of the base's cost it gives back.

    Attributes:
        train: its train split.
        gap: its score on normal faces less that on occluded ones.
        spread: the same over the seeds.
        recovery: the share of the base's gap that it closes; None for the base itself, and
            where the matrix has no base.
    """

    train: str
    gap: Estimate
    spread: SeedSpread
    recovery: Recovery | None


@dataclass(frozen=True)
class ClassGap:
    """What covering costs one training on the faces of one class.

    Attributes:
        name: of the class.
        faces: that it has.
        normal: its recall on normal faces, mean over the seeds.
        occluded: its recall on occluded faces, likewise.
        tested: the one less the other; adjusted over the classes of this training.
    """

    name: str
    faces: int
    normal: float
    occluded: float
    tested: PairedDifference


def row_gaps(
    answers: Answers,
    faces: Resampled,
    *,
    base: str = _NORMAL,
    metric: str = "accuracy",
    confidence: float = 0.95,
    comparisons: ComparisonTable | None = None,
) -> tuple[RowGap, ...]:
    """The gap of each row, and the share of the base row's gap that it closes.

    The share of an accuracy is told only where the base's gap is shown by its interval and by its
    test, adjusted over ``comparisons``; that of another metric, which has no test, by interval.

    Args:
        answers: of a matrix with the columns ``normal`` and ``occluded``.
        faces: ``answers.resample()``.
        base: the row whose gap is to be closed.
        metric: a name of ``bootstrap.METRICS``.
        confidence: of the intervals.
        comparisons: ``compare(answers, faces)``, if it is known already.

    Raises:
        MissingCells: a seed lacks a cell in one of the two columns.
        UnknownName: there is no such metric.
        ValueError: the draws are not of these answers.
    """
    answers.require(faces)
    shown = True
    if metric == "accuracy" and base in answers.trains:
        table = comparisons or compare(answers, faces, confidence=confidence)
        shown = _shown(table, base)
    rows = []
    for train in answers.trains:
        normal, occluded = answers.cells(train, _NORMAL), answers.cells(train, _OCCLUDED)
        closed = None
        if train != base and base in answers.trains:
            closed = recovery(
                faces,
                normal=answers.cells(base, _NORMAL),
                occluded=answers.cells(base, _OCCLUDED),
                helped=occluded,
                metric=metric,
                confidence=confidence,
                base=base,
                shown=shown,
            )
        found = gap(faces, normal, occluded, metric=metric, confidence=confidence)
        rows.append(RowGap(train, found, spread_of(faces, normal, occluded, metric), closed))
    return tuple(rows)


def class_table(
    answers: Answers, faces: Resampled, train: str, *, confidence: float = 0.95
) -> tuple[ClassGap, ...]:
    """What covering costs one row on each class that has a face, in class order.

    The family of the adjusted p-values is the classes of this row. Sort by
    ``tested.difference.value`` for the classes that lose most.

    Args:
        answers: of a matrix with the columns ``normal`` and ``occluded``.
        faces: ``answers.resample()``.
        train: the row.
        confidence: of the intervals.

    Raises:
        MissingCells: a seed lacks a cell in one of the two columns.
        ValueError: the draws are not of these answers.
    """
    answers.require(faces)
    normal, occluded = answers.cells(train, _NORMAL), answers.cells(train, _OCCLUDED)
    found = class_gaps(faces, normal, occluded, confidence=confidence)
    shown = [(number, one) for number, one in enumerate(found) if one is not None]
    trials = []
    for number, _ in shown:
        right = answers.right[:, answers.labels == number]
        trials.append(trial(right[list(normal)], right[list(occluded)]))
    adjusted = holm([each.p for each in trials])
    recalls = recalls_each(faces.found)
    return tuple(
        ClassGap(
            name=answers.classes[number],
            faces=int((answers.labels == number).sum()),
            normal=float(recalls[list(normal), number].mean()),
            occluded=float(recalls[list(occluded), number].mean()),
            tested=PairedDifference(one, each, p),
        )
        for (number, one), each, p in zip(shown, trials, adjusted, strict=True)
    )


def _shown(table: ComparisonTable, base: str) -> bool:
    """Whether the gap of a row is shown; True where the table does not have it."""
    places = {(base, _NORMAL), (base, _OCCLUDED)}
    return all(one.tested.shown for one in table.comparisons if {one.first, one.second} == places)
