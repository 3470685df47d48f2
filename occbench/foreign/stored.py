"""Given models beside a matrix: what stands on disk, whether it still fits, and their cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from occbench.core.atomic import write_text
from occbench.core.digest import digest, file_digest
from occbench.dataset.manifest import read_digest
from occbench.errors import DataError, OccbenchError
from occbench.foreign.source import RUN
from occbench.matrix.cell import GIVEN, Cell, with_relative_changes
from occbench.matrix.cell_files import COLUMNS, csv_text
from occbench.matrix.choose import stored_plan
from occbench.matrix.fill import Row, fill
from occbench.matrix.job import MatrixJob, open_job
from occbench.matrix.record import read_record
from occbench.training.predictions import Predictions, predictions_path
from occbench.training.recipe import NO_WEIGHTS
from occbench.training.train import painted_digest
from occbench.workspace import Workspace

SCHEMA = 1
MODELS, TABLE, RECORD = "models", "models.csv", "model.json"

UNKNOWN = "selection unknown: nobody here knows how its weights were chosen, or on which faces"

_NEEDED = {"kind", "source", "identity", "spec", "classes", "faces", "remarks"}


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A model that was shown every test face of a matrix.

    Attributes:
        name: of its row.
        record: the content of ``model.json``.
        cells: one for each column, selection ``given``.
        predictions: by variant; every row of scores sums to 1.
    """

    name: str
    record: Mapping[str, Any]
    cells: tuple[Cell, ...]
    predictions: Mapping[str, Predictions]

    @property
    def parameters(self) -> int | None:
        """How many numbers it has learnt; None where its file does not tell."""
        found = self.record.get("parameters")
        return None if found is None else int(found)

    @property
    def has_probabilities(self) -> bool:
        """Whether its scores mean probabilities; else only which is the highest means something."""
        return bool(self.record["spec"]["output"] != "scores")

    @property
    def remarks(self) -> tuple[str, ...]:
        """What has to stand below every table that shows it, a few words each.

        The first is ``UNKNOWN``, unless the model is a run of this workspace.
        """
        first = UNKNOWN
        if self.record["kind"] == RUN:
            first = f"is epoch {self.record['facts']['epoch']} of a run, chosen by its validation"
        return (first, *self.record["remarks"])


@dataclass(frozen=True, eq=False)
class StoredModels:
    """The given models of a matrix.

    Attributes:
        models: those whose predictions are whole and of the test faces as they are now, by name.
        unfit: why another one is not among them, a few words by name.
    """

    models: tuple[StoredModel, ...]
    unfit: Mapping[str, str]


def stored_models(workspace: Workspace, name: str | None) -> StoredModels:
    """The given models of a matrix, read from disk; loads no framework.

    Args:
        workspace: where the matrix is.
        name: of the matrix; the only one if None.

    Raises:
        UnknownName, DataError: there is no such matrix, or its faces cannot be shared out.
    """
    chosen, _ = stored_plan(workspace, name)
    if not (workspace.matrix(chosen) / MODELS).is_dir():
        return StoredModels((), {})
    return models_of(faces_job(workspace, chosen))


def faces_job(workspace: Workspace, name: str | None) -> MatrixJob:
    """A matrix for its test faces alone; nothing is written, and no weights are looked for.

    Raises:
        UnknownName, DataError: as ``stored_models``.
    """
    chosen, plan = stored_plan(workspace, name)
    if read_record(workspace.matrix(chosen)) is None:
        # What the runs begin with does not matter to who is tested.
        plan = replace(plan, recipe=replace(plan.recipe, weights=NO_WEIGHTS))
    return open_job(workspace, chosen, plan, dry_run=True)


def models_of(job: MatrixJob) -> StoredModels:
    """The given models of a matrix whose job is open already."""
    models, unfit = [], {}
    now = faces_digest(job)
    for path in sorted((job.folder / MODELS).glob(f"*/{RECORD}")):
        name = path.parent.name
        try:
            record = read_model(path.parent)
            if record["faces"] != now:
                unfit[name] = "the test faces have changed since it was evaluated"
                continue
            models.append(_model(job, path.parent, record))
        except OccbenchError as error:
            unfit[name] = str(error)
    return StoredModels(tuple(models), unfit)


def read_model(folder: Path) -> dict[str, Any]:
    """The record of a model.

    Raises:
        DataError: it cannot be read or is of another schema.
    """
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"'{path}' cannot be read: {error}. Evaluate it with --force.") from error
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema != SCHEMA:
        raise DataError(f"'{path}' has schema {schema!r}; this version reads {SCHEMA}.")
    if not record.keys() >= _NEEDED:
        raise DataError(f"'{path}' lacks {sorted(_NEEDED - record.keys())[0]}; use --force.")
    return dict(record)


def missing_variants(job: MatrixJob, folder: Path) -> list[str]:
    """The variants that a model was not shown yet.

    Raises:
        DataError: a file of predictions is broken.
    """
    return [v for v, ids in job.wanted().items() if _predictions(folder, v, ids) is None]


def write_table(job: MatrixJob) -> StoredModels:
    """Writes ``models.csv`` anew from the predictions of all models that fit."""
    found = models_of(job)
    cells = [astuple(cell) for model in found.models for cell in model.cells]
    write_text(job.folder / TABLE, csv_text(COLUMNS, cells))
    return found


def faces_digest(job: MatrixJob) -> str:
    """Changes with the test faces: who they are, their labels, and how they are shown."""
    path = job.workspace.manifest(job.plan.data_set)
    splits = job.splits.values()
    painted = []
    if job.wish.painted:
        painted = sorted({painted_digest(job.workspace, job.manifest.name, s) for s in splits})
    variants = {v: p for split in splits for v, p in split.record["variants"].items()}
    columns = {column.test: column.table.to_numpy().tolist() for column in job.columns}
    return digest([read_digest(path), file_digest(path), variants, columns, painted])


def _model(job: MatrixJob, folder: Path, record: dict[str, Any]) -> StoredModel:
    found = {}
    for variant, ids in job.wanted().items():
        stored = _predictions(folder, variant, ids)
        if stored is None:
            raise DataError(f"it did not finish '{variant}'; evaluate it again to go on")
        found[variant] = stored
    scores = {(GIVEN, variant): each for variant, each in found.items()}
    row = [Row(folder.name, 0)]
    cells = fill(row, job.columns, [GIVEN], len(job.manifest.classes.names), lambda _: scores)
    return StoredModel(folder.name, record, with_relative_changes(cells), found)


def _predictions(folder: Path, variant: str, ids: list[str]) -> Predictions | None:
    path = predictions_path(folder, GIVEN, variant)
    if not path.is_file():
        return None
    found = Predictions.read(path)
    return found if set(ids) <= set(found.ids) else None
