"""The blocks of convolutions with which both networks of report 004 begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from occbench.errors import SpecError
from occbench.models.blocks import Seeds, Style, halve


def blocks(
    x: Any, channels: Sequence[int], repeats: Sequence[int], seeds: Seeds, style: Style
) -> Any:
    """Blocks of 3 x 3 convolutions, a pool behind each.

    Args:
        x: images ``(N, h, w, C)``.
        channels: the filters of each block.
        repeats: the convolutions of each block.
        seeds: gives the seed of each layer.
        style: of all convolutions.

    Returns:
        ``(N, h / 2**blocks, w / 2**blocks, channels[-1])``, odd sides cut.
    """
    for number, (filters, count) in enumerate(zip(channels, repeats, strict=True), start=1):
        for place in range(1, count + 1):
            x = style.convolution(x, f"block{number}_{place}", filters, seeds)
        x = halve(x, f"block{number}")
    return x


def stages_of(backbone: str, channels: Sequence[int], repeats: Sequence[int]) -> tuple[str, ...]:
    """The name of each block.

    Raises:
        SpecError: there is none, or ``channels`` and ``repeats`` name different numbers of them.
    """
    if not channels or len(channels) != len(repeats):
        raise SpecError(
            f"'channels' of '{backbone}' is {channels!r} and 'repeats' {repeats!r}; expected one "
            "number in each for every block, such as (8, 16) and (2, 1)."
        )
    return tuple(f"block{number}" for number in range(1, len(channels) + 1))
