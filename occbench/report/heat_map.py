"""The train x test matrix as a picture."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from occbench.matrix.cells import Matrix
from occbench.report.entries import Entry, change, entry, percent, spread
from occbench.report.figures import COLOURS, FAINT, INK, bare, drawing, heat, new_grid, settle
from occbench.report.words import epoch_words


def scale(matrix: Matrix) -> tuple[float, float]:
    """Ends of the colour scale: whole tenths around all accuracies, at least a fifth apart."""
    values = [cell.accuracy for cell in matrix.cells]
    if not values:
        return 0.0, 1.0
    low, high = floor(10 * min(values)) / 10, ceil(10 * max(values)) / 10
    high = min(1.0, max(high, low + 0.2))
    return min(low, high - 0.2), high


def heat_map(matrix: Matrix, selection: str) -> Figure:
    """Rows are train splits, columns tests; each entry as in the train x test table.

    The row's own test split has a frame. All selections share one colour scale.
    """
    low, high = scale(matrix)
    size = (1.9 + 1.55 * len(matrix.tests), 1.5 + 0.72 * len(matrix.trains))
    with drawing():
        figure, grid = new_grid(1, 1, size=size)
        axes: Axes = grid[0, 0]
        values = np.full((len(matrix.trains), len(matrix.tests)), np.nan)
        for row, train in enumerate(matrix.trains):
            for column, test in enumerate(matrix.tests):
                one = entry(matrix, train, test, selection=selection)
                if one is not None:
                    values[row, column] = one.accuracy
                _write(axes, row, column, one, scale=(low, high))
        picture = axes.imshow(values, cmap=COLOURS, vmin=low, vmax=high, aspect="auto")
        axes.set_xticks(range(len(matrix.tests)), matrix.tests)
        axes.set_yticks(range(len(matrix.trains)), matrix.trains)
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.set_xlabel("tested on", labelpad=8)
        axes.set_ylabel("trained on", labelpad=8)
        bare(axes)
        _lines_between(axes, values.shape)
        bar = figure.colorbar(picture, ax=axes, format=lambda share, _: f"{100 * share:.0f} %")
        bar.outline.set_visible(False)
        figure.supxlabel(f"accuracy, {epoch_words(selection)}", fontsize=9)
        return settle(figure)


def _write(
    axes: Axes, row: int, column: int, one: Entry | None, *, scale: tuple[float, float]
) -> None:
    if one is None:
        axes.text(column, row, "missing", ha="center", va="center", color=FAINT, style="italic")
        return
    low, high = scale
    _, ink = heat((one.accuracy - low) / (high - low))
    place: dict[str, Any] = {"ha": "center", "color": ink}
    axes.text(column, row, f"{percent(one.accuracy)} %", va="bottom", fontsize=13, **place)
    below = f"{spread(one)}\n{change(one)}".rstrip()
    axes.text(column, row + 0.04, below, va="top", fontsize=7.5, **place)
    if one.own:
        frame = Rectangle((column - 0.46, row - 0.44), 0.92, 0.88, fill=False, edgecolor=ink)
        axes.add_patch(frame)


def _lines_between(axes: Axes, shape: tuple[int, ...]) -> None:
    for row in range(1, shape[0]):
        axes.axhline(row - 0.5, color="white", linewidth=2)
    for column in range(1, shape[1]):
        axes.axvline(column - 0.5, color="white", linewidth=2)
    axes.tick_params(colors=INK)
