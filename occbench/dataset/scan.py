"""Scans a data set into a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from occbench.core.console import detail
from occbench.core.lock import sole_writer
from occbench.dataset.adapters.base import Scan, adapter
from occbench.dataset.failures import write_reasons
from occbench.errors import DataError
from occbench.workspace import Workspace, checked_name


def scan(
    workspace: Workspace,
    kind: str,
    source: Path | None,
    *,
    name: str,
    workers: int,
    options: Mapping[str, Any],
) -> Scan:
    """Reads a data set with an adapter and writes its manifest, root and problems.

    Two scans of the same source write the same bytes.

    Raises:
        Busy: another process scans into the same workspace.
        DataError: the source is missing or not of the adapter's form.
        UnknownName: there is no such adapter.
    """
    if source is not None and not source.exists():
        raise DataError(f"'{source}' does not exist.")
    manifest = workspace.manifest(checked_name(name))
    manifest.parent.mkdir(parents=True, exist_ok=True)
    with sole_writer(manifest.parent):
        found = adapter(kind).scan(
            source, name=name, room=workspace.data(name), workers=workers, **options
        )
        problems = [(problem.item, problem.reason) for problem in found.problems]
        write_reasons(workspace.problems(name), "item", problems)
        found.manifest.write(manifest, commit=lambda: workspace.set_data_root(name, found.root))
    detail(f"Manifest: {manifest}; images below {found.root}")
    return found
