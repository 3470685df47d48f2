"""From RGB or grey levels 0..255 to what a network was trained on.

Constants: VGGFace 1 and 2 are the channel means of keras-vggface 0.6 (``utils.py``,
``preprocess_input``, versions 1 and 2); the ImageNet ones are those of Keras'
``imagenet_utils.preprocess_input``, mode ``caffe``. All three are in the order blue, green, red.
"""

from __future__ import annotations

from typing import Any

from occbench.errors import DataError
from occbench.models.backend import load_keras

MEANS_BGR = {
    "imagenet-caffe": (103.939, 116.779, 123.68),
    "vggface1": (93.5940, 104.7624, 129.1863),
    "vggface2": (91.4953, 103.8827, 131.0912),
}


def preprocess(name: str, images: Any) -> Any:
    """Images ``(N, H, W, channels)`` of levels 0..255 as float tensors for a network.

    ``unit`` is x / 255; ``centered`` is x / 127.5 - 1; the others turn RGB into BGR and
    subtract the mean of each channel, without scaling.

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
    if images.shape[-1] != 3:
        raise DataError(f"The preprocessing '{name}' needs 3 channels; got {images.shape[-1]}.")
    blue, green, red = MEANS_BGR[name]
    means = keras.ops.convert_to_tensor([red, green, blue], dtype="float32")
    return keras.ops.flip(levels - means, axis=-1)
