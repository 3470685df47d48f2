"""Learning curves: what each epoch did to the train and the validation part."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from occbench.report.facts import ReportFacts
from occbench.report.figures import (
    BLUE,
    FAINT,
    GRID,
    INK,
    VERMILION,
    drawing,
    new_grid,
    settle,
)

_LINES = {
    "loss": (("loss", BLUE, "-"), ("val_loss", VERMILION, "-")),
    "accuracy": (
        ("accuracy", BLUE, "-"),
        ("val_accuracy", VERMILION, "-"),
        ("val_balanced_accuracy", VERMILION, ":"),
    ),
}
_KEY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("train", {"color": BLUE}),
    ("validation", {"color": VERMILION}),
    ("validation, balanced accuracy", {"color": VERMILION, "linestyle": ":"}),
    ("best epoch", {"color": INK, "marker": "o", "linestyle": "", "markerfacecolor": "white"}),
)


def learning_curves(facts: ReportFacts) -> Figure:
    """A column per train split, loss above and accuracy below; a line per seed.

    The best epoch, the one validation chose, is marked on the validation curve. A train split
    without a history has an empty panel that says so.

    Raises:
        ValueError: there is no train split.
    """
    trains = facts.matrix.trains
    if not trains:
        raise ValueError("Learning curves need a train split. Received: trains=()")
    with drawing():
        size = (1.2 + 2.3 * max(len(trains), 2), 5.0)
        figure, grid = new_grid(2, len(trains), size=size, sharex="col", sharey="row")
        for column, train in enumerate(trains):
            grid[0, column].set_title(train)
            for row, kind in enumerate(_LINES):
                _panel(grid[row, column], facts, train, kind)
            grid[1, column].set_xlabel("epoch")
        grid[0, 0].set_ylabel("loss")
        grid[1, 0].set_ylabel("accuracy")
        grid[1, 0].yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f} %"))
        key = [Line2D([], [], label=label, **look) for label, look in _KEY]
        figure.legend(handles=key, loc="outside lower center", ncols=2 if len(trains) < 3 else 4)
        return settle(figure)


def _panel(axes: Axes, facts: ReportFacts, train: str, kind: str) -> None:
    axes.grid(visible=True, color=GRID, linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5, min_n_ticks=1))
    found = [(seed, facts.histories.get((train, seed))) for seed in facts.matrix.seeds]
    histories = [(seed, table) for seed, table in found if table is not None and len(table)]
    if not histories:
        axes.text(0.5, 0.5, "no history", ha="center", color=FAINT, transform=axes.transAxes)
    for seed, table in histories:
        thin = 1.5 if len(histories) == 1 else 0.9
        for name, colour, style in _LINES[kind]:
            if name in table:
                axes.plot(table["epoch"], table[name], style, color=colour, linewidth=thin)
        _mark_best(axes, table, facts.best_epochs.get((train, seed)), f"val_{kind}")


def _mark_best(axes: Axes, table: pd.DataFrame, best: int | None, name: str) -> None:
    if best is None or name not in table:
        return
    row = table[table["epoch"] == best]
    axes.axvline(best, color=FAINT, linewidth=0.6, zorder=0)
    axes.plot(row["epoch"], row[name], "o", color=INK, markerfacecolor="white", markersize=5)
