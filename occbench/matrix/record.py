"""What a matrix was made from, written beside it, so that a call with nothing to do knows it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from occbench.core.digest import digest, file_digest
from occbench.dataset.manifest import read_digest
from occbench.errors import OccbenchError
from occbench.matrix.cell import Key
from occbench.matrix.cells import Matrix
from occbench.matrix.plan import Plan
from occbench.training.start import Start, find_start
from occbench.workspace import Workspace

SCHEMA = 1
PLAN, CELLS, TABLE, RECORD = "plan.toml", "cells.csv", "matrix.csv", "matrix.json"


def finished(workspace: Workspace, name: str, plan: Plan) -> Matrix | None:
    """The matrix, if all of it stands there and nothing it was made from has changed."""
    again = why_again(workspace, name, plan)
    return None if again else Matrix.from_csv(workspace.matrix(name) / CELLS)


def why_again(workspace: Workspace, name: str, plan: Plan) -> str:
    """Why ``occbench matrix`` would compute something, in a few words; empty if it would not.

    Raises:
        DataError: the data set is gone.
    """
    record, cells = read_record(workspace.matrix(name)), workspace.matrix(name) / CELLS
    if not record or not cells.is_file():
        return _gaps(workspace, name, plan) or "its record is gone"
    if record["inputs"] != inputs_of(workspace, plan):
        return _changed(workspace, plan, record.get("made_of", {}))
    if record["cells"] != file_digest(cells):
        return f"'{CELLS}' was changed"
    # A run that was trained anew has another state, though it may have ended too.
    if record["states"] != states_of(workspace, record["runs"].values()):
        return "a run was trained anew or is gone"
    if not _began_alike(workspace, plan, record.get("weights", "")):
        return "the weights that it begins with have changed"
    return _gaps(workspace, name, plan)


def missing_cells(workspace: Workspace, name: str, plan: Plan) -> tuple[list[Key], int]:
    """The cells of a plan that ``cells.csv`` lacks, and how many the plan has.

    Raises:
        DataError: the file cannot be read.
    """
    path = workspace.matrix(name) / CELLS
    known = {cell.key for cell in Matrix.from_csv(path).cells} if path.is_file() else set()
    wanted = Matrix(plan.train, plan.test, plan.seeds, plan.select, ()).missing()
    return [key for key in wanted if key not in known], len(wanted)


def _gaps(workspace: Workspace, name: str, plan: Plan) -> str:
    try:
        missing, wanted = missing_cells(workspace, name, plan)
    except OccbenchError:
        return f"'{CELLS}' cannot be read"
    return f"{len(missing)} of {wanted} cells are missing" if missing else ""


def _began_alike(workspace: Workspace, plan: Plan, weights: str) -> bool:
    """Whether the weights are what they were; what is gone since then cannot be told."""
    try:
        return find_start(workspace, plan.recipe, fetch=False).identity == weights
    except OccbenchError:
        return True


def stored_findings(workspace: Workspace, name: str) -> tuple[str, ...]:
    """What did not fit together in a finished matrix, a sentence each."""
    record = read_record(workspace.matrix(name))
    return tuple(record["findings"]) if record else ()


def states_of(workspace: Workspace, runs: Iterable[str]) -> str:
    """Changes when one of the runs goes on or is trained anew."""
    paths = [workspace.run(run_id) / "state.json" for run_id in runs]
    return digest([file_digest(path) if path.is_file() else "" for path in paths])


def inputs_of(workspace: Workspace, plan: Plan) -> str:
    """Changes with the plan and with the data set."""
    return digest([*made_of(workspace, plan).values()])


def made_of(workspace: Workspace, plan: Plan) -> dict[str, str]:
    """The same in parts, to say which of them has changed."""
    path = workspace.manifest(plan.data_set)
    # The table itself too: a label that was changed by hand must not go unnoticed.
    return {"plan": plan.to_toml(), "manifest": read_digest(path), "table": file_digest(path)}


def same_data(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether two of ``made_of`` are of one state of the data set."""
    return all(before.get(key) == now[key] for key in ("manifest", "table"))


def _changed(workspace: Workspace, plan: Plan, before: Mapping[str, str]) -> str:
    """What of a matrix's inputs has changed; an older record does not tell."""
    now, words = made_of(workspace, plan), []
    if set(before) != set(now):
        return "its plan or its data set has changed"
    if before["plan"] != now["plan"]:
        was, new = (_flat(tomllib.loads(text)) for text in (before["plan"], now["plan"]))
        keys = [key for key in {**was, **new} if was.get(key) != new.get(key)]
        words.append(f"its plan has changed ({', '.join(keys)})")
    if not same_data(before, now):
        words.append(f"the data set '{plan.data_set}' has changed")
    return " and ".join(words) or "its plan or its data set has changed"


def _flat(values: Mapping[str, Any], start: str = "") -> dict[str, Any]:
    """The keys of nested tables with dots between."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        inner = isinstance(value, Mapping)
        found |= _flat(value, f"{start}{key}.") if inner else {f"{start}{key}": value}
    return found


def read_record(folder: Path) -> dict[str, Any] | None:
    """The record of a matrix; None where there is none that this version reads."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    needed = {"inputs", "cells", "splits", "runs", "states", "findings"}
    fits = isinstance(record, dict) and record.get("schema") == SCHEMA and needed <= set(record)
    return record if fits else None


def start_of(workspace: Workspace, name: str, plan: Plan, *, fetch: bool) -> Start:
    """What the runs of a matrix begin with.

    Weights that are gone since the matrix was made are known by what it has recorded: its
    finished runs need no more of them.

    Raises:
        DataError: as ``find_start``, where nothing was recorded.
    """
    try:
        return find_start(workspace, plan.recipe, fetch=fetch)
    except OccbenchError:
        record = read_record(workspace.matrix(name)) or {"inputs": ""}
        if not record.get("weights") or record["inputs"] != inputs_of(workspace, plan):
            raise
        return Start("weights that are gone", None, record["weights"])
