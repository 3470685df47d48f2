"""What stands in a workspace: splits, runs, matrices and caches, each fine, stale or unfinished."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from occbench.dataset.manifest import read_digest
from occbench.doctor.finding import BROKEN, MISSING, OK, OPEN, STALE, Finding, guarded
from occbench.doctor.matrices import MATRICES, look_at_matrix
from occbench.doctor.rooms import DATA, look_at_data_set, size_text
from occbench.errors import DataError, OccbenchError
from occbench.models import published
from occbench.models.base import REGISTRY, Backbone
from occbench.training.run import DIVERGED, FINISHED, State, read_recipe
from occbench.workspace import Workspace

SPLITS, RUNS, CACHES, WEIGHTS = "splits", "runs", "caches", "weights"


def look_at_all(workspace: Workspace) -> list[Finding]:
    """Everything in a workspace, in the order in which it is made."""
    found: list[Finding] = []
    for name in workspace.names():
        found += guarded(DATA, name, look_at_data_set, workspace, name)
    if not found:
        found.append(Finding(DATA, MISSING, "none was scanned", "Run 'occbench scan'."))
    found += _look_at_splits(workspace)
    found += _look_at_runs(workspace)
    for name in workspace.matrix_names():
        found += guarded(MATRICES, name, look_at_matrix, workspace, name)
    for folder in _folders(workspace.cache()):
        found += guarded(CACHES, folder.name, _cache, folder)
    return found


def look_at_weights() -> Iterator[Finding]:
    """The published weights of each network that has some: where they are, or how to get them."""
    for name in REGISTRY.names():
        backbone: Backbone = REGISTRY.module(name).BACKBONE
        if not backbone.published:
            continue
        path = published.find(backbone.published, include_top=False)
        if path is None:
            yield Finding(WEIGHTS, MISSING, f"{name}: published weights", weights_todo(name))
            continue
        try:
            published.check_contents(path, backbone.published, include_top=False)
        except DataError as error:
            yield Finding(WEIGHTS, BROKEN, f"{name}: {error}")
        else:
            yield Finding(WEIGHTS, OK, f"{name}: '{path}', {size_text(path.stat().st_size)}")


def weights_todo(name: str) -> str:
    """How to get the published weights of a backbone."""
    backbone: Backbone = REGISTRY.module(name).BACKBONE
    file = published.file_name(backbone.published, include_top=False)
    return f"Run 'occbench fetch {name}', or put '{file}' into '{published.folder()}'."


def _look_at_splits(workspace: Workspace) -> Iterator[Finding]:
    """How many fit their data set, and each that does not."""
    digests: dict[str, str | None] = {}
    fitting: dict[str, int] = {}
    others = []
    for folder in _folders(workspace.splits()):
        try:
            record = json.loads((folder / "split.json").read_text(encoding="utf-8"))
            name, built_from = str(record["data_set"]), record["manifest"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            todo = "Delete the folder; 'occbench build-splits' builds it again."
            others.append(Finding(SPLITS, BROKEN, f"{folder.name}: split.json: {error}", todo))
            continue
        if name not in digests:
            digests[name] = _digest(workspace, name)
        if digests[name] == built_from:
            fitting[name] = fitting.get(name, 0) + 1
            continue
        gone = digests[name] is None
        text = f"'{name}' is gone or broken" if gone else f"'{name}' has changed since"
        todo = f"Run 'occbench build-splits {name}'; the folder may be deleted."
        others.append(Finding(SPLITS, STALE, f"{folder.name}: {text}", "" if gone else todo))
    for name, count in fitting.items():
        yield Finding(SPLITS, OK, f"{name}: {count} fit the data set as it is")
    yield from others


def _digest(workspace: Workspace, name: str) -> str | None:
    try:
        return read_digest(workspace.manifest(name))
    except (OccbenchError, OSError):
        return None


def _look_at_runs(workspace: Workspace) -> Iterator[Finding]:
    """How many are finished, and each that is not."""
    found: list[Finding] = []
    for run_id in workspace.run_ids():
        found += guarded(RUNS, run_id, _run, workspace, run_id)
    others = [each for each in found if each.status != OK]
    if len(found) > len(others):
        yield Finding(RUNS, OK, f"{len(found) - len(others)} finished")
    yield from others


def _run(workspace: Workspace, run_id: str) -> Finding:
    folder = workspace.run(run_id)
    state, recipe = State.read(folder), read_recipe(folder)
    if state.status == FINISHED:
        gone = [n for n in ("best", "last") if not (folder / f"{n}.weights.h5").is_file()]
        if not gone:
            return Finding(RUNS, OK, run_id)
        todo = "What was predicted stays; to train it anew, delete the folder."
        return Finding(RUNS, MISSING, f"{run_id}: its {' and '.join(gone)} weights", todo)
    if state.status == DIVERGED:
        text = f"{run_id}: diverged after epoch {state.last}; its last good weights are tested"
        return Finding(RUNS, OPEN, text, "Lower the recipe's learning_rate: another run.")
    text = f"{run_id}: {state.last} of at most {recipe.epochs} epochs"
    return Finding(RUNS, OPEN, text, "Repeat the call that began it; it goes on from there.")


def _cache(folder: Path) -> Finding:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Finding(CACHES, OK, f"{folder.name}: {size_text(size)}; may be deleted")


def _folders(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    return sorted(p for p in place.iterdir() if p.is_dir() and not p.name.startswith("."))
