"""Report 000's eight steps from one convolution to seven (1,084,583 to 100,215 parameters).

A ladder of Keras networks for 48 x 48 grey faces in which each step adds layers to the last one:
convolutions without padding, ReLU, batch normalisation (from step 1), a pool at the end of each
block, then dense layers with ReLU and half of their features dropped (from step 1). The dense
layers belong to the backbone, stage ``fc``, as a recipe's head drops features before its layers
and the report after them. Layers, trainings and numbers are those of report 000, table of steps 0
to 7; batch normalisation has Keras' own momentum and epsilon, as there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from occbench.models.backend import load_keras
from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, Style, drop, flat, halve

KEPT_FIRST = "FER2013, the first 20 % of the rows"
COPIES = (
    "mirrored or shifted copies were made before the split, so that every test face has one in the "
    "training part"
)
DROPPED = 0.5
"""The share of features dropped after each dense layer, from step 1 on: report 000."""


class Conv(NamedTuple):
    """One convolution: filters, side of the kernel, and zeros added around its input."""

    filters: int
    size: int
    pad: int = 0


class Step(NamedTuple):
    """The convolutions of each block, and the units of the dense layers."""

    blocks: tuple[tuple[Conv, ...], ...]
    dense: tuple[int, ...] = (128,)


def _three(first: int, second: int, third: tuple[int, int, int], dense: int) -> Step:
    """Steps 4, 6 and 7: 2 and 2 kernels of 3 x 3, 3 of 2 x 2, two dense layers."""
    return Step(
        ((Conv(first, 3),) * 2, (Conv(second, 3),) * 2, tuple(Conv(each, 2) for each in third)),
        (dense, dense),
    )


_FIRST = (Conv(16, 3), Conv(16, 3))
_SECOND = (Conv(32, 3), Conv(32, 3))

STEPS = (
    Step(((Conv(16, 3),),)),
    Step((_FIRST,)),
    Step((_FIRST, _SECOND)),
    Step((_FIRST, _SECOND, (Conv(64, 3), Conv(64, 2)))),
    _three(24, 48, (64, 64, 64), 128),
    Step(
        (
            (Conv(16, 3, 1), Conv(16, 3, 1)),
            (Conv(32, 2, 1), Conv(32, 2)),
            (Conv(48, 2, 1), Conv(48, 2)),
            (Conv(64, 2, 1), Conv(64, 2)),
        ),
        (128, 128),
    ),
    _three(32, 64, (96, 96, 80), 128),
    _three(16, 32, (64, 64, 64), 64),
)
"""The layer plan of report 000."""


def build(inputs: Any, seeds: Seeds, *, step: int) -> Any:
    """Features ``(N, F)``, F the units of the last dense layer: 128, at step 7 64."""
    plan = STEPS[step]
    norm = "after" if step else "none"
    style = Style(norm=norm, same=False, start="glorot", momentum=0.99, epsilon=1e-3)
    x = inputs
    for number, block in enumerate(plan.blocks, start=1):
        for place, conv in enumerate(block, start=1):
            name = f"stage{number}_{place}"
            x = style.convolution(
                _padded(x, name, conv.pad), name, conv.filters, seeds, size=conv.size
            )
        x = halve(x, f"stage{number}")
    x = flat(x, "fc")
    dense = Style(start="glorot")
    for place, units in enumerate(plan.dense, start=1):
        x = dense.dense(x, f"fc_{place}", units, seeds)
        x = drop(x, f"fc_{place}", DROPPED if step else 0.0, seeds)
    return x


def fit(*, step: int) -> tuple[tuple[str, ...], int]:
    """Stages, and the side that leaves one place behind the last pool, counted backwards."""
    side = 1
    for block in reversed(STEPS[step].blocks):
        side *= 2
        for conv in reversed(block):
            side += conv.size - 1 - 2 * conv.pad
    stages = (f"stage{number}" for number in range(1, len(STEPS[step].blocks) + 1))
    return (*stages, "fc"), side


def _padded(x: Any, name: str, pad: int) -> Any:
    return load_keras().layers.ZeroPadding2D(pad, name=f"{name}_pad")(x) if pad else x


def _reported(step: int, parameters: int, accuracy: float, *, copies: str = "") -> Reported:
    faces = f"{KEPT_FIRST}{f', {copies}' if copies else ''}"
    return Reported(
        {"step": step},
        size=48,
        channels=1,
        parameters=parameters,
        statistics=True,
        accuracy=accuracy,
        faces=faces,
        contaminated=COPIES if copies else "",
    )


BACKBONE = Backbone(
    build,
    *fit(step=6),
    parameters={"step": 6},
    allowed={"step": tuple(range(len(STEPS)))},
    fit=fit,
    source="report 000, steps 0 to 7 (Keras)",
    reported=(
        _reported(0, 1_084_583, 0.4714),
        _reported(1, 994_871, 0.4579),
        _reported(2, 349_559, 0.5265),
        _reported(3, 126_967, 0.5533),
        _reported(4, 174_511, 0.5469),
        _reported(5, 145_495, 0.5548),
        _reported(6, 268_983, 0.7427, copies="mirrored and shifted by a pixel"),
        _reported(7, 100_215, 0.5013),
        _reported(7, 100_215, 0.5987, copies="mirrored"),
        _reported(7, 100_215, 0.6664, copies="shifted by a pixel"),
        _reported(7, 100_215, 0.6877, copies="mirrored and shifted by a pixel"),
    ),
)
