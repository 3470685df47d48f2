"""The learning curves of a study, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from occbench.report.figures import BLUE, GRID, INK, VERMILION, drawing, new_grid, save, settle
from occbench.study.job import Outcome, histories
from occbench.study.plan import StudyPlan

_LINES = {"loss": "val_loss", "accuracy": "val_accuracy"}


def curves(outcomes: Sequence[Outcome], plan: StudyPlan) -> Figure:
    """A column for each recipe, loss above and accuracy below, a line for each run.

    All panels of a row have the same axes, so that recipes can be compared; the chosen epochs
    are marked.
    """
    names = list(plan.recipes)
    with drawing():
        size = (1.2 + 1.9 * max(len(names), 2), 4.6)
        figure, grid = new_grid(2, len(names), size=size, sharex="col", sharey="row")
        for column, name in enumerate(names):
            grid[0, column].set_title(name)
            own = [one for one in outcomes if one.at.recipe == name]
            for row, (trained, validated) in enumerate(_LINES.items()):
                _panel(grid[row, column], own, trained, validated)
            grid[1, column].set_xlabel("epoch")
        grid[0, 0].set_ylabel("loss")
        grid[1, 0].set_ylabel("accuracy")
        grid[1, 0].yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f} %"))
        key = [
            Line2D([], [], color=BLUE, label="train"),
            Line2D([], [], color=VERMILION, label="validation"),
            Line2D([], [], color=INK, marker="o", linestyle="", mfc="white", label="best epoch"),
        ]
        figure.legend(handles=key, loc="outside lower center", ncols=3)
        return settle(figure)


def _panel(axes: Axes, outcomes: Sequence[Outcome], trained: str, validated: str) -> None:
    axes.grid(visible=True, color=GRID, linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5, min_n_ticks=1))
    for _, table, best in histories(outcomes):
        axes.plot(table["epoch"], table[trained], color=BLUE, linewidth=1)
        axes.plot(table["epoch"], table[validated], color=VERMILION, linewidth=1)
        chosen = table[table["epoch"] == best]
        axes.plot(chosen["epoch"], chosen[validated], "o", color=INK, mfc="white", markersize=5)


def draw(outcomes: Sequence[Outcome], plan: StudyPlan, folder: Path) -> None:
    """Writes ``curves.png`` and ``curves.svg``."""
    save(curves(outcomes, plan), folder, "curves")
