"""Gathers what a report shows from a finished matrix; computes nothing that needs Keras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from occbench.errors import MissingCells
from occbench.foreign.stored import models_of
from occbench.matrix.answers import Answers, answers_of
from occbench.matrix.cells import Matrix
from occbench.matrix.fill import choose
from occbench.matrix.job import MatrixJob
from occbench.matrix.metrics import Confusion, confusion
from occbench.matrix.record import finished, missing_cells
from occbench.reference.compare import compare_with_reference
from occbench.reference.published import Reference
from occbench.report.explanations import explanations_of
from occbench.report.facts import Published, ReportFacts
from occbench.report.lost_faces import most_lost
from occbench.report.made_of import how_it_was_made, left_out, limits_of
from occbench.report.pictures import sample_sheet, with_pictures
from occbench.report.study import study_of
from occbench.training.run import State
from occbench.training.start import at_random

FEW_GROUPS = 30
"""Below it clustered intervals are known to be too narrow: "five to thirty" clusters in Cameron,
Gelbach and Miller 2008, "Bootstrap-based improvements for inference with clustered errors"."""
TOO_FEW_GROUPS = 20
"""Below it that is no limit but a warning; a choice of ours within their range."""


def gather(
    job: MatrixJob, *, references: Sequence[Reference] = (), pictures: bool = True
) -> ReportFacts:
    """Everything the report of a matrix shows.

    Args:
        job: the matrix.
        references: published reports that are to stand beside it.
        pictures: whether faces may be shown.

    Raises:
        MissingCells: the matrix is not whole, or its plan or data set has changed since.
        DataError: predictions are not of the faces that the columns show.
    """
    matrix = finished(job.workspace, job.name, job.plan)
    if matrix is None:
        raise MissingCells(
            f"The matrix '{job.name}' is not whole: {_what_is_missing(job)}. Run 'occbench matrix "
            f"{job.name}' first."
        )
    states = {row: State.read(job.workspace.run(job.run(row).id)) for row in job.rows}
    answers = {selection: answers_of(job, selection) for selection in job.plan.select}
    first = answers[job.plan.select[0]]
    few, too_few = few_groups(first)
    lost = most_lost(first)
    return ReportFacts(
        title=job.name,
        matrix=matrix,
        classes=job.manifest.classes.names,
        confusions=dict(_confusions(job)),
        histories={(r.train, r.seed): pd.DataFrame(list(s.epochs)) for r, s in states.items()},
        best_epochs={(row.train, row.seed): state.best for row, state in states.items()},
        sheet=sample_sheet(job) if pictures else None,
        recipe=job.plan.recipe.to_toml(),
        facts=list(how_it_was_made(job, states)),
        left_out=left_out(job),
        alarms=tuple(
            f"{row.train}, seed {row.seed}, {alarm}"
            for row, state in states.items()
            for alarm in state.alarms
        ),
        warnings=(*job.findings(matrix), *too_few),
        limits=(*limits_of(job), *_shared(first, matrix), *few),
        banner=at_random(job.plan.recipe, job.workspace),
        studies={selection: study_of(one) for selection, one in answers.items()},
        lost=with_pictures(job, lost) if pictures else lost,
        models=models_of(job),
        published=tuple(_published(job, matrix, one) for one in references),
        pictures=pictures,
        explained=tuple(explanations_of(job)),
    )


def few_groups(answers: Answers) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A limit or a warning: whole groups are drawn, and of a few there is too little to draw."""
    groups = len(set(answers.groups))
    if not answers.grouped or groups >= FEW_GROUPS:
        return (), ()
    told = (
        f"The {len(answers.ids):,} test faces come from {groups} groups, such as persons. Faces "
        "of one group resemble each other, so the intervals of differences rest on "
        f"{groups} cases and are as a rule too narrow."
    )
    return ((), (told,)) if groups < TOO_FEW_GROUPS else ((told,), ())


def _what_is_missing(job: MatrixJob) -> str:
    missing, wanted = missing_cells(job.workspace, job.name, job.plan)
    if not missing:
        return "its runs, plan or data set have changed"
    train, test, seed, selection = missing[0]
    return (
        f"{len(missing)} of {wanted} cells are missing, the first: train {train}, test "
        f"{test}, seed {seed}, {selection}"
    )


def _confusions(job: MatrixJob) -> Iterator[tuple[tuple[str, str, int, str], Confusion]]:
    classes = len(job.manifest.classes.names)
    for row in job.rows:
        scores = job.recall(row)
        for selection in job.plan.select:
            for column in job.columns:
                labels, predicted = choose(scores, selection, column.table)
                counts = confusion(labels, predicted, classes)
                yield (row.train, column.test, row.seed, selection), counts


def _shared(answers: Answers, matrix: Matrix) -> Iterator[str]:
    """A sentence where faces that not every column shows take no part in comparisons."""
    shared = len(answers.ids)
    if any(cell.n != shared for cell in matrix.cells):
        yield (
            f"Differences between cells, gaps and faces lost are those of the {shared:,} faces "
            "that stand in every column."
        )


def _published(job: MatrixJob, matrix: Matrix, reference: Reference) -> Published:
    plan = job.plan
    rows = compare_with_reference(
        matrix,
        reference,
        data_set=str(job.manifest.facts.get("adapter", "")),
        classes=job.manifest.classes.names,
        occluder=plan.occluder,
        part="official" if plan.partitions.source == "official" else "drawn anew",
    )
    return Published(reference, rows)
