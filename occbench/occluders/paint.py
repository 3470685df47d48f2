"""The one painter: the only code that covers pixels.

Everything that shows an occluded face, on disk or in training, goes through ``paint``.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from occbench.geometry.polygon import Region, Spans
from occbench.occluders.base import FILLS, Fill

Image = NDArray[np.uint8]


def paint(image: Image, region: Region, fill: Fill = "black", *, seed: int = 0) -> Image:
    """A copy of an image with exactly the pixels covered whose centres lie in the region.

    All other pixels keep their value bit for bit.

    Args:
        image: uint8 grey ``(H, W)``, RGB ``(H, W, 3)`` or RGBA ``(H, W, 4)``; in the last
            the covered pixels become opaque.
        region: where.
        fill: ``black``; ``mean``, the mean colour of the pixels that stay visible;
            ``noise``, every channel of every pixel drawn evenly from 0..255; or a colour
            (r, g, b), which becomes its Rec. 601 luma in a grey image.
        seed: for ``noise``; the same seed gives the same pixels on every machine.

    Raises:
        ValueError: another dtype, shape or fill.
    """
    channels = _channels(image)
    height, width = image.shape[:2]
    spans = region.spans((width, height))
    painted = np.array(image, dtype=np.uint8, order="C", copy=True)
    if fill == "noise":
        _fill_noise(painted, spans, channels, seed)
    else:
        row = bytes(_colour(image, region, fill, channels)) * width
        _fill_row(painted, spans, channels, row)
    return painted


def _channels(image: Image) -> int:
    shape = image.shape
    channels = 1 if len(shape) == 2 else shape[2] if len(shape) == 3 else 0
    if image.dtype != np.uint8 or channels not in (1, 3, 4) or 0 in shape:
        raise ValueError(
            "`image` must be uint8 of the shape (H, W), (H, W, 3) or (H, W, 4). "
            f"Received: dtype={image.dtype}, shape={shape}"
        )
    return channels


def _fill_row(image: Image, spans: Spans, channels: int, row: bytes) -> None:
    """Copies the beginning of one prepared row into every span, past NumPy's overhead."""
    pixels, source = memoryview(image.data).cast("B"), memoryview(row)
    stride = image.shape[1] * channels
    for y, start, stop in spans:
        first = y * stride + start * channels
        length = (stop - start) * channels
        pixels[first : first + length] = source[:length]


def _fill_noise(image: Image, spans: Spans, channels: int, seed: int) -> None:
    """Writes SHAKE-256 output, which no library version changes, span after span."""
    drawn = min(channels, 3)
    length = sum(stop - start for _, start, stop in spans) * drawn
    levels = np.frombuffer(hashlib.shake_256(str(seed).encode()).digest(length), np.uint8)
    rows = image.reshape(*image.shape[:2], channels)
    position = 0
    for y, start, stop in spans:
        following = position + (stop - start) * drawn
        rows[y, start:stop, :drawn] = levels[position:following].reshape(-1, drawn)
        rows[y, start:stop, 3:] = 255
        position = following


def _colour(image: Image, region: Region, fill: Fill, channels: int) -> list[int]:
    """The fill as one value per channel."""
    if fill == "mean":
        colour = _visible_mean(image, region, channels)
    elif fill == "black":
        colour = [0] * min(channels, 3)
    elif isinstance(fill, tuple):
        red, green, blue = fill
        # Rec. 601 luma, as JPEG and OpenCV turn colour into grey.
        luma = round(0.299 * red + 0.587 * green + 0.114 * blue)
        colour = [luma] if channels == 1 else [red, green, blue]
    else:
        raise ValueError(f"`fill` must be one of {FILLS} or (r, g, b). Received: fill={fill!r}")
    return colour + [255] * (channels - len(colour))


def _visible_mean(image: Image, region: Region, channels: int) -> list[int]:
    height, width = image.shape[:2]
    visible = ~region.mask((width, height))
    if not visible.any():
        return [0] * min(channels, 3)
    pixels = image.reshape(height, width, channels)[visible][:, :3]
    return [round(level) for level in pixels.mean(axis=0, dtype=np.float64).tolist()]
