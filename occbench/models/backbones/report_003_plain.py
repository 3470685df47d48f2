"""Report 003's model 1, six convolutions and four dense layers (700,439 trained parameters).

A PyTorch network for 48 x 48 grey faces. Each convolution keeps the side and is followed by batch
normalisation and ELU; a pool follows those at the places named in ``pools``, dropout all but the
first. The dense layers with ELU are stage ``fc`` of the backbone, as a recipe's head has ReLU. The
parameters are the switches of the report's comparison of 13 variants. It does not state its rate of
dropout, which here is that of its model 2, nor the number of its groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from occbench.errors import SpecError
from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, Style, drop, flat, halve


@dataclass(frozen=True)
class Layout:
    """The numbers of the network; by default those of the final one.

    Attributes:
        filters: of each convolution.
        pools: the convolutions, 1 being the first, behind which a pool stands; 1 among them is
            the early pool of the report's tables.
        dense: the units of the dense layers.
        activation: ``elu`` or ``relu``.
        norm: whether convolutions have batch normalisation.
        dropout: the share of features dropped behind each convolution but the first.
        kernel: side of the first kernel.
        last_kernel: side of the last one.
        dilation: of the second convolution.
        groups: of the second convolution.
    """

    filters: tuple[int, ...] = (8, 16, 32, 64, 128, 256)
    pools: tuple[int, ...] = (2, 3, 5, 6)
    dense: tuple[int, ...] = (128, 64, 32, 16)
    activation: str = "elu"
    norm: bool = True
    dropout: float = 0.1
    kernel: int = 3
    last_kernel: int = 3
    dilation: int = 1
    groups: int = 1

    def kernel_at(self, place: int) -> dict[str, int]:
        """The shape of a kernel, 1 being the first."""
        if place == 1:
            return {"size": self.kernel}
        size = self.last_kernel if place == len(self.filters) else 3
        if place == 2:
            return {"size": size, "dilation_rate": self.dilation, "groups": self.groups}
        return {"size": size}


def build(inputs: Any, seeds: Seeds, **parameters: Any) -> Any:
    """Features ``(N, F)``, F the units of the last dense layer: 16."""
    layout = Layout(**parameters)
    style = Style(activation=layout.activation, norm="before" if layout.norm else "none")
    x = inputs
    for place, filters in enumerate(layout.filters, start=1):
        stage = f"conv{place}"
        x = style.convolution(x, stage, filters, seeds, **layout.kernel_at(place))
        x = halve(x, stage) if place in layout.pools else x
        x = drop(x, stage, layout.dropout, seeds) if place > 1 else x
    x = flat(x, "fc")
    hidden = Style(activation=layout.activation)
    for place, units in enumerate(layout.dense, start=1):
        x = hidden.dense(x, f"fc_{place}", units, seeds)
    return x


def fit(**parameters: Any) -> tuple[tuple[str, ...], int]:
    """Stages, and the side that leaves one place behind the last pool."""
    layout = Layout(**parameters)
    filters, pools, groups = layout.filters, layout.pools, layout.groups
    if len(filters) < 2:
        raise SpecError(f"'filters' of 'report-003-plain' is {filters!r}; expected two or more.")
    if len(set(pools)) < len(pools) or max(pools, default=1) > len(filters):
        raise SpecError(
            f"'pools' of 'report-003-plain' is {pools!r}; expected different convolutions from 1 "
            f"to {len(filters)}, after which a pool stands."
        )
    if filters[0] % groups or filters[1] % groups:
        raise SpecError(
            f"'groups' of 'report-003-plain' is {groups}, which divides not both {filters[0]} and "
            f"{filters[1]}, the filters of the first two convolutions."
        )
    stages = (f"conv{place}" for place in range(1, len(filters) + 1))
    return (*stages, "fc"), max(2 ** len(pools), 8)


BACKBONE = Backbone(
    build,
    *fit(),
    parameters=vars(Layout()),
    allowed={"activation": ("elu", "relu"), "kernel": (3, 5, 7), "last_kernel": (3, 1)},
    fit=fit,
    source="report 003, model 1 (PyTorch)",
    reported=(
        Reported(
            {},
            size=48,
            channels=1,
            parameters=700_439,
            accuracy=0.60,
            faces="FER2013, the report does not say which faces, 50 epochs",
            contaminated="perhaps measured on folds that hold copies of training faces",
        ),
    ),
)
