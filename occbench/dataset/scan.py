"""Scans a data set into a workspace."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from occbench.core.atomic import write_text
from occbench.core.console import detail
from occbench.core.lock import sole_writer
from occbench.dataset.adapters.base import Problem, Scan, adapter
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
        _write_problems(workspace.problems(name), found.problems)
        found.manifest.write(manifest, commit=lambda: workspace.set_data_root(name, found.root))
    detail(f"Manifest: {manifest}; images below {found.root}")
    return found


def _write_problems(path: Path, problems: tuple[Problem, ...]) -> None:
    if not problems:
        path.unlink(missing_ok=True)
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["item", "reason"])
    writer.writerows((problem.item, problem.reason) for problem in problems)
    write_text(path, text.getvalue())
