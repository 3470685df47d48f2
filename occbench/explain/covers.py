"""How a face is covered to see what the network loses: with one grey, in one place."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from occbench.core.digest import digest_int
from occbench.errors import DataError
from occbench.geometry.polygon import Region
from occbench.occluders.base import Fill
from occbench.occluders.paint import Image

# A rectangle of pixels reaches so far beyond their centres, which lie at whole numbers.
_BEYOND = 0.25


def patch_and_stride(size: int, patch: int | None, stride: int | None) -> tuple[int, int]:
    """The side of a sliding patch and how far it slides, in pixels.

    Args:
        size: side of the face in pixels.
        patch: a sixth of the face if None, 8 of 48.
        stride: a quarter of the patch if None, 2 of 8.

    Raises:
        DataError: the patch leaves nothing of the face, or the stride leaves pixels out.
    """
    side = max(1, round(size / 6)) if patch is None else patch
    step = max(1, round(side / 4)) if stride is None else stride
    if side >= size:
        raise DataError(
            f"A patch of {side} pixels leaves nothing of faces of {size} pixels; take a smaller "
            "--patch."
        )
    if step > side:
        raise DataError(
            f"A stride of {step} pixels leaves pixels between patches of {side}; take a --stride "
            f"of {side} or less."
        )
    return side, step


def mean_fill(image: Image) -> Fill:
    """The mean colour of a face: what covers it least looks like an edge or a thing.

    Args:
        image: uint8 ``(H, W)``, ``(H, W, 1)`` or ``(H, W, 3)``.
    """
    channels = image.shape[2] if image.ndim == 3 else 1
    means = image.reshape(-1, channels).mean(axis=0, dtype=np.float64)
    levels = [round(level) for level in means.tolist()]
    red, green, blue = levels if len(levels) == 3 else levels * 3
    return red, green, blue


def block(left: int, top: int, width: int, height: int) -> Region:
    """Exactly the pixels of a rectangle, given its first column and row and its sides."""
    return Region((_rectangle(left, top, width, height),))


def random_patch(pixels: int, size: tuple[int, int], key: object) -> Region:
    """Exactly so many pixels in one compact piece somewhere in an image.

    It is as near to a square as goes, the last row cut short. Each place where it lies inside the
    image is equally likely.

    Args:
        pixels: from 1 to all of the image.
        size: of the image, (width, height).
        key: decides the place; the same key gives the same place on every machine.

    Raises:
        ValueError: there are not so many pixels.
    """
    width, height = size
    if not 1 <= pixels <= width * height:
        raise ValueError(f"Expected 1 to {width * height} pixels. Received: pixels={pixels}")
    across = max(min(width, ceil(sqrt(pixels))), ceil(pixels / height))
    whole, rest = divmod(pixels, across)
    rows = whole + (rest > 0)
    left = digest_int("control", "x", key) % (width - across + 1)
    top = digest_int("control", "y", key) % (height - rows + 1)
    pieces = [(left, top, across, whole), (left, top + whole, rest, 1)]
    return Region(tuple(_rectangle(*piece) for piece in pieces if piece[2] and piece[3]))


def _rectangle(left: int, top: int, width: int, height: int) -> NDArray[np.float64]:
    x, y = (left - _BEYOND, left + width - 1 + _BEYOND), (top - _BEYOND, top + height - 1 + _BEYOND)
    return np.array([(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])])
