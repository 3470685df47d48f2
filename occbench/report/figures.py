"""What every figure of a report shares: its type, its colours, and how it is written.

Figures are built from computed numbers and drawn without pyplot. Settings hold only inside
``drawing``, so a program that plots for itself finds its own settings as it left them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from occbench.core.atomic import replacing, write_text

# Perceptually uniform and made for readers with a colour vision deficiency: Nunez, Anderton
# and Renslow 2018, "Optimizing colormaps with consideration for color vision deficiency".
COLOURS = "cividis"
# White where nothing is: most places of a confusion matrix are empty. Its lightness falls
# steadily, so it reads in grey as well.
COUNT_COLOURS = "Blues"
# Two inks that stay apart under every common colour vision deficiency: Okabe and Ito 2008,
# "Color Universal Design", blue and vermilion.
BLUE, VERMILION = "#0072B2", "#D55E00"
INK, FAINT, GRID = "#222222", "#8a8a8a", "#e6e6e6"
DPI = 150

# Four more that stay apart, in the same list; each has a mark of its own as well.
SERIES = ((BLUE, "o"), (VERMILION, "s"), ("#009E73", "^"), ("#CC79A7", "D"))

_STYLE = {
    "axes.edgecolor": FAINT,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
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
    "text.color": INK,
    "text.parse_math": False,
    "text.usetex": False,
    "xtick.color": INK,
    "ytick.color": INK,
}
_FORMS: dict[str, dict[str, Any]] = {
    "png": {"metadata": {"Software": None}},
    "svg": {"metadata": {"Date": None, "Creator": None}},
}


class Drawn(NamedTuple):
    """A figure and what its artists say when they are pointed at, by ``tip_id``."""

    figure: Figure
    tips: list[str]


@contextmanager
def drawing(**more: object) -> Iterator[None]:
    """The settings of report figures, for building or writing one, and some more."""
    # The names of settings are strings that no type lists.
    settings: Any = _STYLE | more
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the page has it as text.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
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


def tip_id(number: int) -> str:
    """The ``gid`` of the artist that shows the tip of that number when pointed at."""
    return f"tip-{number}"


def svg_text(figure: Figure, tips: Sequence[str] = (), **settings: object) -> str:
    """The figure as SVG, each tip as the title of the artist that has its ``tip_id``."""
    data = BytesIO()
    with drawing(**settings):
        figure.savefig(data, format="svg", dpi=DPI, **_FORMS["svg"])
    text = data.getvalue().decode("utf-8")
    for number, tip in enumerate(tips):
        begin = f'<g id="{tip_id(number)}">'
        text = text.replace(begin, f"{begin}<title>{escape(tip)}</title>", 1)
    return text


def save(figure: Figure, folder: Path, name: str, tips: Sequence[str] = ()) -> tuple[Path, Path]:
    """Writes ``name.png`` (150 dots per inch) and ``name.svg`` into a folder.

    The same figure gives the same bytes: neither holds a date, a version or a random name.
    """
    data = BytesIO()
    with drawing():
        figure.savefig(data, format="png", dpi=DPI, **_FORMS["png"])
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    with replacing(png) as part:
        part.write_bytes(data.getvalue())
    write_text(svg, svg_text(figure, tips))
    return png, svg


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
