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
    if not failures:
        path.unlink(missing_ok=True)
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "reason"])
    writer.writerows((failure.id, failure.reason) for failure in failures)
    write_text(path, text.getvalue())


def read_failures(path: Path) -> dict[str, str]:
    """Reasons by id; empty where there is no such file."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return {row["id"]: row["reason"] for row in csv.DictReader(file)}
