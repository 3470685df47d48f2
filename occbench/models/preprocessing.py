"""From RGB or grey levels 0..255 to what a network was trained on.

Constants: VGGFace 1 and 2 are the channel means of keras-vggface 0.6 (``utils.py``,
``preprocess_input``, versions 1 and 2); the ImageNet ones are those of Keras'
``imagenet_utils.preprocess_input``, mode ``caffe``. All three are in the order blue, green, red.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.errors import DataError, UnknownName
from occbench.models.backend import load_keras
from occbench.models.specs import PREPROCESSINGS

MEANS_BGR = {
    "imagenet-caffe": (103.939, 116.779, 123.68),
    "vggface1": (93.5940, 104.7624, 129.1863),
    "vggface2": (91.4953, 103.8827, 131.0912),
}


def preprocess(name: str, images: NDArray[Any]) -> NDArray[np.float32]:
    """Images of levels 0..255 as float32 for a network; what is given stays as it is.

    ``unit`` is x / 255; ``centered`` is x / 127.5 - 1; the others turn RGB into BGR and
    subtract the mean of each channel, without scaling.

    Args:
        name: one of ``PREPROCESSINGS``; that of a network is ``Backbone.preprocessing``.
        images: ``(N, H, W, channels)`` or one ``(H, W, channels)``, uint8 or another number.

    Raises:
        UnknownName: there is no such preprocessing.
        DataError: another number of axes, or channel means for images that are not RGB.
    """
    if name not in PREPROCESSINGS:
        raise UnknownName("preprocessing", name, PREPROCESSINGS)
    given = np.asarray(images)
    if given.ndim not in (3, 4) or given.dtype.kind not in "uif":
        raise DataError(
            f"Images to preprocess have shape {given.shape} and type {given.dtype}; expected "
            "numbers (N, H, W, channels) or (H, W, channels)."
        )
    levels = given.astype(np.float32)
    if name == "unit":
        return levels / np.float32(255)
    if name == "centered":
        return levels / np.float32(127.5) - np.float32(1)
    means = np.array(_means_rgb(name, given.shape[-1]), dtype=np.float32)
    return np.ascontiguousarray((levels - means)[..., ::-1])


def preprocess_tensor(name: str, images: Any) -> Any:
    """The same on tensors ``(N, H, W, channels)``, inside a network of Keras.

    Raises:
        DataError: channel means for images that are not RGB.
    """
    keras = load_keras()
    # Under mixed precision the layers cast; subtracting means in half precision would round.
    levels = keras.ops.cast(images, "float32")
    if name == "unit":
        return levels / 255.0
    if name == "centered":
        return levels / 127.5 - 1.0
    means = keras.ops.convert_to_tensor(_means_rgb(name, images.shape[-1]), dtype="float32")
    return keras.ops.flip(levels - means, axis=-1)


def _means_rgb(name: str, channels: int) -> list[float]:
    if channels != 3:
        raise DataError(f"The preprocessing '{name}' needs 3 channels; got {channels}.")
    return list(reversed(MEANS_BGR[name]))
