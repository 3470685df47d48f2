"""What the figures of explanations share: what they are, their scale and their frame."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from occbench.explain.record import Explanation
from occbench.report.figures import bare, settle

# Diverging, with white at zero, and safe for readers with a colour vision deficiency: Harrower and
# Brewer 2003, "ColorBrewer.org"; red is a loss.
DIVERGING = "RdBu_r"


class Drawing(NamedTuple):
    """A figure of an explanation.

    Attributes:
        name: of its files.
        figure: with its layout settled.
        alt: what it shows, for those who cannot see it.
        caption: what it is.
        faces: whether it shows the picture of a face.
    """

    name: str
    figure: Figure
    alt: str
    caption: str
    faces: bool = False


def shown_as(found: Explanation) -> str:
    """How the faces were shown and which they were, in words."""
    part = {"val": "validation", "test": "test"}[str(found.facts["part"])]
    return f"{found.facts['variant']} {part} faces"


def settle_named(figure: Figure) -> None:
    """Settles the layout, each picture with a name of its own: SVG would name equal ones alike."""
    for number, axes in enumerate(figure.axes):
        for picture in axes.images:
            picture.set_gid(f"picture-{number}")
    settle(figure)


def blank(axes: Axes) -> None:
    """Takes marks, names and frame off."""
    axes.set_xticks([])
    axes.set_yticks([])
    bare(axes)


def scale_bar(figure: Figure, picture: Any, axes: Any, **how: Any) -> None:
    """Adds the scale of a picture beside one or all axes."""
    places = axes.ravel().tolist() if isinstance(axes, np.ndarray) else axes
    figure.colorbar(picture, ax=places, shrink=0.9, **how).outline.set_visible(False)
