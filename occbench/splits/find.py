"""Finds a split that was built before, by its mode or its folder's name."""

from __future__ import annotations

import json
from pathlib import Path

from occbench.dataset.manifest import Manifest, read_digest
from occbench.errors import DataError, StaleState, UnknownName
from occbench.splits.modes import MODES
from occbench.splits.split import Split
from occbench.workspace import Workspace


def find_split(workspace: Workspace, manifest: Manifest, name: str) -> Split:
    """The split meant: a folder's name, or the only one of a mode that is not stale.

    Raises:
        UnknownName: neither a mode nor a folder.
        DataError: there is no split of the mode, or more than one.
        StaleState: the data set has changed since the only ones were built.
    """
    digest = read_digest(workspace.manifest(manifest.name))
    if name not in MODES:
        folders = [path.name for path in _folders(workspace)]
        if name not in folders:
            raise UnknownName("split", name, (*MODES, *folders))
        return Split.read(workspace.splits() / name, manifest, digest)
    records = {path: _record(path) for path in _folders(workspace)}
    mine = [
        path
        for path, record in records.items()
        if record.get("mode") == name and record.get("data_set") == manifest.name
    ]
    fresh = [path for path in mine if records[path].get("manifest") == digest]
    if mine and not fresh:
        raise StaleState(
            f"The data set '{manifest.name}' has changed since its splits were built. Run "
            "'occbench build-splits' again."
        )
    if not fresh:
        raise DataError(
            f"'{manifest.name}' has no split '{name}'. Run 'occbench build-splits "
            f"{manifest.name} --mode {name}' first."
        )
    if len(fresh) > 1:
        names = ", ".join(path.name for path in fresh)
        raise DataError(f"There are {len(fresh)} splits '{name}': {names}. Name one of them.")
    return Split.read(fresh[0], manifest, digest)


def _folders(workspace: Workspace) -> list[Path]:
    return sorted(path.parent for path in workspace.splits().glob("*/split.json"))


def _record(folder: Path) -> dict[str, object]:
    try:
        record = json.loads((folder / "split.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
