"""Copies the small files of a finished experiment from a workspace into this folder.

    python experiments/fer2013-quest2/collect.py WORKSPACE [--matrix fer2013-quest2]

Tables, plan, histories and figures without faces; never weights, predictions or pictures of people.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import pandas as pd

from occbench.matrix.choose import stored_plan
from occbench.matrix.job import open_job
from occbench.matrix.record import CELLS, PLAN, TABLE
from occbench.workspace import Workspace

HERE = Path(__file__).parent
TOLERANCE = 0.03


@click.command()
@click.argument("workspace", type=click.Path(exists=True, path_type=Path))
@click.option("--matrix", default="fer2013-quest2", show_default=True)
def main(workspace: Path, matrix: str) -> None:
    """Copy the results of MATRIX out of WORKSPACE and write expected.csv from them."""
    found = Workspace.find(workspace)
    name, plan = stored_plan(found, matrix)
    job = open_job(found, name, plan)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    for file in (PLAN, CELLS, TABLE):
        shutil.copyfile(job.folder / file, results / file)
    for row in job.rows:
        history = found.run(job.run(row).id) / "history.csv"
        shutil.copyfile(history, results / f"history-{row.train}-seed{row.seed}.csv")
    report = found.report(f"matrix-{name}")
    for table in ("matrix-best.md", "matrix-last.md", "per-class-best.md"):
        shutil.copyfile(report / "tables" / table, results / table)
    for figure in ("heat-map-best.png", "learning-curves.png", "class-drop-best.png"):
        shutil.copyfile(report / "figures" / figure, results / figure)
    cells = pd.read_csv(results / CELLS)
    first = cells[cells["seed"] == plan.seeds[0]]
    expected = first[["train", "test", "selection", "accuracy"]].round(4)
    expected.assign(tolerance=TOLERANCE).to_csv(HERE / "expected.csv", index=False)
    click.echo(f"{results}: {len(cells)} cells")


if __name__ == "__main__":
    main()
