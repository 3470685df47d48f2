"""What covering the faces costs each class, as pairs of dots."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from occbench.report.entries import signed
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
from occbench.report.recall import RecallChange, recall_changes

_DOT: dict[str, Any] = {"marker": "o", "linestyle": "", "markersize": 6}


def class_drop(facts: ReportFacts, selection: str) -> Figure | None:
    """Recall on normal and on occluded faces per class, a panel per train split.

    Classes are sorted by their loss in the first panel, the largest on top. The number is the
    recall lost in points, bold where a difference is shown. None without any recall.
    """
    found = [
        (train, changes)
        for train in facts.matrix.trains
        if (changes := recall_changes(facts, train, selection=selection))
    ]
    if not found:
        return None
    order = _order(facts, found[0][1])
    with drawing():
        size = (1.5 + 2.2 * max(len(found), 2), 1.4 + 0.3 * len(order))
        figure, grid = new_grid(1, len(found), size=size, sharey=True, sharex=True)
        for place, (train, changes) in enumerate(found):
            _panel(grid[0, place], changes, order)
            grid[0, place].set_title(train)
            grid[0, place].set_xlabel("recall", x=0.38)
        grid[0, 0].set_yticks(range(len(order)), order)
        grid[0, 0].set_ylim(len(order) - 0.4, -0.6)
        key = [
            Line2D([], [], color=BLUE, label="normal faces", markerfacecolor="white", **_DOT),
            Line2D([], [], color=VERMILION, label="occluded faces", **_DOT),
        ]
        figure.legend(handles=key, loc="outside lower center", ncols=2)
        return settle(figure)


def _order(facts: ReportFacts, first: tuple[RecallChange, ...]) -> list[str]:
    losses = {change.name: change.lost for change in first}
    return sorted(facts.classes, key=lambda name: -losses.get(name, float("-inf")))


def _panel(axes: Axes, changes: tuple[RecallChange, ...], order: list[str]) -> None:
    axes.set_xlim(-0.03, 1.32)
    axes.set_xticks([0, 0.5, 1])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f} %"))
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_bounds(0, 1)
    axes.tick_params(axis="y", length=0)
    for change in changes:
        row = order.index(change.name)
        axes.axhline(row, color=GRID, linewidth=0.8, zorder=0)
        axes.plot([change.normal, change.occluded], [row, row], color=FAINT, zorder=1)
        axes.plot(change.normal, row, color=BLUE, markerfacecolor="white", zorder=3, **_DOT)
        axes.plot(change.occluded, row, color=VERMILION, zorder=2, **_DOT)
        weight = "bold" if change.shown else "normal"
        number = signed(change.lost)
        axes.text(1.31, row, number, ha="right", va="center", color=INK, fontsize=8, weight=weight)
