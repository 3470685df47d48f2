"""Report 003's model 2, three inception modules (1,714,183 trained parameters).

A PyTorch network for 48 x 48 grey faces: a 7 x 7 convolution and a pool, three modules, a 1 x 1
convolution and a pool, one dense layer. A module looks at its input in four ways at once (1 x 1;
3 x 3; 5 x 5; a maximum), each after a 1 x 1 convolution or, for the maximum, before one, puts them
in a row and mixes them by a 1 x 1 convolution with batch normalisation. All is followed by ELU.
The dense layers are stage ``fc`` of the backbone, as a recipe's head has ReLU. The parameters are
the switches of the report's comparison of 11 variants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from occbench.errors import SpecError
from occbench.models.backend import load_keras
from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, Style, drop, flat, halve

STAGES = ("stem", "inception1", "inception2", "inception3", "last", "fc")
STEM, LAST = 8, 64
"""Filters before and after the modules: report 003."""

MODULES = ((16, 32), (64, 64), (128, 256))
"""Filters of the narrow branches and of the output of each module: report 003."""


@dataclass(frozen=True)
class Layout:
    """The numbers of the network; by default those of the final one.

    Attributes:
        stem: side of the first kernel.
        large: side of the large kernel in each module; 3 is our reading of "3 x 3 only".
        dense: the units of the dense layers.
        skip: whether there is a way around module 2. The report does not say how its 32 maps meet
            64; here a 1 x 1 convolution makes them 64.
        activation: ``elu`` or ``relu``.
        norm: whether convolutions outside the branches have batch normalisation.
        dropout: the share of features dropped behind modules 1 and 2 and each dense layer.
    """

    stem: int = 7
    large: tuple[int, ...] = (5, 5, 5)
    dense: tuple[int, ...] = (32,)
    skip: bool = False
    activation: str = "elu"
    norm: bool = True
    dropout: float = 0.1


def build(inputs: Any, seeds: Seeds, **parameters: Any) -> Any:
    """Features ``(N, F)``, F the units of the last dense layer: 32."""
    layout = Layout(**parameters)
    style = Style(activation=layout.activation, norm="before" if layout.norm else "none")
    bare = Style(activation=layout.activation)
    x = halve(style.convolution(inputs, "stem", STEM, seeds, size=layout.stem), "stem")
    for place, (narrow, out) in enumerate(MODULES):
        stage, before = STAGES[place + 1], x
        x = branches(x, stage, narrow, seeds, bare, large=layout.large[place])
        x = style.convolution(x, f"{stage}_mix", out, seeds, size=1)
        if layout.skip and place == 1:
            x = _around(before, x, stage, seeds)
        x = halve(x, stage) if place else x
        x = x if place == 2 else drop(x, stage, layout.dropout, seeds)
    x = flat(halve(style.convolution(x, "last", LAST, seeds, size=1), "last"), "fc")
    for place, units in enumerate(layout.dense, start=1):
        name = f"fc_{place}"
        x = drop(bare.dense(x, name, units, seeds), name, layout.dropout, seeds)
    return x


def branches(x: Any, name: str, narrow: int, seeds: Seeds, style: Style, *, large: int) -> Any:
    """Four views of ``(N, h, w, C)`` in a row, ``(N, h, w, 6 narrow)``."""
    layers = load_keras().layers
    a = style.convolution(x, f"{name}_a", narrow, seeds, size=1)
    b = style.convolution(x, f"{name}_b1", narrow, seeds, size=1)
    b = style.convolution(b, f"{name}_b2", 2 * narrow, seeds)
    c = style.convolution(x, f"{name}_c1", narrow, seeds, size=1)
    c = style.convolution(c, f"{name}_c2", 2 * narrow, seeds, size=large)
    d = layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_d_pool")(x)
    d = style.convolution(d, f"{name}_d", narrow, seeds, size=1)
    return layers.Concatenate(name=f"{name}_join")([a, b, c, d])


def fit(**parameters: Any) -> tuple[tuple[str, ...], int]:
    """The stages; four pools make one place of 16 pixels."""
    large = Layout(**parameters).large
    if len(large) != len(MODULES) or not set(large) <= {3, 5}:
        raise SpecError(
            f"'large' of 'report-003-inception' is {large!r}; expected 3 or 5 for each of the "
            "three modules, such as (5, 3, 3)."
        )
    return STAGES, 16


def _around(before: Any, x: Any, stage: str, seeds: Seeds) -> Any:
    linear = Style(activation="linear")
    before = linear.convolution(before, f"{stage}_around", x.shape[-1], seeds, size=1)
    return load_keras().layers.Add(name=f"{stage}_add")([before, x])


BACKBONE = Backbone(
    build,
    *fit(),
    parameters=vars(Layout()),
    allowed={"stem": (7, 5, 3), "activation": ("elu", "relu")},
    fit=fit,
    source="report 003, model 2 (PyTorch)",
    reported=(
        Reported(
            {},
            size=48,
            channels=1,
            parameters=1_714_183,
            accuracy=0.54,
            faces="FER2013, mean of five folds of the Training faces, 5 epochs",
            contaminated="copies that fill up small classes were probably made before the folds",
        ),
    ),
)
