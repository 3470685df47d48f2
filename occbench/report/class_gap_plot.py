"""What covering costs each class, with intervals."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from occbench.matrix.gap_tables import ClassGap
from occbench.report.entries import p_value, percent, points
from occbench.report.figures import (
    FAINT,
    GRID,
    INK,
    VERMILION,
    Drawn,
    drawing,
    new_grid,
    settle,
    tip_id,
)
from occbench.report.study import Study


def class_gaps(study: Study) -> Drawn | None:
    """The recall lost per class with its interval, a panel per train split.

    Classes are sorted by their loss in the first panel, the largest on top; a filled dot is a
    difference that is shown. None without a class.
    """
    if not study.classes:
        return None
    first = next(iter(study.classes.values()))
    order = [one.name for one in sorted(first, key=lambda one: -one.tested.difference.value)]
    tips: list[str] = []
    with drawing():
        size = (1.5 + 2.1 * max(len(study.classes), 2), 1.5 + 0.3 * len(order))
        figure, grid = new_grid(1, len(study.classes), size=size, sharey=True, sharex=True)
        for axes, (train, classes) in zip(grid[0], study.classes.items(), strict=True):
            _panel(axes, train, classes, order, tips)
            axes.set_title(train)
            axes.set_xlabel("recall lost, points")
        grid[0, 0].set_yticks(range(len(order)), order)
        grid[0, 0].set_ylim(len(order) - 0.4, -0.6)
        figure.legend(handles=_key(), loc="outside lower center", ncols=2)
        return Drawn(settle(figure), tips)


def _panel(
    axes: Axes, train: str, classes: tuple[ClassGap, ...], order: list[str], tips: list[str]
) -> None:
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f}"))
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    for one in classes:
        row, found = order.index(one.name), one.tested.difference
        axes.plot([found.low, found.high], [row, row], color=INK, linewidth=1.1)
        (dot,) = axes.plot(
            found.value,
            row,
            "o",
            color=VERMILION,
            markersize=6.5,
            markerfacecolor=VERMILION if one.tested.shown else "white",
        )
        dot.set_gid(tip_id(len(tips)))
        tips.append(
            f"{train}, {one.name}: {percent(one.normal)} to {percent(one.occluded)} %, "
            f"{points(found)} points, p {p_value(one.tested.adjusted)}, {one.faces:,} faces"
        )


def _key() -> list[Line2D]:
    how: dict[str, Any] = {"color": VERMILION, "marker": "o", "linestyle": "", "markersize": 6.5}
    return [
        Line2D([], [], label="difference shown", **how),
        Line2D(
            [],
            [],
            label="not shown: interval holds zero, or p above 0.05",
            markerfacecolor="white",
            **how,
        ),
    ]
