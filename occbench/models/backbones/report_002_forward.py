"""Report 002's feed-forward network of four hidden layers (3,054,087 trained parameters).

krzysiek581234/Emotion-Vision, in PyTorch: the pixels in a row, then 1024, 512, 256 and 128 units,
each followed by batch normalisation, a leaky ReLU and dropout. Its switches are those that the
report compares: activation, initial values, batch normalisation. The original read levels 0 to
255; here the recipe's preprocessing scales them.
"""

from __future__ import annotations

from typing import Any

from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, Style, drop, flat

STAGES = ("fc1", "fc2", "fc3", "fc4")
UNITS = (1024, 512, 256, 128)
"""Units of the hidden layers: report 002, which counts the output as a fifth one."""


def build(
    inputs: Any, seeds: Seeds, *, activation: str, initial: str, norm: bool, dropout: float
) -> Any:
    """Features ``(N, 128)``."""
    style = Style(activation=activation, norm="before" if norm else "none", start=initial)
    x = flat(inputs, STAGES[0])
    for stage, units in zip(STAGES, UNITS, strict=True):
        x = drop(style.dense(x, stage, units, seeds), stage, dropout, seeds)
    return x


BACKBONE = Backbone(
    build,
    STAGES,
    smallest=8,
    parameters={"activation": "leaky-relu", "initial": "glorot", "norm": True, "dropout": 0.1},
    allowed={"activation": ("leaky-relu", "relu"), "initial": ("glorot", "pytorch")},
    source="report 002, krzysiek581234/Emotion-Vision (PyTorch)",
    reported=(
        Reported(
            {},
            size=48,
            channels=1,
            parameters=3_054_087,
            accuracy=0.4842,
            faces="FER2013, PublicTest, epoch 65 of 100",
            contaminated="settings and epoch were chosen by the faces it was tested on",
        ),
        Reported(
            {},
            size=48,
            channels=1,
            parameters=3_054_087,
            accuracy=0.4708,
            faces="FER2013, PublicTest, epoch 100",
            contaminated="settings were chosen by the faces it was tested on",
        ),
    ),
)
