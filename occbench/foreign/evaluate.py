"""Shows a model every test face of a matrix and stores what it says; resumable.

What a model's folder holds belongs to one model, one spec and one set of faces. Each look at the
faces is written down before it happens.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from occbench import __version__
from occbench.core.atomic import write_text
from occbench.core.console import detail, progress
from occbench.core.journal import Journal
from occbench.core.lock import sole_writer
from occbench.errors import StaleState
from occbench.foreign.class_map import ClassMap, match_classes
from occbench.foreign.outputs import checked, class_scores
from occbench.foreign.seen import refuse_seen
from occbench.foreign.source import RUN, Source, find_source
from occbench.foreign.spec import ModelSpec, load_spec
from occbench.foreign.stored import (
    MODELS,
    RECORD,
    SCHEMA,
    StoredModel,
    faces_digest,
    faces_job,
    missing_variants,
    read_model,
    write_table,
)
from occbench.matrix.cell import GIVEN
from occbench.matrix.job import MatrixJob
from occbench.matrix.record import inputs_of, made_of, read_record, same_data
from occbench.training.data import Data, open_data
from occbench.training.predictions import Predictions, predictions_path
from occbench.training.run import READS
from occbench.workspace import Workspace

if TYPE_CHECKING:
    from occbench.foreign.networks import Network
    from occbench.training.inputs import Shown
    from occbench.training.recipe import Recipe

# What may not change under one name, in words for the refusal.
_FIXED = {
    "identity": "the model",
    "spec": "its spec",
    "classes": "the class map",
    "faces": "the test faces",
}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A model and the matrix whose test faces it is to see.

    Attributes:
        job: the matrix.
        source: the model, not loaded yet.
        spec: what it takes and gives.
        chart: its classes among the data set's.
        name: of its row.
        todo: variants that it was not shown yet; all of them where ``changed`` is not empty.
        changed: what differs from what stands under this name, in words.
    """

    job: MatrixJob
    source: Source
    spec: ModelSpec
    chart: ClassMap
    name: str
    todo: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Of the model, below that of the matrix."""
        return self.job.folder / MODELS / self.name

    @property
    def warning(self) -> str:
        """A sentence where the matrix was made of other faces than the model is shown; or empty."""
        job, record = self.job, read_record(self.job.folder)
        if record is None or record["inputs"] == inputs_of(job.workspace, job.plan):
            return ""
        before, now = record.get("made_of", {}), made_of(job.workspace, job.plan)
        if same_data(before, now):
            return ""
        return (
            f"The data set '{job.plan.data_set}' has changed since the matrix '{job.name}' was "
            "made; the model is shown the faces as they are now. Run 'occbench matrix "
            f"{job.name}' before you compare it with trained rows."
        )


def plan_evaluation(
    workspace: Workspace,
    model: str,
    *,
    matrix: str | None = None,
    spec_path: Path | None = None,
    name: str | None = None,
) -> Evaluation:
    """Finds model, spec, classes and faces and what is left to do; loads and writes nothing.

    Raises:
        UnknownName, DataError: a part of it is not there or does not fit.
    """
    job = faces_job(workspace, matrix)
    source = find_source(workspace, model)
    chosen = source.name(name)
    spec = load_spec(spec_path, source.known)
    chart = match_classes(spec, job.manifest.classes.names)
    if "run" in source.facts:
        refuse_seen(job, str(source.facts["run"]))
    folder = job.folder / MODELS / chosen
    changed: tuple[str, ...] = ()
    todo = list(job.wanted())
    if _has_answers(folder):
        stored, now = read_model(folder), _identity(job, source, spec, chart)
        changed = tuple(words for key, words in _FIXED.items() if stored[key] != now[key])
        todo = todo if changed else missing_variants(job, folder)
    return Evaluation(job, source, spec, chart, chosen, tuple(todo), changed)


def evaluate(task: Evaluation, *, command: str, force: bool = False) -> StoredModel:
    """Shows the model what it has not seen yet and gives its row.

    Args:
        task: from ``plan_evaluation``.
        command: what was typed, for the record of looks.
        force: throw away what stands under this name and begin anew.

    Raises:
        StaleState: another model, spec, map or other faces stand under this name.
        Busy: another process is evaluating for this matrix.
        DataError: the model cannot be opened, or what it gives is not as the spec says.
    """
    if task.changed and not force:
        raise StaleState(
            f"'{task.folder}' was made with something else: {' and '.join(task.changed)} "
            f"{'have' if len(task.changed) > 1 else 'has'} changed. Take another --as NAME, or "
            "--force to throw it away and evaluate anew."
        )
    models = task.folder.parent
    models.mkdir(parents=True, exist_ok=True)
    with sole_writer(models):
        todo = list(task.job.wanted()) if force else _still_missing(task)
        if todo:
            _show(task, todo, command=command, force=force)
        found = write_table(task.job)
    return next(model for model in found.models if model.name == task.name)


def _still_missing(task: Evaluation) -> list[str]:
    """What is to do now that nobody else can write: another process may have been first."""
    if not _has_answers(task.folder):
        return list(task.job.wanted())
    now = _identity(task.job, task.source, task.spec, task.chart)
    if any(read_model(task.folder)[key] != now[key] for key in _FIXED):
        raise StaleState(
            f"Another process has just evaluated another model as '{task.name}'. Take another "
            "--as NAME."
        )
    return missing_variants(task.job, task.folder)


def _has_answers(folder: Path) -> bool:
    """Whether a model has said something here that must not be mixed with another's answers."""
    return (folder / RECORD).is_file() and any((folder / "predictions").glob("*.npz"))


