"""A matrix as pandas DataFrames, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from occbench.errors import MissingCells, UnknownName
from occbench.matrix.cells import Matrix
from occbench.matrix.statistics import Estimate

if TYPE_CHECKING:
    from occbench.matrix.answers import Answers
    from occbench.matrix.bootstrap import Resampled
    from occbench.matrix.job import MatrixJob


@dataclass(frozen=True, eq=False)
class MatrixFrames:
    """A finished matrix, asked in tables; nothing is trained, predicted or written.

    Attributes:
        name: of the matrix.
        matrix: its cells.
        selection: whose epochs all but ``cells`` are about.
    """

    name: str
    matrix: Matrix
    selection: str
    _job: MatrixJob

    @property
    def cells(self) -> pd.DataFrame:
        """A row per cell of every selection, with the columns of ``cells.csv``."""
        return pd.DataFrame([asdict(cell) for cell in self.matrix.cells])

    def table(self, field: str = "accuracy") -> pd.DataFrame:
        """Rows are train splits, columns test splits; the mean over the seeds.

        Args:
            field: a column of ``cells`` that is a number.

        Raises:
            UnknownName: there is no such column.
        """
        cells = self.cells
        if field not in cells.select_dtypes("number").columns:
            raise UnknownName("column", field, cells.select_dtypes("number").columns)
        mine = cells[cells["selection"] == self.selection]
        wide = mine.pivot_table(index="train", columns="test", values=field, aggfunc="mean")
        rows = [train for train in self.matrix.trains if train in wide.index]
        return wide.loc[rows, list(self.matrix.tests)]

    @property
    def predictions(self) -> pd.DataFrame:
        """A row per face and cell.

        The columns are ``train``, ``test``, ``seed``, ``id``, ``group``, ``label``, ``predicted``
        and a score for each class, ``score_CLASS``.
        """
        answers = self._answers
        names = answers.classes
        parts = []
        for number, place in enumerate(answers.places):
            part = pd.DataFrame(asdict(place), index=range(len(answers.ids)))
            part["id"], part["group"] = answers.ids, answers.groups
            part["label"] = [names[label] for label in answers.labels]
            part["predicted"] = [names[label] for label in answers.predicted[number]]
            for column, name in enumerate(names):
                part[f"score_{name}"] = answers.scores[number, :, column]
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def confusion(self, train: str, test: str, *, seed: int | None = None) -> pd.DataFrame:
        """Faces by true class (rows) and predicted class (columns); summed over seeds if None.

        Raises:
            MissingCells: there is no such cell.
        """
        answers = self._answers
        numbers = answers.cells(train, test)
        if seed is not None and seed not in answers.seeds:
            raise MissingCells(f"The matrix has no seed {seed}; its seeds are {answers.seeds}.")
        counts = sum(
            self._faces.found[number]
            for number, known in zip(numbers, answers.seeds, strict=True)
            if seed in (None, known)
        )
        names = pd.Index(answers.classes, name="true")
        return pd.DataFrame(counts, index=names, columns=pd.Index(answers.classes, name="called"))

    def gaps(self) -> pd.DataFrame:
        """A row per train split: the gap, and the share of the normal row's that it closes."""
        from occbench.matrix.gap_tables import row_gaps

        rows = []
        for row in row_gaps(self._answers, self._faces):
            share = row.recovery.share if row.recovery else None
            found = {"train": row.train, **_ends("gap", row.gap), **_ends("recovery", share)}
            rows.append({**found, "reason": row.recovery.reason if row.recovery else ""})
        return pd.DataFrame(rows)

    def class_gaps(self, train: str) -> pd.DataFrame:
        """A row per class that has a face: what covering costs it in one row of the matrix.

        Raises:
            MissingCells: there is no such row.
        """
        from occbench.matrix.gap_tables import class_table

        rows = [
            {
                "class": one.name,
                "faces": one.faces,
                "normal": one.normal,
                "occluded": one.occluded,
                **_ends("gap", one.tested.difference),
                "p_adjusted": one.tested.adjusted,
                "verdict": one.tested.verdict,
            }
            for one in class_table(self._answers, self._faces, train)
        ]
        return pd.DataFrame(rows)

    def comparisons(self, *, kinds: Iterable[str] = ("rows", "columns")) -> pd.DataFrame:
        """A row per pair of cells: difference, interval, adjusted p and verdict.

        ``attrs["family"]`` says which comparisons the adjustment is over.

        Raises:
            UnknownName: there is no such kind.
        """
        from occbench.matrix.compare import compare

        found = compare(self._answers, self._faces, kinds=tuple(kinds))
        rows = [
            {
                "kind": one.kind,
                "first": " on ".join(one.first),
                "second": " on ".join(one.second),
                **_ends("difference", one.tested.difference),
                "p": one.tested.p,
                "p_adjusted": one.tested.adjusted,
                "verdict": one.tested.verdict,
            }
            for one in found.comparisons
        ]
        frame = pd.DataFrame(rows)
        frame.attrs["family"] = " ".join(filter(None, (found.family, found.note)))
        return frame

    def quality(self) -> pd.DataFrame:
        """A row per cell: calibration error, area under risk-coverage, collapse, dead classes."""
        from occbench.matrix.quality import qualities

        rows = [
            {
                **asdict(one.place),
                "calibration_error": one.reliability.error if one.reliability else None,
                "risk_coverage_area": one.risk_coverage.area,
                "collapse": one.collapse,
                "dead_classes": ", ".join(one.dead),
            }
            for one in qualities(self._answers)
        ]
        return pd.DataFrame(rows)

    @cached_property
    def _answers(self) -> Answers:
        from occbench.matrix.answers import answers_of

        return answers_of(self._job, self.selection)

    @cached_property
    def _faces(self) -> Resampled:
        return self._answers.resample()


def load_matrix(
    folder: str | Path = ".", name: str | None = None, *, selection: str = "best"
) -> MatrixFrames:
    """A finished matrix of a workspace as DataFrames.

    Args:
        folder: the workspace, or a folder in it.
        name: of the matrix; None takes the only one.
        selection: whose epochs all but ``cells`` are about.

    Raises:
        UnknownName: there is no such matrix, or it has no such selection.
        MissingCells: it is not whole, or what it was made from has changed.
        DataError: there is no workspace, or not exactly one matrix and none is named.
    """
    from occbench.matrix.choose import stored_plan
    from occbench.matrix.job import open_job
    from occbench.matrix.record import finished
    from occbench.workspace import Workspace

    workspace = Workspace.find(folder)
    chosen, plan = stored_plan(workspace, name)
    matrix = finished(workspace, chosen, plan)
    if matrix is None:
        raise MissingCells(f"The matrix '{chosen}' is not whole. Run 'occbench matrix {chosen}'.")
    if selection not in plan.select:
        raise UnknownName("selection", selection, plan.select)
    job = open_job(workspace, chosen, plan, dry_run=True)
    return MatrixFrames(chosen, matrix, selection, job)


def _ends(name: str, found: Estimate | None) -> dict[str, Any]:
    # Not a number, so that a column is one of numbers even where every row lacks it.
    values = (nan, nan, nan) if found is None else (found.value, found.low, found.high)
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))
