"""The leaderboard: rows of matrices, trained and given, ranked on the same faces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from occbench.errors import DataError, MissingCells, UnknownName
from occbench.foreign.standing import KEYS, OCCLUDED, Right, Standing, ranked
from occbench.foreign.stored import StoredModel, models_of
from occbench.matrix.answers import gather_answers
from occbench.matrix.bootstrap import difference, score
from occbench.matrix.cell import GIVEN
from occbench.matrix.cells import Matrix
from occbench.matrix.fill import Column, Row, Scores
from occbench.matrix.job import MatrixJob
from occbench.matrix.record import finished
from occbench.matrix.statistics import wilson
from occbench.training.run import State

_TESTS = ("normal", "occluded")


@dataclass(frozen=True)
class Board:
    """The rows in their order, and what is not among them.

    Attributes:
        rows: the best first; of equal ones the better on covered, then on normal faces.
        by: what they are ranked by: ``occluded``, ``gap`` or ``area``.
        selection: which weights of the trained rows: ``best``, or the plan's first without it;
            several where the matrices differ in it.
        remarks: a sentence for each thing that holds for all rows.
        left_out: a sentence for each thing that is not there.
    """

    rows: tuple[Standing, ...]
    by: str
    selection: str
    remarks: tuple[str, ...]
    left_out: tuple[str, ...]


def leaderboard(*jobs: MatrixJob, each_seed: bool = False, by: str = OCCLUDED) -> Board:
    """Ranks the trained rows and the given models of matrices; loads no framework.

    Neighbours are tied where an exact test face by face, Holm's correction over all neighbours,
    gives p of 0.05 or more: McNemar's on covered faces for single runs, else that of
    ``matrix.paired.signs_p``. Where predictions are gone they are tied where the intervals meet.

    Args:
        jobs: one matrix or several that test the same faces, each with its own plan.
        each_seed: a row for each seed instead of their mean.
        by: what to rank by, one of ``KEYS``; the smallest gap is the best.

    Raises:
        DataError: a matrix lacks the normal or the occluded test, or two test other faces.
        MissingCells: there is no row at all yet.
        UnknownName: nothing is ranked by that.
    """
    if by not in KEYS:
        raise UnknownName("order", by, KEYS)
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
    chosen = ", ".join(dict.fromkeys(selections))
    return Board(ranked(rows, by), by, chosen, _common(jobs[0]), tuple(left_out))


def _check_tests(job: MatrixJob, first: MatrixJob) -> None:
    if not set(_TESTS) <= set(job.plan.test):
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
        frozenset(zip(tables[test]["id"], tables[test]["variant"], strict=True)) for test in _TESTS
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
        return rows, left_out
    for train, seeds in _groups(matrix, each_seed):
        row = _trained(job, matrix, train, seeds, selection)
        if row is None:
            left_out.append(
                f"The row '{train}' is left out: its predictions are gone, and its cells are of "
                f"other faces in each test. Run 'occbench matrix {job.name}' again."
            )
        else:
            rows.append(replace(row, name=f"{train}, seed {seeds[0]}") if each_seed else row)
    return rows, left_out


def _groups(matrix: Matrix, each_seed: bool) -> Iterator[tuple[str, tuple[int, ...]]]:
    groups = [(seed,) for seed in matrix.seeds] if each_seed else [matrix.seeds]
    return ((train, seeds) for train in matrix.trains for seeds in groups)


def _trained(
    job: MatrixJob, matrix: Matrix, train: str, seeds: Sequence[int], selection: str
) -> Standing | None:
    """A row of trained runs; None where only cells are left and each test has its own faces."""
    try:
        scores = {Row(train, seed): job.recall(Row(train, seed)) for seed in seeds}
    except MissingCells:
        if not _same_faces(job):
            return None
        row = _of_cells(matrix, train, seeds, selection)
    else:
        row = _of_scores(job, train, scores, selection)
    state = State.read(job.workspace.run(job.run(Row(train, seeds[0])).id))
    parameters = state.facts.get("parameters")
    return replace(row, kind="trained", seeds=len(seeds), parameters=parameters)


def _given(job: MatrixJob, model: StoredModel) -> Standing:
    scores = {(GIVEN, variant): found for variant, found in model.predictions.items()}
    return replace(
        _of_scores(job, model.name, {Row(model.name, 0): scores}, GIVEN),
        kind=str(model.record["kind"]),
        parameters=model.parameters,
        remarks=model.remarks,
    )


def _of_scores(job: MatrixJob, name: str, scores: Mapping[Row, Scores], selection: str) -> Standing:
    """A row from what its runs say, on the faces that both tests show."""
    faces = job.manifest.faces
    answers = gather_answers(
        scores,
        _columns(job),
        selection,
        classes=job.manifest.classes.names,
        groups=dict(zip(faces["id"], faces["group"], strict=True)),
    )
    normal, occluded = (list(answers.cells(name, test)) for test in _TESTS)
    right = Right(answers.right[normal], answers.right[occluded])
    drawn = answers.resample()
    gap = difference(drawn, normal, occluded)
    area = score(drawn, [*normal, *occluded])
    pairs = [
        [(int(row.sum()), row.size) for row in found] for found in (right.normal, right.occluded)
    ]
    return replace(
        _standing(name, *pairs),
        gap_low=gap.low,
        gap_high=gap.high,
        area_low=area.low,
        area_high=area.high,
        right=right,
    )


def _of_cells(matrix: Matrix, train: str, seeds: Sequence[int], selection: str) -> Standing:
    """A row whose predictions are gone."""
    pairs = [
        [
            (cell.correct, cell.n)
            for seed in seeds
            if (cell := matrix.cell(train, test, seed=seed, selection=selection))
        ]
        for test in _TESTS
    ]
    return _standing(train, *pairs)


def _standing(
    name: str, normal: Sequence[tuple[int, int]], occluded: Sequence[tuple[int, int]]
) -> Standing:
    """A row from how many faces of how many are right, for each seed."""
    (low, high), (covered_low, covered_high) = (
        (min(wilson(*each)[0] for each in found), max(wilson(*each)[1] for each in found))
        for found in (normal, occluded)
    )
    return Standing(
        rank=0,
        name=name,
        kind="",
        seeds=0,
        occluded=fmean(correct / n for correct, n in occluded),
        occluded_low=covered_low,
        occluded_high=covered_high,
        normal=fmean(correct / n for correct, n in normal),
        normal_low=low,
        normal_high=high,
    )


def _columns(job: MatrixJob) -> tuple[Column, ...]:
    """Both tests, less the faces that one of them does not show."""
    tables = {column.test: column.table for column in job.columns}
    common = set.intersection(*(set(tables[test]["id"]) for test in _TESTS))
    return tuple(Column(t, tables[t][tables[t]["id"].isin(common)]) for t in _TESTS)


def _same_faces(job: MatrixJob) -> bool:
    return len({frozenset(c.table["id"]) for c in job.columns if c.test in _TESTS}) == 1


def _common(job: MatrixJob) -> tuple[str, ...]:
    """What has to be said where each test shows its own faces."""
    if _same_faces(job):
        return ()
    faces = len(_columns(job)[0].table)
    return (
        "The tests show different faces, as membership is 'all'; every number here is of the "
        f"{faces:,} faces that stand in both.",
    )
