"""All answers of a matrix for the same faces, cell by cell, lined up face by face.

Example:
    job = open_job(workspace, *stored_plan(workspace, None))
    answers = answers_of(job, "best")
    faces = answers.resample()
    table = compare(answers, faces)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from occbench.errors import DataError, MissingCells, UnknownName
from occbench.matrix.bootstrap import DRAWS, SEED, Resampled, resample
from occbench.matrix.consistency import check_faces
from occbench.matrix.fill import Column, Row, Scores

if TYPE_CHECKING:
    from occbench.matrix.job import MatrixJob


@dataclass(frozen=True)
class Place:
    """One cell of a matrix at one selection: train split, test split and seed."""

    train: str
    test: str
    seed: int


@dataclass(frozen=True, eq=False)
class Answers:
    """What C cells of a matrix say about the same N faces, at one selection.

    Attributes:
        selection: which epoch's weights were used.
        classes: names, in the order of the scores.
        ids: of the faces, sorted, so that nothing depends on the order of files.
        groups: of each face, what must stay together; its id if it stands alone.
        labels: int64 ``(N,)``, true class numbers.
        places: where each cell stands.
        scores: float32 ``(C, N, K)``.

    Raises:
        ValueError: the parts do not fit together.
    """

    selection: str
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    labels: NDArray[np.int64]
    places: tuple[Place, ...]
    scores: NDArray[np.float32]

    def __post_init__(self) -> None:
        n = len(self.ids)
        expected = (len(self.places), n, len(self.classes))
        if self.scores.shape != expected or self.labels.shape != (n,) or len(self.groups) != n:
            raise ValueError(
                f"Expected scores {expected}, {n} labels and {n} groups. Received: "
                f"{self.scores.shape}, {self.labels.shape} and {len(self.groups)}"
            )

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """int64 ``(C, N)``, the class with the highest score; of equal ones the first."""
        found: NDArray[np.int64] = self.scores.argmax(axis=2).astype(np.int64)
        return found

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each cell has each face right, bool ``(C, N)``."""
        found: NDArray[np.bool_] = self.predicted == self.labels
        return found

    @property
    def trains(self) -> tuple[str, ...]:
        """The train splits, in the order of the rows."""
        return tuple(dict.fromkeys(place.train for place in self.places))

    @property
    def tests(self) -> tuple[str, ...]:
        """The test splits, in the order of the columns."""
        return tuple(dict.fromkeys(place.test for place in self.places))

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the runs."""
        return tuple(dict.fromkeys(place.seed for place in self.places))

    @property
    def grouped(self) -> bool:
        """Whether some faces must be drawn together."""
        return len(set(self.groups)) < len(self.groups)

    def cells(self, train: str, test: str) -> tuple[int, ...]:
        """The numbers of the cells of one row and column, one for each seed in their order.

        Raises:
            MissingCells: the matrix has no such row or column, or a seed has no cell there.
        """
        if train not in self.trains or test not in self.tests:
            raise MissingCells(
                f"The matrix has no train {train}, test {test}; its rows are "
                f"{', '.join(self.trains)}, its columns {', '.join(self.tests)}. Choose one of "
                "them, or begin a matrix with a plan that names it."
            )
        numbers = {place: number for number, place in enumerate(self.places)}
        wanted = [Place(train, test, seed) for seed in self.seeds]
        for place in wanted:
            if place not in numbers:
                raise MissingCells(
                    f"The cell of train {train}, test {test}, seed {place.seed} is missing; "
                    "expected one for each seed. Run 'occbench matrix'."
                )
        return tuple(numbers[place] for place in wanted)

    def require(self, faces: Resampled) -> None:
        """Refuses draws of other cells than these.

        Raises:
            ValueError: the draws were not made by ``resample`` of these answers.
        """
        n, classes = len(self.ids), len(self.classes)
        expected = (len(self.places), classes, classes)
        found = faces.found
        if found.shape != expected or (found.sum(axis=(1, 2)) != n).any():
            raise ValueError(
                f"Expected draws of {n} faces with counts {expected}, from answers.resample(). "
                f"Received: {found[0].sum()} faces with counts {found.shape}"
            )

    def resample(self, *, draws: int = DRAWS, seed: int = SEED) -> Resampled:
        """Draws of the faces, whole groups together and the same for all cells.

        The numbers of the cells are those of ``places``.
        """
        return resample(
            self.labels,
            self.predicted,
            len(self.classes),
            groups=self.groups,
            draws=draws,
            seed=seed,
        )


def answers_of(job: MatrixJob, selection: str) -> Answers:
    """The answers of a finished matrix, from the predictions that are stored.

    Where the plan's membership is ``all``, those for the faces that stand in every column.

    Raises:
        MissingCells: predictions are not there; nothing is trained or predicted for them.
        UnknownName: the matrix has no such selection.
        DataError: columns or predictions are not of the same faces.
    """
    if selection not in job.plan.select:
        raise UnknownName("selection", selection, job.plan.select)
    return gather_answers(
        {row: job.recall(row) for row in job.rows},
        _in_all(job.columns) if job.plan.partitions.all_faces else job.columns,
        selection,
        classes=job.manifest.classes.names,
        groups=dict(zip(job.manifest.faces["id"], job.manifest.faces["group"], strict=True)),
    )


def _in_all(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns less the faces that one of them does not show: pairs need both."""
    common = set.intersection(*(set(column.table["id"]) for column in columns))
    return tuple(
        Column(column.test, column.table[column.table["id"].isin(common)]) for column in columns
    )


