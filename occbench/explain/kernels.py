"""The kernels of a layer and its activations: what it has learnt, and what it gives for a face."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.explain.network import kernel_layer_of, layer_of
from occbench.models.backend import load_keras

keras = load_keras()


def kernels(model: Any, layer: str) -> NDArray[np.float32]:
    """The kernels of a layer, float32 ``(outputs, inputs, h, w)``.

    A layer in groups has the inputs of one group; a depthwise layer has as many outputs as each
    channel gets and as many inputs as there are channels.

    Raises:
        DataError: there is no such layer, or it has no kernel of two sides.
    """
    kernel = keras.ops.convert_to_numpy(kernel_layer_of(model, layer).kernel)
    return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1), np.float32)


def activations(model: Any, images: NDArray[np.uint8], layer: str) -> NDArray[np.float32]:
    """What a layer gives for faces, float32 ``(N, h, w, filters)``.

    Args:
        model: from uint8 ``(N, size, size, channels)``.
        images: uint8 ``(N, size, size, channels)``.
        layer: its name.

    Raises:
        DataError: there is no such layer, or its output is no picture.
    """
    part = keras.Model(model.inputs[0], layer_of(model, layer).output)
    # One at a time, so that only what is returned has to be held.
    tensors = (keras.ops.convert_to_tensor(image[None]) for image in images)
    found = [keras.ops.convert_to_numpy(part(face, training=False)) for face in tensors]
    return np.concatenate(found).astype(np.float32, copy=False)
