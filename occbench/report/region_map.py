"""What the parts of a face are worth, as a heat map of expressions and parts."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from occbench.explain.record import Explanation
from occbench.report.entries import signed
from occbench.report.explanation_axes import (
    DIVERGING,
    Drawing,
    scale_bar,
    settle_named,
    shown_as,
)
from occbench.report.figures import FAINT, bare, drawing, heat, new_grid


def estimate_text(found: Explanation, measure: str, row: int, column: int) -> str:
    """A number of the regions in points with its interval, such as ``+20.8 (+18.9 to +22.7)``.

    Empty where there is none.
    """
    value, low, high = (
        float(found.arrays[f"{measure}{end}"][row, column]) for end in ("", "_low", "_high")
    )
    if not isfinite(value):
        return ""
    return signed(value) + (f" ({signed(low)} to {signed(high)})" if isfinite(low) else "")


def matters(found: Explanation, row: int, column: int) -> bool:
    """Whether covering a part is shown to cost something, and more than a random patch does."""
    return all(found.arrays[name][row, column] > 0 for name in ("drop_low", "difference_low"))


def region_map(found: Explanation) -> Iterator[Drawing]:
    """Rows are expressions, columns parts; each place has its drop, interval and control."""
    facts, values = found.facts, found.arrays["drop"]
    limit = max(0.05, float(np.nanmax(np.abs(values))))
    rows, parts = facts["expressions"], facts["parts"]
    with drawing():
        size = (1.9 + 1.15 * len(parts), 1.1 + 0.55 * len(rows))
        figure, grid = new_grid(1, 1, size=size)
        axes: Axes = grid[0, 0]
        picture = axes.imshow(values, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
        for row, column in np.ndindex(*values.shape):
            _region(axes, found, (row, column), limit)
        axes.set_xticks(range(len(parts)), parts)
        axes.set_yticks(range(len(rows)), rows)
        axes.xaxis.tick_top()
        bare(axes)
        scale_bar(figure, picture, axes, format=lambda share, _: f"{100 * share:.0f}")
        figure.supxlabel("points of the true class's probability that are lost", fontsize=9)
        settle_named(figure)
    caption = (
        f"What covering a part of the face takes from the true class's probability, in points, "
        f"{shown_as(found)}: 95 % bootstrap interval, and below what a random patch of the same "
        "area takes. Bold where the part is shown to cost something, and more than the patch."
    )
    told = ", ".join(f"{part} {estimate_text(found, 'drop', 0, n)}" for n, part in enumerate(parts))
    yield Drawing("regions", figure, f"{caption} {rows[0]}: {told}.", caption)


def _region(axes: Axes, found: Explanation, at: tuple[int, int], limit: float) -> None:
    row, column = at
    value = float(found.arrays["drop"][at])
    if not isfinite(value):
        axes.text(column, row, "none", ha="center", va="center", color=FAINT, style="italic")
        return
    _, ink = heat((value / limit + 1) / 2, DIVERGING)
    place: dict[str, Any] = {"ha": "center", "va": "center", "color": ink}
    weight = "bold" if matters(found, row, column) else "normal"
    axes.text(column, row - 0.25, signed(value), fontsize=10, fontweight=weight, **place)
    interval = estimate_text(found, "drop", row, column).partition(" ")[2] or "no interval"
    axes.text(column, row + 0.08, interval, fontsize=6.5, **place)
    control = signed(float(found.arrays["control"][row, column]))
    axes.text(column, row + 0.32, f"patch {control}", fontsize=6.5, **place)
