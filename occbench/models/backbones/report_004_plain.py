"""Report 004's network R1, ten wide convolutions (70,307,083 parameters).

zucchi99/Emotion-Recognition-of-fer2013, in PyTorch (``DynamicNetBasic``): block after block of
3 x 3 convolutions that keep the side, ReLU, and a pool; one dropout of whole maps; dense layers
with ReLU, stage ``fc``. It was fed three planes made of a face, hence its count: it has 5,184
parameters less with one channel. What differs from the original:

- **The logits are plain.** A ReLU behind them left classes that no face could be given.
- **It begins with He's values.** With PyTorch's, ``initial="pytorch"``, each layer passes on about
  a sixth of the variance: behind all 15 the logits of two faces differ by 4e-7, and the gradient of
  the first kernel, 1.5e-7, is as small as what Keras' Adam adds to it for stability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, Style, drop, flat
from occbench.models.report_004_blocks import blocks, stages_of


@dataclass(frozen=True)
class Layout:
    """The numbers of the network; by default those of R1.

    Attributes:
        channels: filters of each block.
        repeats: convolutions of each block.
        dense: units of the hidden dense layers.
        dropout: the share of maps dropped behind the last block.
        initial: the initial values: ``he`` or ``pytorch``.
    """

    channels: tuple[int, ...] = (288, 566, 1122, 2244)
    repeats: tuple[int, ...] = (4, 3, 2, 1)
    dense: tuple[int, ...] = (1024, 356, 158, 64)
    dropout: float = 0.35
    initial: str = "he"


def build(inputs: Any, seeds: Seeds, **parameters: Any) -> Any:
    """Features ``(N, F)``, F the units of the last hidden layer: 64."""
    layout = Layout(**parameters)
    style = Style(start=layout.initial)
    x = blocks(inputs, layout.channels, layout.repeats, seeds, style)
    x = flat(drop(x, f"block{len(layout.channels)}", layout.dropout, seeds, maps=True), "fc")
    for place, units in enumerate(layout.dense, start=1):
        x = style.dense(x, f"fc_{place}", units, seeds)
    return x


def fit(**parameters: Any) -> tuple[tuple[str, ...], int]:
    """Stages, and the side that leaves one place behind the last pool."""
    layout = Layout(**parameters)
    found = stages_of("report-004-plain", layout.channels, layout.repeats)
    return (*found, "fc"), max(2 ** len(found), 8)


BACKBONE = Backbone(
    build,
    *fit(),
    parameters=vars(Layout()),
    allowed={"initial": ("he", "pytorch")},
    fit=fit,
    source="report 004, zucchi99/Emotion-Recognition-of-fer2013 (PyTorch), R1",
    reported=(
        Reported(
            {},
            size=48,
            channels=3,
            parameters=70_307_083,
            accuracy=0.60914,
            faces="FER2013, a random 15 % of all rows, seed 78",
        ),
    ),
)
