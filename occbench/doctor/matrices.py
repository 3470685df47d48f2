"""The matrices of a workspace and the given models beside them: whole, half done or stale."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from occbench.doctor.finding import BROKEN, MISSING, OK, OPEN, STALE, Finding, guarded
from occbench.errors import OccbenchError
from occbench.foreign.stored import (
    MODELS,
    RECORD,
    faces_digest,
    faces_job,
    missing_variants,
    read_model,
)
from occbench.matrix.fill import Row
from occbench.matrix.job import MatrixJob, open_job
from occbench.matrix.plan import Plan
from occbench.matrix.record import PLAN, read_record, why_again
from occbench.matrix.record import RECORD as MATRIX_RECORD
from occbench.occluders.base import NORMAL
from occbench.training.predictions import predictions_path
from occbench.training.run import State
from occbench.workspace import Workspace

MATRICES, GIVEN_MODELS = "matrices", "models"

_WORDS = ("predict again", "go on training", "train")


def look_at_matrix(workspace: Workspace, name: str) -> Iterator[Finding]:
    """Whether a matrix is finished, why it is not, and which of its models are whole."""
    plan = Plan.load(workspace.matrix(name) / PLAN)
    again = why_again(workspace, name, plan)
    if again:
        todo = f"Run 'occbench matrix {name}'{work_left(workspace, name, plan)}."
        yield Finding(MATRICES, OPEN, f"{name}: {again}", todo)
    else:
        yield Finding(MATRICES, OK, f"{name}: finished")
        yield from _predictions_gone(workspace, name, plan)
    yield from _models(workspace, name)


def work_left(workspace: Workspace, name: str, plan: Plan) -> str:
    """What a call would do, to go on a sentence: ``: 2 of 4 runs are reused, 2 are to train``.

    Empty where it cannot be told, as the data set or the weights to begin with do not fit.
    """
    try:
        job = open_job(workspace, name, plan, dry_run=True)
        left = [_left(job, row) for row in job.rows]
    except OccbenchError:
        return ""
    parts = [f"{left.count('')} of {len(left)} runs are reused"]
    parts += [f"{left.count(word)} to {word}" for word in _WORDS if word in left]
    return f": {', '.join(parts)}"


def _left(job: MatrixJob, row: Row) -> str:
    """What is to do for a row, one of ``_WORDS``; empty if nothing is."""
    state = State.read(job.workspace.run(job.run(row).id))
    if not state.ended:
        return "go on training" if state.last else "train"
    try:
        job.recall(row)
    except OccbenchError:
        return "predict again"
    return ""


def _predictions_gone(workspace: Workspace, name: str, plan: Plan) -> Iterator[Finding]:
    """Whether the predictions behind a finished matrix are all there, and none is torn."""
    record = read_record(workspace.matrix(name))
    runs = list(record["runs"].values()) if record else []
    shown = [NORMAL] if {"normal", "mixed"} & set(plan.test) else []
    shown += [plan.occluder] if {"occluded", "mixed"} & set(plan.test) else []
    torn, gone = [], []
    for run in runs:
        paths = [
            predictions_path(workspace.run(run), selection, variant)
            for selection in plan.select
            for variant in shown
        ]
        torn += [path for path in paths if path.is_file() and not _is_whole(path)]
        gone += [path for path in paths if not path.is_file()]
    again = (
        f"The cells stay. To predict again, delete '{workspace.matrix(name) / MATRIX_RECORD}' and "
        f"run 'occbench matrix {name}'."
    )
    for paths, status, words in ((torn, BROKEN, "are damaged"), (gone, MISSING, "are gone")):
        if paths:
            text = f"{name}: predictions that {words}: {len(paths)}, the first '{paths[0]}'"
            extra = "Delete what is damaged. " if status == BROKEN else ""
            yield Finding(MATRICES, status, text, extra + again)


def _is_whole(path: Path) -> bool:
    """Whether a file of predictions has all its bytes, by its checksums; nothing is decoded."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile):
        return False


def _models(workspace: Workspace, name: str) -> Iterator[Finding]:
    """How many given models are whole, and each that is not."""
    folders = sorted(path.parent for path in (workspace.matrix(name) / MODELS).glob(f"*/{RECORD}"))
    if not folders:
        return
    job = faces_job(workspace, name)
    now = faces_digest(job)
    found: list[Finding] = []
    for folder in folders:
        found += guarded(GIVEN_MODELS, f"{name}/{folder.name}", _model, job, folder, now)
    others = [each for each in found if each.status != OK]
    if len(found) > len(others):
        yield Finding(GIVEN_MODELS, OK, f"{name}: {len(found) - len(others)} evaluated")
    yield from others


def _model(job: MatrixJob, folder: Path, now: str) -> Finding:
    subject = f"{job.name}/{folder.name}"
    if read_model(folder)["faces"] != now:
        text = f"{subject}: the test faces have changed since it was evaluated"
        todo = "Repeat its 'occbench evaluate' with --force."
        return Finding(GIVEN_MODELS, STALE, text, todo)
    missing, wanted = missing_variants(job, folder), len(job.wanted())
    if not missing:
        return Finding(GIVEN_MODELS, OK, subject)
    text = f"{subject}: {wanted - len(missing)} of {wanted} ways to show the faces are done"
    return Finding(GIVEN_MODELS, OPEN, text, "Repeat its 'occbench evaluate'; it goes on.")
