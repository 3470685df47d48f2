"""The leaderboard: rows of matrices, trained and given, by their accuracy on covered faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from statistics import fmean
from typing import Any

from occbench.errors import DataError, MissingCells
from occbench.foreign.stored import StoredModel, models_of
from occbench.matrix.cell import Cell
from occbench.matrix.cells import Matrix
from occbench.matrix.fill import Row
from occbench.matrix.job import MatrixJob
from occbench.matrix.paired import holm, mcnemar_of
from occbench.matrix.record import finished
from occbench.training.predictions import Predictions
from occbench.training.run import State

LEVEL = 0.05
EXACT, OVERLAP = "exact McNemar", "intervals meet"


@dataclass(frozen=True, eq=False)
class Standing:
    """One row of the leaderboard.

    Attributes:
        rank: from 1.
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
        parameters: numbers that the network has learnt; None if not known.
        ties: whether no difference to the next row is shown on covered faces.
        tie_by: how that was found, ``exact McNemar`` or ``intervals meet``; empty in the last row.
        p: adjusted p-value of McNemar's test against the next row; None without one.
        remarks: what has to stand below, a few words each.
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
    parameters: int | None = None
    ties: bool = False
    tie_by: str = ""
    p: float | None = None
    remarks: tuple[str, ...] = ()
    _covered: Predictions | None = field(default=None, repr=False)

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

    def to_json(self) -> dict[str, Any]:
        """All numbers by name."""
        values = asdict(replace(self, _covered=None))
        del values["_covered"]
        return {**values, "gap": self.gap, "area": self.area}


@dataclass(frozen=True)
class Board:
    """The rows in their order, and what is not among them.

    Attributes:
        rows: the best on covered faces first; of equal ones the better on normal faces.
        selection: which weights of the trained rows: ``best``, or the plan's first without it;
            several where the matrices differ in it.
        left_out: a sentence for each thing that is not there.
    """

    rows: tuple[Standing, ...]
    selection: str
    left_out: tuple[str, ...]


def leaderboard(*jobs: MatrixJob, each_seed: bool = False) -> Board:
    """Ranks the trained rows and the given models of matrices; loads no framework.

    Neighbours are tied where the exact McNemar test on their covered faces, Holm's correction over
    all neighbours, gives p of 0.05 or more. Means over several seeds have no face-by-face
    comparison: they are tied where the intervals meet.

    Args:
        jobs: one matrix or several that test the same faces, each with its own plan.
        each_seed: a row for each seed instead of their mean.

    Raises:
        DataError: a matrix lacks the normal or the occluded test, or two test other faces.
        MissingCells: there is no row at all yet.
    """
    for job in jobs:
        _check_tests(job, jobs[0])
    selections = [_selection(job) for job in jobs]
    rows: list[Standing] = []
    left_out: list[str] = []
    for job, selection in zip(jobs, selections, strict=True):
        found, missing = _rows(job, selection, each_seed)
        prefix = f"{job.name}/" if len(jobs) > 1 else ""
        rows += [replace(row, name=prefix + row.name) for row in found]
        left_out += missing
    if not rows:
        raise MissingCells(
            f"The matrix '{jobs[0].name}' has no row yet. Run 'occbench matrix {jobs[0].name}' or "
            "'occbench evaluate' first."
        )
    rows.sort(key=lambda row: (-row.occluded, -row.normal, row.name))
    chosen = ", ".join(dict.fromkeys(selections))
    return Board(tuple(_with_ties(rows)), chosen, tuple(left_out))


def _check_tests(job: MatrixJob, first: MatrixJob) -> None:
    if not {"normal", "occluded"} <= set(job.plan.test):
        raise DataError(
            f"The matrix '{job.name}' has the tests {', '.join(job.plan.test)}; a leaderboard "
            "needs normal and occluded."
        )
    if _shown(job) != _shown(first):
        raise DataError(
            f"The matrices '{first.name}' and '{job.name}' do not test the same faces under the "
            "same occluder; expected both, so that their rows can be ranked together."
        )


def _shown(job: MatrixJob) -> tuple[object, ...]:
    """What decides which faces a matrix shows, and how: two that are to be ranked have the same."""
    tables = {column.test: column.table for column in job.columns}
    columns = [
        frozenset(zip(tables[test]["id"], tables[test]["variant"], strict=True))
        for test in ("normal", "occluded")
    ]
    painted = {v: p for split in job.splits.values() for v, p in split.record["variants"].items()}
    shown = {variant for column in columns for _, variant in column}
    return (*columns, {variant: painted.get(variant) for variant in shown})


