"""Planes: what is computed from an image of levels 0..255 and shown to a network as channels.

They are a part of the network, between its augmentation and its preprocessing, so training,
prediction and an exported file cannot differ in them. Each formula stands here once and serves
NumPy and Keras.

Source of the selection: zucchi99/Emotion-Recognition-of-fer2013 (report 004), whose
``fer2013_augmenter.py`` has the planes named here but ``luma``, and whose ``builder_fer2021.py``
has ``contrast``. Two things differ on purpose. ``sobel`` is the length of the gradient, where
``builder_fer2021.py`` gives that name to a signed average of both directions. And what lies
beyond the image is its edge repeated, not black, so a frame does not look like an edge.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.core.spec import Spec
from occbench.errors import DataError
from occbench.models.backend import load_keras
from occbench.models.specs import LUMA

# The longest gradient that nine levels of 0 and 1 can have: (4, 2), which a corner gives.
_LONGEST = math.sqrt(20)


def planes(specs: Sequence[Spec], images: NDArray[Any]) -> NDArray[np.float32]:
    """The planes of images, float32 ``(N, H, W, P)``, all on the scale 0..255.

    ``image`` gives all channels as they are, every other plane one channel of the luma Y:

    - ``luma``: Y = 0.299 R + 0.587 G + 0.114 B; a grey image is its own.
    - ``sobel-x``: 127.5 + Gx / 8, where Gx is Y correlated with ((-1, 0, 1), (-2, 0, 2),
      (-1, 0, 1)): above 127.5 where it is brighter to the right. ``sobel-y``: the same with the
      transpose, brighter below.
    - ``sobel``: sqrt(Gx^2 + Gy^2) / sqrt(20), which is 255 at most. A straight edge of h levels
      along rows or columns has 4 h / sqrt(20) = 0.894 h on both sides.
    - ``contrast``: 255 times the mean of (Y / 255)^2 over the pixel and its neighbours above, to
      the left and both. It measures how bright a place is, not contrast; the name is the report's.
    - ``gamma(exponent)``: the mean of (Y / 255)^exponent over 3 x 3 pixels, stretched so that the
      image's lowest value is 0 and its highest 255; 0 everywhere on an image of one level.
    - ``mirror``: Y with left and right exchanged. ``rotate(degrees)``: Y turned
      counter-clockwise about the centre, bilinear, black corners.

    Args:
        specs: checked specs of ``PLANES``, in the order of the planes; at least one.
        images: ``(N, H, W, channels)``, grey or RGB, uint8 or another number, levels 0..255.

    Raises:
        DataError: another number of axes or of channels.
    """
    given = np.asarray(images)
    if given.ndim != 4 or given.shape[-1] not in (1, 3) or given.dtype.kind not in "uif":
        raise DataError(
            f"Images to make planes of have shape {given.shape} and type {given.dtype}; expected "
            "numbers (N, H, W, 1) or (N, H, W, 3)."
        )
    levels = given.astype(np.float32)
    luma = luma_of(levels)
    found = [_plane(np, spec, levels, luma, _turned) for spec in specs]
    return np.concatenate(found, axis=-1).astype(np.float32, copy=False)


def planes_tensor(specs: Sequence[Spec], images: Any) -> Any:
    """The same on tensors, inside a network of Keras; without ``specs`` the images themselves."""
    if not specs:
        return images
    ops = load_keras().ops
    # Under mixed precision differences of levels would round.
    levels = ops.cast(images, "float32")
    luma = luma_of(levels)
    found = [_plane(ops, spec, levels, luma, _turned_tensor) for spec in specs]
    return ops.concatenate(found, axis=-1) if len(found) > 1 else found[0]


def luma_of(levels: Any) -> Any:
    """The luma of images or tensors ``(N, H, W, 1 or 3)``, ``(N, H, W, 1)``."""
    if levels.shape[-1] == 1:
        return levels
    red, green, blue = (weight * levels[..., i : i + 1] for i, weight in enumerate(LUMA))
    return red + green + blue


def _plane(ops: Any, spec: Spec, levels: Any, luma: Any, turned: Any) -> Any:
    """One plane; ``ops`` is NumPy or ``keras.ops``, whose names and meanings are the same."""
    given = spec.arguments
    made: Mapping[str, Callable[[], Any]] = {
        "image": lambda: levels,
        "luma": lambda: luma,
        "sobel": lambda: _length(ops, *_gradient(ops, luma)),
        "sobel-x": lambda: 127.5 + _gradient(ops, luma)[0] / 8.0,
        "sobel-y": lambda: 127.5 + _gradient(ops, luma)[1] / 8.0,
        "contrast": lambda: 255.0 * _mean(ops, (luma / 255.0) ** 2, (0, 1)),
        "gamma": lambda: _gamma(ops, luma, given["exponent"]),
        "mirror": lambda: ops.flip(luma, axis=2),
        "rotate": lambda: turned(luma, given["degrees"]),
    }
    return made[spec.name]()


def _framed(ops: Any, image: Any) -> Any:
    """The image with its edge repeated once on every side."""
    high = ops.concatenate([image[:, :1], image, image[:, -1:]], axis=1)
    return ops.concatenate([high[:, :, :1], high, high[:, :, -1:]], axis=2)


def _gradient(ops: Any, luma: Any) -> tuple[Any, Any]:
    """Sobel's differences along x and along y."""
    framed = _framed(ops, luma)
    columns = framed[:, :-2] + 2.0 * framed[:, 1:-1] + framed[:, 2:]
    rows = framed[:, :, :-2] + 2.0 * framed[:, :, 1:-1] + framed[:, :, 2:]
    return columns[:, :, 2:] - columns[:, :, :-2], rows[:, 2:] - rows[:, :-2]


