"""Report 002's network of six convolutions in three blocks (5,850,951 trained parameters).

krzysiek581234/Emotion-Vision, in PyTorch: 32, 64, pool, 128, 128, pool, 256, 256, pool; each
convolution of 3 x 3 keeps the side and is followed by ReLU and batch normalisation, each pool by
dropout; then one dense layer of 512 with ReLU, batch normalisation and dropout, stage ``fc``,
which belongs to the backbone as a recipe's head has no normalisation.
"""

from __future__ import annotations

from typing import Any

from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, Style, drop, flat, halve

BLOCKS = ((32, 64), (128, 128), (256, 256))
"""Filters of the convolutions of each block: report 002."""

UNITS = 512
STAGES = ("block1", "block2", "block3", "fc")
FACES = "FER2013, PublicTest and PrivateTest together"


def build(inputs: Any, seeds: Seeds, *, dropout: float, dense_dropout: float) -> Any:
    """Features ``(N, 512)``."""
    style = Style(norm="after")
    x = inputs
    for stage, block in zip(STAGES[:3], BLOCKS, strict=True):
        for place, filters in enumerate(block, start=1):
            x = style.convolution(x, f"{stage}_{place}", filters, seeds)
        x = drop(halve(x, stage), stage, dropout, seeds)
    x = style.dense(flat(x, "fc"), "fc", UNITS, seeds)
    return drop(x, "fc", dense_dropout, seeds)


BACKBONE = Backbone(
    build,
    STAGES,
    smallest=8,
    parameters={"dropout": 0.25, "dense_dropout": 0.5},
    source="report 002, krzysiek581234/Emotion-Vision (PyTorch)",
    reported=(
        Reported({}, 48, 1, 5_850_951, 0.6378, f"{FACES}, without augmentation"),
        Reported({}, 48, 1, 5_850_951, 0.6861, f"{FACES}, mirrored and turned copies in training"),
    ),
)