def gather_answers(
    scores: Mapping[Row, Scores],
    columns: Sequence[Column],
    selection: str,
    *,
    classes: Sequence[str],
    groups: Mapping[str, str],
) -> Answers:
    """Lines up the scores of rows for columns, face by face.

    Args:
        scores: of each run, by selection and variant.
        columns: the test splits.
        selection: which of the scores.
        classes: names, in the order of the scores.
        groups: of each face.

    Raises:
        DataError: the columns do not show the same faces, a face was not predicted, or two
            predictions know it by different true classes.
    """
    check_faces({column.test: column.table["id"].tolist() for column in columns})
    ids = tuple(sorted(columns[0].table["id"]))
    places = tuple(Place(row.train, column.test, row.seed) for row in scores for column in columns)
    found = [_cell(each, selection, column, ids) for each in scores.values() for column in columns]
    labels = found[0][0]
    for place, (others, _) in zip(places, found, strict=True):
        differ = np.flatnonzero(labels != others)
        if differ.size:
            raise DataError(
                f"The face '{ids[differ[0]]}' has another true class in the predictions of train "
                f"{place.train}, test {place.test}, seed {place.seed}; expected all from one "
                "manifest. Run 'occbench matrix' again."
            )
    return Answers(
        selection=selection,
        classes=tuple(classes),
        ids=ids,
        groups=tuple(groups[face] for face in ids),
        labels=labels,
        places=places,
        scores=np.stack([each for _, each in found]),
    )


def _cell(
    scores: Scores, selection: str, column: Column, ids: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """True classes ``(N,)`` and scores ``(N, K)`` of a test split, in the order of the faces."""
    variants = column.table.set_index("id")["variant"].loc[list(ids)].to_numpy()
    labels: NDArray[np.int64] = np.empty(len(ids), np.int64)
    found: dict[str, NDArray[np.float32]] = {}
    for variant in dict.fromkeys(variants):
        shown = np.flatnonzero(variants == variant)
        some = scores[selection, variant].of([ids[int(number)] for number in shown])
        labels[shown] = some.labels
        found[variant] = some.scores
    width = next(iter(found.values())).shape[1]
    merged: NDArray[np.float32] = np.empty((len(ids), width), np.float32)
    for variant, part in found.items():
        merged[variants == variant] = part
    return labels, merged
