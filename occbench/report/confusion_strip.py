"""Confusion matrices of one train split, side by side for its test splits."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from occbench.report.facts import ReportFacts
from occbench.report.figures import COUNT_COLOURS, drawing, heat, label_sides, new_grid, settle

# With more classes the numbers would be too small to read.
_MOST_CLASSES_WITH_NUMBERS = 12


def has_confusions(facts: ReportFacts, train: str, *, selection: str, seed: int) -> bool:
    """Whether there is a confusion matrix of a train split to draw."""
    return any((train, test, seed, selection) in facts.confusions for test in facts.matrix.tests)


def confusion_strip(facts: ReportFacts, train: str, *, selection: str, seed: int) -> Figure:
    """A panel per test split: rows are the truth, each row sums to 100 %, counts below.

    Empty places have no number; with more than 12 classes no place has one.

    Raises:
        ValueError: the train split has no confusion matrix.
    """
    found = [
        (test, facts.confusions[key])
        for test in facts.matrix.tests
        if (key := (train, test, seed, selection)) in facts.confusions
    ]
    if not found:
        raise ValueError(f"There is no confusion matrix to draw. Received: train={train!r}")
    side = max(2.0, 0.42 * len(facts.classes))
    with drawing():
        size = (0.9 + (side + 0.25) * len(found), side + 1.35)
        figure, grid = new_grid(1, len(found), size=size)
        for place, (test, confusion) in enumerate(found):
            axes: Axes = grid[0, place]
            _panel(axes, confusion)
            label_sides(axes, facts.classes, with_rows=place == 0)
            axes.set_title(f"tested on {test}")
            axes.set_xlabel("predicted")
        grid[0, 0].set_ylabel("truth")
        return settle(figure)


def _panel(axes: Axes, confusion: NDArray[np.int64]) -> None:
    faces = confusion.sum(axis=1, keepdims=True)
    shares = np.divide(
        confusion, faces, out=np.full(confusion.shape, np.nan), where=np.asarray(faces > 0)
    )
    axes.imshow(shares, cmap=COUNT_COLOURS, vmin=0, vmax=1)
    if len(confusion) > _MOST_CLASSES_WITH_NUMBERS:
        return
    for (row, column), share in np.ndenumerate(shares):
        if np.isnan(share) or share == 0:
            continue
        _, ink = heat(float(share), COUNT_COLOURS)
        weight = "bold" if row == column else "normal"
        style: dict[str, Any] = {"ha": "center", "color": ink}
        axes.text(
            column, row, f"{100 * share:.0f}", va="bottom", fontsize=7.5, weight=weight, **style
        )
        count = f"{confusion[row, column]:,}"
        axes.text(column, row + 0.08, count, va="top", fontsize=5, **style)
