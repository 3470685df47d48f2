"""What fixed copies of training images are made by: an image and a face in, an image out.

What is drawn for a copy depends on the seed, the copy and the face and on nothing else, so every
copy has the same bytes in every epoch, whatever the order or the number of workers. In a paired
split both images of a face are altered alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from occbench.core.digest import digest_int
from occbench.core.spec import Spec
from occbench.models.specs import LUMA, Chain
from occbench.occluders.paint import Image

Alteration = Callable[[Image, str, int], Image]
"""Makes the copy of an image: of which face it is, and the how manieth of its kind, from 0."""

# How far the copies go that fill up a class. Report 003 names the six changes (flip, crop,
# contrast stretching, saturation, brightness, zoom) and gives no amounts; these are those of
# ``models.specs.AUGMENTATIONS``, but for half the brightness.
CROP, ZOOM, STRETCH, BRIGHTNESS, SATURATION = 0.1, 0.1, 0.1, 0.1, 0.2


@dataclass(frozen=True)
class FixedCopy:
    """The copy that a recipe's ``copies`` describe, uint8 ``(H, W, channels)`` like the image.

    Attributes:
        chain: what is done to the image, in order.
        seed: of the coins.
    """

    chain: Chain
    seed: int

    def __call__(self, image: Image, face_id: str, number: int) -> Image:  # noqa: ARG002
        """See ``Alteration``; the number makes no difference."""
        for place, step in enumerate(self.chain.steps):
            coin = digest_int(self.seed, "copy", self.chain, place, face_id) % 2 == 1
            image = _stepped(image, step, coin)
        return image


@dataclass(frozen=True)
class FilledCopy:
    """A copy that fills up a class: flip, crop, zoom, stretch, brightness, saturation, in order.

    A mirror image by a coin; a window of 90 to 100 % of the side anywhere in the image, of which
    90 to 110 % are shown about its centre, bilinear, black beyond the image; the levels without 0
    to 10 % of their span at both ends spread over 0..255; up to 10 % of 255 added or taken; in
    colour, the distance from the luma times 0.8 to 1.2.

    Attributes:
        seed: of the draws.
    """

    seed: int

    def __call__(self, image: Image, face_id: str, number: int) -> Image:
        """See ``Alteration``."""
        drawn = np.random.Generator(
            np.random.Philox(digest_int(self.seed, "balance", face_id, number))
        )
        flip, side, x, y, zoom, cut, light, colour = drawn.uniform(size=8).tolist()
        if flip < 0.5:
            image = image[:, ::-1]
        image = _window(image, 1 - CROP * side, (x, y), 1 + ZOOM * (2 * zoom - 1))
        levels = _stretched(int(image.min()), int(image.max()), STRETCH * cut)
        levels += 255 * BRIGHTNESS * (2 * light - 1)
        table = np.rint(levels).clip(0, 255).astype(np.uint8)
        altered = cv2.LUT(image, table).reshape(image.shape).astype(np.uint8, copy=False)
        factor = 1 + SATURATION * (2 * colour - 1)
        return _coloured(altered, factor) if image.shape[-1] == 3 else altered


def _stepped(image: Image, step: Spec, coin: bool) -> Image:
    given = step.arguments
    if step.name == "mirror":
        return image[:, ::-1]
    if step.name == "shift":
        return _moved(image, given["pixels"] if coin else -given["pixels"], 0)
    if step.name == "move":
        return _moved(image, given["right"], given["down"])
    return _turned(image, given["degrees"])


def _moved(image: Image, right: int, down: int) -> Image:
    """Moved by whole pixels; what comes in is black."""
    high, wide = image.shape[:2]
    result = np.zeros_like(image)
    # A move by more than the side leaves nothing.
    right, down = (int(np.clip(way, -side, side)) for way, side in ((right, wide), (down, high)))
    result[max(down, 0) : high + min(down, 0), max(right, 0) : wide + min(right, 0)] = image[
        max(-down, 0) : high + min(-down, 0), max(-right, 0) : wide + min(-right, 0)
    ]
    return result


def _turned(image: Image, degrees: float) -> Image:
    """Turned counter-clockwise about the centre, bilinear, black corners."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = (image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2
    return _warped(
        image,
        np.array([[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y]]),
    )


def _window(image: Image, side: float, place: tuple[float, float], zoom: float) -> Image:
    """A window in the size of the image.

    Args:
        image: uint8.
        side: share of the image's side.
        place: 0..1 from the left and from the top, of where it can lie.
        zoom: share of the window that is shown about its centre; beyond 1 more than the window.
    """
    scale = side * zoom
    begin = [
        share * (1 - side) * length + (side - scale) * length / 2 + (scale - 1) / 2
        for share, length in zip(place, (image.shape[1], image.shape[0]), strict=True)
    ]
    return _warped(image, np.array([[scale, 0, begin[0]], [0, scale, begin[1]]]))


def _stretched(low: int, high: int, cut: float) -> NDArray[np.float64]:
    """What each level becomes, (256,), where ``low`` and ``high`` are those of the image."""
    levels = np.arange(256, dtype=np.float64)
    if low == high:
        return levels
    begin, span = low + cut * (high - low), (1 - 2 * cut) * (high - low)
    return ((levels - begin) * 255 / span).clip(0, 255)


def _coloured(image: Image, factor: float) -> Image:
    """The distance of every colour from its luma times a factor; OpenCV rounds and cuts off."""
    mixed = factor * np.eye(3) + (1 - factor) * np.array([LUMA] * 3)
    return cv2.transform(image, mixed).astype(np.uint8, copy=False)


def _warped(image: Image, inverse: NDArray[np.float64]) -> Image:
    """The image whose pixel (x, y) is the image's at ``inverse`` (2, 3) of it, bilinear."""
    size = image.shape[1], image.shape[0]
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(np.ascontiguousarray(image), inverse, size, flags=how)
    return found.reshape(image.shape).astype(np.uint8, copy=False)
