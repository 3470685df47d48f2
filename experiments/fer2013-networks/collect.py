"""Copies the small files of the finished networks from a workspace into `results`.

    python experiments/fer2013-networks/collect.py WORKSPACE

Tables, chosen recipes and a figure; never weights, predictions or pictures of people.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd

import occbench
from occbench.foreign.board import leaderboard
from occbench.matrix.choose import stored_plan
from occbench.matrix.job import open_job
from occbench.report.model_rows import board_csv
from occbench.training.run import State
from occbench.workspace import Workspace

mpl.use("Agg")

HERE = Path(__file__).parent
RESULTS = HERE / "results"
TRAINED = ("normal", "mixed-paired")


def numbers(workspace: Workspace, names: list[str]) -> dict[str, pd.DataFrame]:
    """All cells, and all gaps with their intervals, of every network."""
    found = {name: occbench.load_matrix(workspace.root, name) for name in names}
    cells = [matrix.cells.assign(network=name) for name, matrix in found.items()]
    gaps = [matrix.gaps().assign(network=name) for name, matrix in found.items()]
    parts = {"cells": cells, "gaps": gaps}
    return {key: pd.concat(tables).set_index("network") for key, tables in parts.items()}


def times(workspace: Workspace, names: list[str]) -> pd.DataFrame:
    """Parameters, and seconds of the quickest epoch of the normal row."""
    rows = []
    for name in names:
        job = open_job(workspace, *stored_plan(workspace, name), dry_run=True)
        state = State.read(workspace.run(job.run(job.rows[0]).id))
        seconds = min(row["seconds"] for row in state.epochs)
        rows.append((name, state.facts["parameters"], seconds, state.facts["machine"]))
    return pd.DataFrame(rows, columns=["network", "parameters", "seconds_per_epoch", "machine"])


def draw(cells: pd.DataFrame, path: Path) -> None:
    """Accuracy on normal and on occluded faces, a line for each network and training."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.6), layout="constrained")
    order = cells[cells["train"].eq("normal") & cells["test"].eq("occluded")]
    names = order.sort_values("accuracy").index.tolist()
    for axes, train in zip(figure.subplots(1, 2, sharex=True, sharey=True), TRAINED, strict=True):
        for place, name in enumerate(names):
            row = cells.loc[[name]].query("train == @train").set_index("test")
            if row.empty:
                continue
            ends = 100 * row.loc[["occluded", "normal"], "accuracy"]
            axes.plot(ends, [place, place], color="0.6", zorder=1)
            axes.scatter(ends.iloc[1], place, facecolor="white", edgecolor="#0072b2", zorder=2)
            axes.scatter(ends.iloc[0], place, color="#d55e00", zorder=2)
        axes.set_title(f"trained on {train} faces", fontsize=10)
        axes.set_xlabel("accuracy, %")
        axes.set_yticks(range(len(names)), names)
        axes.grid(axis="x", color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(
        handles=figure.axes[0].collections[:2],
        labels=["uncovered", "covered"],
        ncols=2,
        loc="outside lower center",
        frameon=False,
    )
    figure.savefig(path, dpi=110, metadata={"Software": None})


def main() -> None:
    """Writes everything."""
    workspace = Workspace.find(Path(sys.argv[1]))
    names = sorted(path.parent.name for path in workspace.root.glob("matrices/*/matrix.json"))
    names = [name for name in names if (workspace.root / "networks" / f"{name}.toml").exists()]
    RESULTS.mkdir(exist_ok=True)
    for key, table in numbers(workspace, names).items():
        table.to_csv(RESULTS / f"{key}.csv", lineterminator="\n")
        if key == "cells":
            draw(table, RESULTS / "networks.png")
    times(workspace, names).to_csv(RESULTS / "times.csv", index=False, lineterminator="\n")
    rates = [pd.read_csv(workspace.root / "networks" / f"{name}-rates.csv") for name in names]
    pd.concat(rates).to_csv(RESULTS / "rates.csv", index=False, lineterminator="\n")
    jobs = [open_job(workspace, *stored_plan(workspace, name), dry_run=True) for name in names]
    (RESULTS / "board.csv").write_text(board_csv(leaderboard(*jobs)), encoding="utf-8")
    for name in names:
        shutil.copyfile(workspace.root / "networks" / f"{name}.toml", RESULTS / f"{name}.toml")


if __name__ == "__main__":
    main()