def _identity(
    job: MatrixJob, source: Source, spec: ModelSpec, chart: ClassMap
) -> Mapping[str, Any]:
    # How many faces go through at once decides no score.
    kept = {key: value for key, value in spec.describe().items() if key != "batch_size"}
    return {
        "identity": source.identity,
        "spec": kept,
        "classes": chart.describe(),
        "faces": faces_digest(job),
    }


def _show(task: Evaluation, todo: list[str], *, command: str, force: bool) -> None:
    from occbench.foreign.networks import open_network

    job, folder = task.job, task.folder
    network = open_network(task.source, task.spec)
    variants = {v: p for split in job.splits.values() for v, p in split.record["variants"].items()}
    # Size and channels are all that it asks a recipe for.
    like_a_recipe = cast("Recipe", task.spec)
    data = open_data(job.workspace, job.manifest, like_a_recipe, variants, painted=job.wish.painted)
    if force and folder.exists():
        # First the predictions: a kill in between leaves none that belong to nothing.
        shutil.rmtree(folder / "predictions", ignore_errors=True)
        (folder / RECORD).unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    if not _has_answers(folder):
        _write_record(task, network)
    for variant in todo:
        _show_variant(task, network, data, variant, command)


def _show_variant(
    task: Evaluation, network: Network, data: Data, variant: str, command: str
) -> None:
    shown = data.shown(pd.DataFrame({"id": task.job.wanted()[variant], "variant": variant}))
    look = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "selection": GIVEN,
        "variant": variant,
        "faces": len(shown),
        "command": command,
    }
    # Written down before the faces are seen: a kill must not hide a look.
    with Journal(task.folder / READS) as reads:
        reads.append([look])
    if task.source.kind == RUN:
        with Journal(task.source.path / READS) as reads:
            reads.append([{**look, "selection": "best"}])
    outputs = _outputs(task, network, data, shown)
    scores = class_scores(
        outputs, task.chart, kind=task.spec.output, ids=shown.ids, label=task.source.label
    )
    found = Predictions(tuple(shown.ids), shown.labels, scores, variant, GIVEN, 0)
    found.write(predictions_path(task.folder, GIVEN, variant))
    detail(f"{task.name}: {len(shown)} faces, {variant}")


def _outputs(task: Evaluation, network: Network, data: Data, shown: Shown) -> Any:
    """What the model gives for faces, float64 ``(N, K)``, in their order."""
    size = network.batch or task.spec.batch_size or network.usual
    starts = range(0, len(shown), size)
    parts = []
    for start in progress(
        starts, total=len(starts), label=f"{task.name} {shown.variants[0]}", unit=" batches"
    ):
        places = np.arange(start, min(start + size, len(shown)), dtype=np.intp)
        faces = shown.cut(data.pixels, data.show, places)
        # A model that takes so many faces and no other number is given the last ones again.
        short = network.batch - len(faces) if network.batch else 0
        whole = np.concatenate([faces, np.repeat(faces[-1:], short, axis=0)]) if short else faces
        found = checked(
            network.call(whole),
            faces=len(whole),
            classes=len(task.spec.classes),
            label=task.source.label,
        )
        parts.append(found[: len(faces)])
    return np.concatenate(parts)


def _write_record(task: Evaluation, network: Network) -> None:
    record = {
        "schema": SCHEMA,
        "kind": task.source.kind,
        "source": task.source.label,
        **_identity(task.job, task.source, task.spec, task.chart),
        "remarks": list(task.chart.remarks()),
        "parameters": network.parameters,
        "facts": dict(task.source.facts),
        "versions": {"occbench": __version__, **network.versions},
    }
    text = json.dumps(record, indent=2, ensure_ascii=False)
    write_text(task.folder / RECORD, text + "\n")
