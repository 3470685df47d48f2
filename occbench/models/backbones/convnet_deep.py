"""Report 001's deep network: eight convolutions without padding (8,777,864 parameters).

Layer table as printed in the notebooks of LeanderWernst/facial-expression-recognition: 64, pool,
128, pool, 3 x 256, pool, 3 x 512 filters of 3 x 3; 224 x 224 x 3 to 18 x 18 x 512, flattened to
165,888.
"""

from __future__ import annotations

from typing import Any

from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, convolution, halve

STAGES = ("stage1", "stage2", "stage3", "stage4")


def build(inputs: Any, seeds: Seeds) -> Any:
    """Features ``(N, h, w, 512)``."""
    x = inputs
    for stage, filters, layers in zip(STAGES, (64, 128, 256, 512), (1, 1, 3, 3), strict=True):
        for layer in range(1, layers + 1):
            x = convolution(x, f"{stage}_{layer}", filters, seeds, norm=False, same=False)
        x = x if stage == STAGES[-1] else halve(x, stage)
    return x


BACKBONE = Backbone(
    build,
    STAGES,
    smallest=86,
    source="report 001, LeanderWernst/facial-expression-recognition",
    reported=(
        Reported(
            {},
            size=224,
            channels=3,
            classes=8,
            parameters=8_777_864,
            statistics=True,
            accuracy=0.3803,
            faces="AffectNet's validation faces, 50 epochs",
        ),
    ),
)
