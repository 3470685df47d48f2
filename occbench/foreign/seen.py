"""Refuses a run of this workspace on test faces that it has learnt from."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from occbench.core.console import detail
from occbench.errors import DataError
from occbench.matrix.job import MatrixJob


def refuse_seen(job: MatrixJob, run_id: str) -> None:
    """Compares the test faces of a matrix with what a run was trained and chosen on.

    A run of another data set, and one whose split is gone, are let pass: ``-v`` says of the second
    that nothing could be checked.

    Raises:
        DataError: a face stands on both sides.
    """
    try:
        seen = _seen(job, run_id)
    except (OSError, ValueError, KeyError, TypeError):
        detail(f"What the run '{run_id}' was trained on cannot be checked: its split is gone.")
        return
    tested = next(iter(job.wanted().values()))
    both = [face for face in tested if face in seen]
    if both:
        raise DataError(
            f"The run '{run_id}' was trained or chosen on {len(both)} of the {len(tested)} faces "
            f"that test the matrix '{job.name}', the first '{both[0]}'. Take a run of a split with "
            "the same test faces."
        )


def _seen(job: MatrixJob, run_id: str) -> set[str]:
    run = json.loads((job.workspace.run(run_id) / "run.json").read_text(encoding="utf-8"))
    folder = job.workspace.splits() / str(run["split"])
    record = json.loads((folder / "split.json").read_text(encoding="utf-8"))
    if record["data_set"] != job.plan.data_set:
        return set()
    return {face for part in ("train", "val") for face in _ids(folder / f"{part}.csv")}


def _ids(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file)]
