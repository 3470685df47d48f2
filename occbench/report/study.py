"""What the answers of a matrix tell when they are compared face by face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from occbench.errors import DataError
from occbench.matrix.answers import Answers
from occbench.matrix.bootstrap import Resampled
from occbench.matrix.cells import Matrix, make_cell, with_relative_changes
from occbench.matrix.compare import ComparisonTable, RowColumn, compare
from occbench.matrix.gap_tables import ClassGap, RowGap, class_table, row_gaps
from occbench.matrix.paired import McNemar, PairedDifference, Trial
from occbench.matrix.quality import Quality, qualities

NORMAL, OCCLUDED = "normal", "occluded"


@dataclass(frozen=True, eq=False)
class Study:
    """The statistics of a matrix at one selection.

    Attributes:
        comparisons: every pair of rows on a column and of columns of a row.
        gaps: what covering costs each train split, and what it closes of the gap of normal
            training; empty where a test is missing.
        classes: the gap of each class by train split; empty where a test is missing.
        qualities: what the scores of each cell are worth; empty where a score is no number.
        remark: why ``qualities`` is empty, in a sentence; empty where it is not.
        shared: the cells of the faces that stand in every column, by which places are compared;
            None where that is unknown.
    """

    comparisons: ComparisonTable
    gaps: tuple[RowGap, ...]
    classes: Mapping[str, tuple[ClassGap, ...]]
    qualities: tuple[Quality, ...]
    remark: str = ""
    shared: Matrix | None = None

    def difference(self, first: RowColumn, second: RowColumn) -> PairedDifference | None:
        """Accuracy of one place less that of another; None where they are not compared."""
        for one in self.comparisons.comparisons:
            if (one.first, one.second) == (first, second):
                return one.tested
            if (one.first, one.second) == (second, first):
                return _turned(one.tested)
        return None

    def gap_of(self, train: str) -> RowGap | None:
        """The gap of a row, None if it is not known."""
        return next((row for row in self.gaps if row.train == train), None)

    def shown_classes(self, train: str) -> frozenset[str]:
        """The classes whose recall differs between normal and occluded faces, as far as shown."""
        return frozenset(one.name for one in self.classes.get(train, ()) if one.tested.shown)


def study_of(answers: Answers) -> Study:
    """All statistics that a report shows of one selection.

    Raises:
        MissingCells: a seed lacks a cell.
    """
    faces = answers.resample()
    comparisons = compare(answers, faces)
    gaps, classes = _gaps(answers, faces, comparisons)
    found: tuple[Quality, ...] = ()
    remark = ""
    try:
        found = qualities(answers)
    except DataError as error:
        remark = str(error)
    return Study(comparisons, gaps, classes, found, remark, _shared(answers))


def _shared(answers: Answers) -> Matrix:
    """The cells of the compared faces; epochs are not known here, each stands as the first."""
    return Matrix.of(
        with_relative_changes(
            make_cell(
                place.train,
                place.test,
                seed=place.seed,
                selection=answers.selection,
                epoch=1,
                labels=answers.labels,
                predicted=predicted,
                classes=len(answers.classes),
            )
            for place, predicted in zip(answers.places, answers.predicted, strict=True)
        )
    )


def _gaps(
    answers: Answers, faces: Resampled, comparisons: ComparisonTable
) -> tuple[tuple[RowGap, ...], dict[str, tuple[ClassGap, ...]]]:
    if not {NORMAL, OCCLUDED} <= set(answers.tests):
        return (), {}
    classes = {train: class_table(answers, faces, train) for train in answers.trains}
    return row_gaps(answers, faces, comparisons=comparisons), classes


def _turned(found: PairedDifference) -> PairedDifference:
    """The same difference from the other side."""
    old = found.difference
    return replace(
        found,
        difference=replace(old, value=-old.value, low=-old.high, high=-old.low),
        trial=Trial(
            tuple(McNemar(one.only_second, one.only_first, one.p) for one in found.by_seed),
            found.p,
        ),
    )
