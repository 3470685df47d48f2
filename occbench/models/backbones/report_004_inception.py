"""Report 004's network R2, 30 inception modules behind seven convolutions (63,030,807 parameters).

zucchi99/Emotion-Recognition-of-fer2013, in PyTorch (``DynamicNetInceptions``): blocks of 3 x 3
convolutions as in R1, dropout of whole maps, 30 inception modules with their input added from the
second one on, dropout of whole maps, dense layers with ReLU, stage ``fc``. It begins with PyTorch's
values: 30 modules without a norm grow what He's keep, to logits of 1e13. What differs from the
original, so that it can be trained and compared:

- **Every weight is the network's.** The original kept its modules in a plain list of Python, so
  47,745,888 of these weights were never trained and never saved.
- **The pool keeps its border.** The original pooled without padding and padded the 1 x 1
  convolution behind it, so that of 3 x 3 places only the middle one held anything but a bias.
- **The logits are plain.** A ReLU behind them left classes that no face could be given.

Its modules have no activation; ``activation="relu"`` puts one behind each convolution. The
original was fed three planes made of a face, hence its count: it has 3,600 parameters less with
one channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from occbench.models.backend import load_keras
from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, Style, drop, flat
from occbench.models.report_004_blocks import blocks, stages_of


@dataclass(frozen=True)
class Layout:
    """The numbers of the network; by default those of R2.

    Attributes:
        channels: filters of each block.
        repeats: convolutions of each block.
        modules: how many inception modules there are.
        multiplier: each gives 256 times as many maps.
        dense: units of the hidden dense layers.
        activation: behind each convolution of a module: ``linear`` for none, or ``relu``.
        dropout: the share of maps dropped before and behind the modules.
    """

    channels: tuple[int, ...] = (200, 400, 600, 800)
    repeats: tuple[int, ...] = (2, 2, 2, 1)
    modules: int = 30
    multiplier: int = 3
    dense: tuple[int, ...] = (432, 108, 27)
    activation: str = "linear"
    dropout: float = 0.62


def build(inputs: Any, seeds: Seeds, **parameters: Any) -> Any:
    """Features ``(N, F)``, F the units of the last hidden layer: 27."""
    layout = Layout(**parameters)
    x = blocks(inputs, layout.channels, layout.repeats, seeds, Style())
    x = drop(x, f"block{len(layout.channels)}", layout.dropout, seeds, maps=True)
    style = Style(activation=layout.activation)
    for number in range(1, layout.modules + 1):
        name = f"inception_{number}"
        y = module(x, name, layout.multiplier, seeds, style)
        x = y if number == 1 else load_keras().layers.Add(name=f"{name}_add")([y, x])
    x = flat(drop(x, "inception", layout.dropout, seeds, maps=True), "fc")
    for place, units in enumerate(layout.dense, start=1):
        x = Style().dense(x, f"fc_{place}", units, seeds)
    return x


def module(x: Any, name: str, multiplier: int, seeds: Seeds, style: Style) -> Any:
    """Four views of ``(N, h, w, C)`` in a row, ``(N, h, w, 256 multiplier)``.

    64, 128, 32 and 32 times ``multiplier`` maps, after 96 and 16 times as many for the second and
    the third: report 004, as GoogLeNet's module 3a (Szegedy et al., CVPR 2015, table 1).
    """
    layers = load_keras().layers
    a = style.convolution(x, f"{name}_a", 64 * multiplier, seeds, size=1)
    b = style.convolution(x, f"{name}_b1", 96 * multiplier, seeds, size=1)
    b = style.convolution(b, f"{name}_b2", 128 * multiplier, seeds)
    c = style.convolution(x, f"{name}_c1", 16 * multiplier, seeds, size=1)
    c = style.convolution(c, f"{name}_c2", 32 * multiplier, seeds, size=5)
    d = layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_d_pool")(x)
    d = style.convolution(d, f"{name}_d", 32 * multiplier, seeds, size=1)
    return layers.Concatenate(name=f"{name}_join")([a, b, c, d])


def fit(**parameters: Any) -> tuple[tuple[str, ...], int]:
    """Stages, and the side that leaves one place behind the last pool."""
    layout = Layout(**parameters)
    found = stages_of("report-004-inception", layout.channels, layout.repeats)
    return (*found, "inception", "fc"), max(2 ** len(found), 8)


BACKBONE = Backbone(
    build,
    *fit(),
    parameters=vars(Layout()),
    allowed={"activation": ("linear", "relu")},
    fit=fit,
    source="report 004, zucchi99/Emotion-Recognition-of-fer2013 (PyTorch), R2",
    reported=(
        Reported(
            {},
            size=48,
            channels=3,
            parameters=63_030_807,
            accuracy=0.56678,
            faces="FER2013, a random 15 % of all rows, seed 99; its modules kept random weights",
        ),
    ),
)
