"""Report 001's first network: three convolutions without padding (2,862,152 parameters).

Layer table as printed in the notebooks of LeanderWernst/facial-expression-recognition: 32, 64 and
128 filters of 3 x 3, pools between, 224 x 224 x 3 to 52 x 52 x 128, flattened to 346,112. The
layout is the introductory one of Chollet's "Deep Learning with Python" (2nd edition, listing 8.1).
"""

from __future__ import annotations

from typing import Any

from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, convolution, halve

STAGES = ("stage1", "stage2", "stage3")


def build(inputs: Any, seeds: Seeds) -> Any:
    """Features ``(N, h, w, 128)``."""
    x = inputs
    for stage, filters in zip(STAGES, (32, 64, 128), strict=True):
        x = convolution(x, stage, filters, seeds, norm=False, same=False)
        x = x if stage == STAGES[-1] else halve(x, stage)
    return x


BACKBONE = Backbone(
    build,
    STAGES,
    smallest=18,
    source="report 001, LeanderWernst/facial-expression-recognition; Chollet, listing 8.1",
    reported=(
        Reported(
            {},
            size=224,
            channels=3,
            classes=8,
            parameters=2_862_152,
            statistics=True,
            accuracy=0.125,
            faces="AffectNet's validation faces, 5 epochs on 10,000 faces; one class for all",
        ),
    ),
)