def _length(ops: Any, across: Any, down: Any) -> Any:
    # At 0 the root has no derivative, which explanations may ask for.
    return ops.sqrt(ops.maximum(across**2 + down**2, 1e-12)) / _LONGEST


def _mean(ops: Any, image: Any, offsets: Sequence[int]) -> Any:
    """The mean over a square window whose first and last pixel lie at ``offsets`` in the frame."""
    framed, (high, wide) = _framed(ops, image), image.shape[1:3]
    places = [(y, x) for y in offsets for x in offsets]
    total = sum(framed[:, y : y + high, x : x + wide] for y, x in places)
    return total / len(places)


def _gamma(ops: Any, luma: Any, exponent: float) -> Any:
    # Augmentation can leave the scale, where a root is no number.
    powers = _mean(ops, (ops.clip(luma, 0.0, 255.0) / 255.0) ** exponent, (0, 1, 2))
    low = ops.min(powers, axis=(1, 2), keepdims=True)
    span = ops.max(powers, axis=(1, 2), keepdims=True) - low
    return 255.0 * (powers - low) / ops.maximum(span, 1e-6)


def _inverse(high: int, wide: int, degrees: float) -> NDArray[np.float64]:
    """The matrix (2, 3) that takes (x, y, 1) of a turned image to the place in the image."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = (wide - 1) / 2, (high - 1) / 2
    return np.array([[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y]])


def _turned(luma: NDArray[np.float32], degrees: float) -> NDArray[np.float32]:
    _, high, wide, _ = luma.shape
    ys, xs = np.mgrid[:high, :wide]
    places = np.stack([xs, ys, np.ones_like(xs)]).reshape(3, -1)
    x, y = _inverse(high, wide, degrees) @ places
    # A frame of black takes what reaches beyond, wherever it is.
    black = np.pad(luma, ((0, 0), (1, 1), (1, 1), (0, 0)))
    left, top = np.floor(x), np.floor(y)
    total = np.zeros_like(luma).reshape(len(luma), -1)
    for over, share_y in ((0, 1 - (y - top)), (1, y - top)):
        for aside, share_x in ((0, 1 - (x - left)), (1, x - left)):
            row = np.clip(top + over + 1, 0, high + 1).astype(np.intp)
            column = np.clip(left + aside + 1, 0, wide + 1).astype(np.intp)
            total += black[:, row, column, 0] * (share_y * share_x).astype(np.float32)
    return total.reshape(luma.shape)


def _turned_tensor(luma: Any, degrees: float) -> Any:
    ops = load_keras().ops
    inverse = _inverse(luma.shape[1], luma.shape[2], degrees)
    flat = ops.convert_to_tensor([*inverse.ravel().tolist(), 0.0, 0.0], dtype="float32")
    return ops.image.affine_transform(luma, flat, interpolation="bilinear", fill_mode="constant")
