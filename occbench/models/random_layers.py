"""Augmentation that Keras has no layer for: crop, contrast stretch and saturation.

Each image of a batch is drawn alone, in training only. Images are ``(N, H, W, channels)``, levels
0..255; the layers compute in float32 whatever the network's precision.
"""

from __future__ import annotations

from typing import Any

from occbench.models.backend import load_keras
from occbench.models.planes import luma_of

keras = load_keras()
ops = keras.ops


class _Drawn(keras.layers.Layer):  # type: ignore[misc, name-defined]
    """A layer that changes each image by something drawn for it.

    Args:
        fraction: how far a change may go.
        seed: of the draws.
    """

    def __init__(self, fraction: float, seed: int) -> None:
        super().__init__(dtype="float32")
        self.fraction = fraction
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool | None = False) -> Any:
        """The images, changed in training and themselves otherwise."""
        return self.changed(images) if training else images

    def changed(self, images: Any) -> Any:
        """The images with what was drawn for each."""
        raise NotImplementedError

    def drawn(self, images: Any, low: float, high: float) -> Any:
        """A number between ``low`` and ``high`` for each image, ``(N, 1, 1, 1)``."""
        shape = (ops.shape(images)[0], 1, 1, 1)
        return keras.random.uniform(shape, low, high, seed=self.generator)


class Crop(_Drawn):
    """Shows a square window anywhere in the image in the size of the image, bilinear.

    The window's side is 1 - ``fraction`` to 1 of the image's.
    """

    def changed(self, images: Any) -> Any:
        """See ``_Drawn``."""
        side = self.drawn(images, 1 - self.fraction, 1)
        high, wide = images.shape[1:3]
        left, top = (
            self.drawn(images, 0, 1) * (1 - side) * length + (side - 1) / 2
            for length in (wide, high)
        )
        zero = ops.zeros_like(side)
        # Pixel (x, y) of the result is (a x + b y + c, d x + e y + f) of the image.
        parts = [side, zero, left, zero, side, top, zero, zero]
        transforms = ops.reshape(ops.concatenate(parts, axis=-1), (-1, 8))
        return ops.image.affine_transform(
            images, transforms, interpolation="bilinear", fill_mode="nearest"
        )


class Stretch(_Drawn):
    """Spreads the levels of an image over 0..255.

    A share p up to ``fraction`` is drawn; of the span from the lowest to the highest level, p is
    cut off at both ends. An image of one level stays as it is.
    """

    def changed(self, images: Any) -> Any:
        """See ``_Drawn``."""
        low = ops.min(images, axis=(1, 2, 3), keepdims=True)
        span = ops.max(images, axis=(1, 2, 3), keepdims=True) - low
        cut = self.drawn(images, 0, self.fraction) * span
        spread = 255 * (images - low - cut) / ops.maximum(span - 2 * cut, 1e-6)
        return ops.where(span > 0, ops.clip(spread, 0, 255), images)


class Saturation(_Drawn):
    """Moves the colours of an image away from its luma or towards it.

    A factor from 1 less to 1 plus ``fraction`` is drawn; grey images stay as they are.
    """

    def changed(self, images: Any) -> Any:
        """See ``_Drawn``."""
        grey = luma_of(images)
        factor = self.drawn(images, 1 - self.fraction, 1 + self.fraction)
        return ops.clip(grey + factor * (images - grey), 0, 255)
