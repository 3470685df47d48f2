"""What the audit keeps of an image: enough to find copies, little enough for all at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from occbench.dataset.images import as_rgb, size_of
from occbench.occluders.paint import Image

THUMB = 48


@dataclass(frozen=True, eq=False, slots=True)
class Fingerprint:
    """A fingerprint of one image.

    Attributes:
        key: equal for two images iff their shape and all their pixels are.
        size: (width, height).
        constant: whether all pixels have one value.
        thumb: uint8 grey ``(48, 48)``, by area averaging.
    """

    key: bytes
    size: tuple[int, int]
    constant: bool
    thumb: NDArray[np.uint8]


def fingerprint(image: Image) -> Fingerprint:
    """The fingerprint of a grey, RGB or RGBA image."""
    text = repr(image.shape).encode() + image.tobytes()
    key = hashlib.blake2b(text, digest_size=16).digest()
    grey = image if image.ndim == 2 else cv2.cvtColor(as_rgb(image), cv2.COLOR_RGB2GRAY)
    thumb = cv2.resize(grey, (THUMB, THUMB), interpolation=cv2.INTER_AREA).astype(np.uint8)
    flat = image.reshape(-1, 1 if image.ndim == 2 else image.shape[2])
    return Fingerprint(key, size_of(image), bool((flat == flat[0]).all()), thumb)
