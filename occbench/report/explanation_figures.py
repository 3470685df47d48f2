"""Explanations as figures, drawn from what ``occbench explain`` computed and stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from math import ceil, sqrt
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from occbench.explain.record import Explanation
from occbench.report.entries import percent
from occbench.report.explanation_axes import (
    DIVERGING,
    Drawing,
    blank,
    scale_bar,
    settle_named,
    shown_as,
)
from occbench.report.figures import COLOURS, FAINT, drawing, new_grid
from occbench.report.region_map import region_map

_FACES_ACROSS, _SIDE = 8, 1.25


def drawings(found: Explanation) -> Iterator[Drawing]:
    """The figures of an explanation; those with pictures of faces come last."""
    yield from _DRAWN[found.method](found)


def _kernels(found: Explanation) -> Iterator[Drawing]:
    kernels, facts = found.arrays["kernels"], found.facts
    outputs, inputs = kernels.shape[:2]
    across = inputs if inputs > 1 else ceil(sqrt(outputs))
    sheet = _tiles(kernels.reshape(-1, *kernels.shape[2:]), across)
    most = max(float(np.abs(kernels).max()), 1e-12)
    with drawing():
        figure, axes = _one_axes(sheet)
        picture = axes.imshow(sheet, cmap="gray", vmin=-most, vmax=most, interpolation="nearest")
        scale_bar(figure, picture, axes)
        settle_named(figure)
    order = "a row per output, a column per input" if inputs > 1 else "one after the other"
    of = f"{outputs} of {facts['outputs']} outputs, {inputs} of {facts['inputs']} inputs"
    caption = f"Kernels of the layer {facts['layer']}, {order}: {of}. Zero is mid grey."
    alt = f"Kernels of the layer {facts['layer']} as grey tiles, weights up to {most:.3g}."
    yield Drawing("kernels", figure, alt, caption)


def _activations(found: Explanation) -> Iterator[Drawing]:
    facts = found.facts
    for example, image, maps in zip(
        facts["examples"], found.arrays["images"], found.arrays["maps"], strict=True
    ):
        across = ceil(sqrt(maps.shape[-1]))
        sheet = _tiles(maps.transpose(2, 0, 1), across)
        with drawing():
            figure, grid = new_grid(1, 2, size=(6.4, 4.4), width_ratios=(1, 3))
            _face(grid[0, 0], image, f"{example['face']}\n{example['expression']}")
            picture = grid[0, 1].imshow(sheet, cmap=COLOURS, interpolation="nearest")
            blank(grid[0, 1])
            scale_bar(figure, picture, grid[0, 1])
            settle_named(figure)
        words = f"{maps.shape[-1]} of {facts['filters']} filters of the layer {facts['layer']}"
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"activations-{example['face']}")
        alt = f"What {words} give for the face {example['face']}, {example['expression']}."
        yield Drawing(name, figure, alt, f"What {words} give for a face, row by row.", faces=True)


def _maps(found: Explanation) -> Iterator[Drawing]:
    how, arrays, facts = _MAPS[found.method], found.arrays, found.facts
    words = how.words.format(**facts)
    means = arrays["mean_pixel_maps"]
    limit = max(float(np.nanmax(np.abs([*means, *arrays["pixel_maps"]]))), 1e-12)
    limits = {"vmin": -limit if how.signed else 0.0, "vmax": limit, "cmap": how.colours}
    titles = [
        f"{name}\n{count:,} {'face' if count == 1 else 'faces'}"
        for name, count in zip(facts["classes"], facts["faces"], strict=True)
    ]
    with drawing():
        figure, grid = _panels(len(titles))
        for axes, title, one in zip(grid.flat, titles, means, strict=False):
            _map(axes, one, limits)
            axes.set_title(title, fontsize=8, fontweight="normal")
        scale_bar(figure, _last_picture(grid), grid)
        settle_named(figure)
    caption = f"{words}, the mean over {shown_as(found)} of each class."
    yield Drawing("means", figure, f"{caption} {_peaks(facts['classes'], means)}", caption)
    yield _examples(found, words, limits)


def _examples(found: Explanation, words: str, limits: dict[str, Any]) -> Drawing:
    facts, images, maps = found.facts, found.arrays["images"], found.arrays["pixel_maps"]
    with drawing():
        figure, grid = _panels(len(maps), rows_each=2)
        for number, (example, image, one) in enumerate(
            zip(facts["examples"], images, maps, strict=True)
        ):
            row, column = divmod(number, _FACES_ACROSS)
            title = f"{example['expression']}\n{percent(example['score'])} %"
            _face(grid[2 * row, column], image, title)
            _map(grid[2 * row + 1, column], one, limits)
            grid[2 * row + 1, column].set_xlabel(_short(example["face"]), fontsize=6.5)
        scale_bar(figure, _last_picture(grid), grid)
        settle_named(figure)
    caption = f"{words}. Above the face with the probability of its true class, below its map."
    names = [example["face"] for example in facts["examples"]]
    return Drawing("examples", figure, f"{caption} {_peaks(names, maps)}", caption, faces=True)


class _HowMaps(NamedTuple):
    """How the maps of a method are drawn and told."""

    words: str
    colours: str
    signed: bool


_MAPS = {
    "sensitivity": _HowMaps(
        "What a patch of {patch} pixels takes from the probability of the true class",
        DIVERGING,
        signed=True,
    ),
    "grad-cam": _HowMaps(
        "Grad-CAM at the layer {layer}, each map scaled to its peak", COLOURS, signed=False
    ),
}
_DRAWN: dict[str, Callable[[Explanation], Iterator[Drawing]]] = {
    "kernels": _kernels,
    "activations": _activations,
    "sensitivity": _maps,
    "grad-cam": _maps,
    "regions": region_map,
}


def _tiles(pictures: NDArray[Any], across: int) -> NDArray[np.float64]:
    """Pictures ``(n, h, w)`` in rows of ``across``, a gap that is NaN between them."""
    count, height, width = pictures.shape
    gap = max(1, width // 16)
    down = ceil(count / across)
    sheet = np.full((down * (height + gap) - gap, across * (width + gap) - gap), np.nan)
    for number, picture in enumerate(pictures):
        y, x = number // across * (height + gap), number % across * (width + gap)
        sheet[y : y + height, x : x + width] = picture
    return sheet


def _one_axes(sheet: NDArray[np.float64]) -> tuple[Figure, Axes]:
    """A figure as wide as the page allows and as high as the sheet needs."""
    height, width = sheet.shape
    wide = min(5.0, 0.09 * width + 1)
    figure, grid = new_grid(1, 1, size=(wide + 0.9, max(1.2, wide * height / width)))
    axes: Axes = grid[0, 0]
    blank(axes)
    return figure, axes


def _panels(count: int, rows_each: int = 1) -> tuple[Figure, NDArray[Any]]:
    """Axes for ``count`` faces, each with ``rows_each`` axes one below the other, all blank."""
    across, down = min(count, _FACES_ACROSS), ceil(count / _FACES_ACROSS) * rows_each
    figure, grid = new_grid(down, across, size=(_SIDE * across + 1, _SIDE * down + 0.5))
    for axes in grid.ravel().tolist():
        blank(axes)
    return figure, grid


def _face(axes: Axes, image: NDArray[np.uint8], title: str) -> None:
    shown = image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
    axes.imshow(shown, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(_short(title), fontsize=8, fontweight="normal")
    blank(axes)


def _map(axes: Axes, one: NDArray[Any], limits: dict[str, Any]) -> None:
    if np.isnan(one).all():
        axes.text(0.5, 0.5, "no face", ha="center", va="center", color=FAINT, style="italic")
        return
    axes.imshow(one, interpolation="nearest", **limits)


def _last_picture(grid: NDArray[Any]) -> Any:
    return next(axes.images[-1] for axes in grid.flat[::-1] if axes.images)


def _peaks(names: Sequence[str], maps: NDArray[Any]) -> str:
    """Where each map is highest, as row and column of pixels."""
    found = []
    for name, one in zip(names, maps, strict=True):
        if not np.isnan(one).all():
            row, column = np.unravel_index(int(np.nanargmax(one)), one.shape)
            found.append(f"{name} {float(one[row, column]):.2f} at row {row}, column {column}")
    return f"Highest: {'; '.join(found)}."


def _short(text: str) -> str:
    """A face's id may be a long path; its end tells faces apart."""
    return "\n".join(line if len(line) <= 18 else f"...{line[-15:]}" for line in text.split("\n"))
