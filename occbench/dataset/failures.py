"""``failures.csv``: the items of a job that could not be done, each with its reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from occbench.core.atomic import write_text

FAILURES = "failures.csv"


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that could not be done, and why in one sentence."""

    id: str
    reason: str


def write_failures(path: Path, failures: Sequence[Failure]) -> None:
    """Writes the table; where nothing failed, the file is removed."""
    write_reasons(path, "id", [(failure.id, failure.reason) for failure in failures])


def write_reasons(path: Path, what: str, rows: Sequence[tuple[str, str]]) -> None:
    """Writes a table of two columns, ``what`` and reason; without rows the file is removed."""
    if not rows:
        path.unlink(missing_ok=True)
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([(what, "reason"), *rows])
    write_text(path, text.getvalue())


def read_failures(path: Path) -> dict[str, str]:
    """Reasons by id; empty where there is no such file."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return {row["id"]: row["reason"] for row in csv.DictReader(file)}
