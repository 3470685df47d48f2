"""Reliability diagrams above risk-coverage curves, a column per test split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from occbench.matrix.quality import Quality
from occbench.report.entries import percent
from occbench.report.figures import FAINT, GRID, SERIES, Drawn, drawing, new_grid, settle, tip_id
from occbench.report.study import Study

_POINTS = 101


def calibration(study: Study, seed: int) -> Drawn | None:
    """What the scores of one seed are worth, a line per train split.

    Above: accuracy by confidence, in bins that hold a face; on the diagonal confidence is honest.
    Below: which share of answers is wrong if only the most confident faces get one. None without
    a cell of the seed.
    """
    found = [one for one in study.qualities if one.place.seed == seed]
    if not found:
        return None
    tests = list(dict.fromkeys(one.place.test for one in found))
    trains = list(dict.fromkeys(one.place.train for one in found))
    tips: list[str] = []
    with drawing():
        size = (1.0 + 2.5 * max(len(tests), 2), 6.0)
        figure, grid = new_grid(2, len(tests), size=size, sharey="row", sharex=True)
        for column, test in enumerate(tests):
            shown = [one for one in found if one.place.test == test]
            _reliability(grid[0, column], shown, trains, tips)
            _risk(grid[1, column], shown, trains)
            grid[0, column].set_title(f"tested on {test}")
            grid[0, column].tick_params(labelbottom=True)
            grid[0, column].set_xlabel("confidence")
            grid[1, column].set_xlabel("share of faces answered")
        grid[0, 0].set_ylabel("accuracy")
        grid[1, 0].set_ylabel("wrong answers")
        key = [
            Line2D([], [], color=colour, marker=mark, markersize=4, label=f"trained on {train}")
            for train, (colour, mark) in zip(trains, _series(trains), strict=True)
        ]
        figure.legend(handles=key, loc="outside lower center", ncols=2)
        return Drawn(settle(figure), tips)


def _reliability(
    axes: Axes, shown: Sequence[Quality], trains: Sequence[str], tips: list[str]
) -> None:
    _frame(axes)
    axes.plot([0, 1], [0, 1], ":", color=FAINT)
    for one in shown:
        if one.reliability is None:
            continue
        diagram, train = one.reliability, one.place.train
        filled = np.flatnonzero(diagram.faces)
        colour, mark = _series(trains)[trains.index(train)]
        axes.plot(diagram.confidence[filled], diagram.accuracy[filled], color=colour, linewidth=1.1)
        for place in filled:
            sure, right = diagram.confidence[place], diagram.accuracy[place]
            (dot,) = axes.plot(sure, right, mark, color=colour, markersize=4)
            dot.set_gid(tip_id(len(tips)))
            tips.append(
                f"{train} on {one.place.test}: {diagram.faces[place]:,} faces, confidence "
                f"{percent(sure)} %, {percent(right)} % right"
            )


def _risk(axes: Axes, shown: Sequence[Quality], trains: Sequence[str]) -> None:
    _frame(axes)
    for one in shown:
        curve = one.risk_coverage
        # A line of many thousand faces shows no more than one of a hundred points.
        taken = np.unique(np.linspace(0, len(curve.risk) - 1, _POINTS).round().astype(int))
        colour, _ = _series(trains)[trains.index(one.place.train)]
        axes.plot(curve.coverage[taken], curve.risk[taken], color=colour, linewidth=1.3)


def _frame(axes: Axes) -> None:
    axes.grid(visible=True, color=GRID, linewidth=0.6)
    axes.set_xlim(0, 1.05)
    axes.set_ylim(0, 1.02)
    axes.set_xticks([0, 0.5, 1])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f} %"))


def _series(trains: Sequence[str]) -> list[tuple[str, str]]:
    return [SERIES[number % len(SERIES)] for number in range(len(trains))]
