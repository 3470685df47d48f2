"""What every figure of a report shares: its type, its colours, and how it is written.

Figures are built from computed numbers and drawn without pyplot. Settings hold only inside
``drawing``, so a program that plots for itself finds its own settings as it left them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from occbench.core.atomic import replacing

# Perceptually uniform and made for readers with a colour vision deficiency: Nunez, Anderton
# and Renslow 2018, "Optimizing colormaps with consideration for color vision deficiency".
COLOURS = "cividis"
# White where nothing is: most places of a confusion matrix are empty. Its lightness falls
# steadily, so it reads in grey as well.
COUNT_COLOURS = "Blues"
# Two inks that stay apart under every common colour vision deficiency: Okabe and Ito 2008,
# "Color Universal Design", blue and vermilion.
BLUE, VERMILION = "#0072B2", "#D55E00"
INK, FAINT = "#222222", "#8a8a8a"
DPI = 150

_STYLE = {
    "axes.edgecolor": FAINT,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.dpi": DPI,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "legend.frameon": False,
    "savefig.bbox": None,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "occbench",
    # Class names may hold dollar signs, which are no formulas.
    "text.parse_math": False,
    "text.usetex": False,
}
_FORMS: dict[str, dict[str, Any]] = {
    "png": {"metadata": {"Software": None}},
    "svg": {"metadata": {"Date": None, "Creator": None}},
}


@contextmanager
def drawing() -> Iterator[None]:
    """The settings of report figures, for building or writing one."""
    # The names of settings are strings that no type lists.
    settings: Any = _STYLE
    with matplotlib.rc_context(settings):
        yield


def new_grid(
    rows: int, columns: int, *, size: tuple[float, float], **how: Any
) -> tuple[Figure, NDArray[np.object_]]:
    """A figure of ``size`` inches (width, height) and its axes, an object array (rows, columns)."""
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **how)


def settle(figure: Figure) -> Figure:
    """The figure with its layout computed and fixed, so that each saving gives the same bytes."""
    # Labels move the axes and the axes move the labels: the second pass sees both in place.
    for _ in range(2):
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure


def save(figure: Figure, folder: Path, name: str) -> tuple[Path, Path]:
    """Writes ``name.png`` (150 dots per inch) and ``name.svg`` into a folder.

    The same figure gives the same bytes: neither holds a date, a version or a random name.
    """
    written = []
    for form, how in _FORMS.items():
        data = BytesIO()
        with drawing():
            figure.savefig(data, format=form, dpi=DPI, **how)
        path = folder / f"{name}.{form}"
        with replacing(path) as part:
            part.write_bytes(data.getvalue())
        written.append(path)
    return written[0], written[1]


def heat(share: float, colours: str = COLOURS) -> tuple[str, str]:
    """The colour of a share (0..1) of the scale, and an ink that can be read on it, as hex.

    The ink is black or white, whichever has the higher contrast by the relative luminance of
    WCAG 2.1.
    """
    red, green, blue, _ = matplotlib.colormaps[colours](float(np.clip(share, 0, 1)))
    linear = [_linear(part) for part in (red, green, blue)]
    luminance = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    # The two contrasts (L + 0.05) / 0.05 and 1.05 / (L + 0.05) are equal at this luminance.
    dark = luminance > (1.05 * 0.05) ** 0.5 - 0.05
    return to_hex((red, green, blue)), "#000000" if dark else "#ffffff"


def label_sides(axes: Axes, names: tuple[str, ...], *, with_rows: bool) -> None:
    """Names the columns of a square picture, and its rows where asked."""
    places = range(len(names))
    turn: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(places, names, **turn)
    axes.set_yticks(places, names if with_rows else [""] * len(names))
    bare(axes)


def bare(axes: Axes) -> None:
    """Takes the frame and the tick marks off."""
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