def _selection(job: MatrixJob) -> str:
    return "best" if "best" in job.plan.select else job.plan.select[0]


def _rows(job: MatrixJob, selection: str, each_seed: bool) -> tuple[list[Standing], list[str]]:
    """The rows of one matrix, and a sentence for each thing that is not among them."""
    found = models_of(job)
    rows = [_given(job, model) for model in found.models]
    left_out = [
        f"The model '{n}' is left out: {why.rstrip('.')}." for n, why in found.unfit.items()
    ]
    matrix = finished(job.workspace, job.name, job.plan)
    if matrix is None:
        left_out.append(
            f"Trained rows are left out: the matrix '{job.name}' is not whole. Run 'occbench "
            f"matrix {job.name}'."
        )
    else:
        rows += _trained(job, matrix, selection, each_seed)
    return rows, left_out


def _trained(job: MatrixJob, matrix: Matrix, selection: str, each_seed: bool) -> Iterator[Standing]:
    groups = [(seed,) for seed in matrix.seeds] if each_seed else [matrix.seeds]
    for train in matrix.trains:
        for seeds in groups:
            normal, occluded = (
                [
                    cell
                    for seed in seeds
                    if (cell := matrix.cell(train, test, seed=seed, selection=selection))
                ]
                for test in ("normal", "occluded")
            )
            name = f"{train}, seed {seeds[0]}" if each_seed else train
            state = State.read(job.workspace.run(job.run(Row(train, seeds[0])).id))
            yield replace(
                _standing(name, normal, occluded),
                kind="trained",
                seeds=len(seeds),
                parameters=state.facts.get("parameters"),
                _covered=_covered(job, train, seeds, selection),
            )


def _given(job: MatrixJob, model: StoredModel) -> Standing:
    cells = {cell.test: [cell] for cell in model.cells}
    return replace(
        _standing(model.name, cells["normal"], cells["occluded"]),
        kind=str(model.record["kind"]),
        parameters=model.parameters,
        remarks=model.remarks,
        _covered=_of_column(job, model.predictions),
    )


def _standing(name: str, normal: Sequence[Cell], occluded: Sequence[Cell]) -> Standing:
    return Standing(
        rank=0,
        name=name,
        kind="",
        seeds=0,
        occluded=fmean(cell.accuracy for cell in occluded),
        occluded_low=min(cell.low for cell in occluded),
        occluded_high=max(cell.high for cell in occluded),
        normal=fmean(cell.accuracy for cell in normal),
        normal_low=min(cell.low for cell in normal),
        normal_high=max(cell.high for cell in normal),
    )


def _covered(
    job: MatrixJob, train: str, seeds: Sequence[int], selection: str
) -> Predictions | None:
    """What a single run says of the covered faces; None for several, or where it is gone."""
    if len(seeds) > 1:
        return None
    try:
        scores = job.recall(Row(train, seeds[0]))
    except MissingCells:
        return None
    return _of_column(job, {v: found for (s, v), found in scores.items() if s == selection})


def _of_column(job: MatrixJob, found: dict[str, Predictions] | Any) -> Predictions:
    table = next(column.table for column in job.columns if column.test == "occluded")
    predictions: Predictions = found[table["variant"].iloc[0]]
    return predictions.of(table["id"].tolist())


def _with_ties(rows: Sequence[Standing]) -> Iterator[Standing]:
    """The rows with their ranks, each compared with the next."""
    pairs = list(pairwise(rows))
    tested = [
        mcnemar_of(one._covered, other._covered).p
        if one._covered is not None and other._covered is not None
        else None
        for one, other in pairs
    ]
    adjusted = iter(holm([p for p in tested if p is not None]))
    for rank, (one, other) in enumerate(pairs, start=1):
        if tested[rank - 1] is None:
            ties = one.occluded_low <= other.occluded_high
            yield replace(one, rank=rank, ties=ties, tie_by=OVERLAP)
        else:
            p = next(adjusted)
            yield replace(one, rank=rank, ties=p >= LEVEL, tie_by=EXACT, p=p)
    yield replace(rows[-1], rank=len(rows))
