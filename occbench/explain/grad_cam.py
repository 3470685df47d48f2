"""Grad-CAM: where the feature maps lie that raise the true class's logit.

Selvaraju et al. 2017, "Grad-CAM: visual explanations from deep networks via gradient-based
localization", equations 1 and 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from occbench.core.console import bar
from occbench.explain.network import layer_of
from occbench.models.backend import derivative, load_keras
from occbench.models.graph import nodes_of, replay
from occbench.training.batches import at_once

keras = load_keras()


@dataclass(frozen=True, eq=False)
class GradCam:
    """The maps of N faces at one layer.

    Attributes:
        layer: its name.
        maps: float64 ``(N, h, w)``, 0..1: each scaled by its peak.
        peaks: float64 ``(N,)``, the highest value of each before; 0 where nothing at this layer
            raises the logit, and the map is 0 then.
        size: side of the face in pixels.
    """

    layer: str
    maps: NDArray[np.float64]
    peaks: NDArray[np.float64]
    size: int

    def pixel_maps(self) -> NDArray[np.float64]:
        """Float64 ``(N, size, size)``: the maps stretched over the face, bilinear."""
        side = (self.size, self.size)
        whole = [cv2.resize(one, side, interpolation=cv2.INTER_LINEAR) for one in self.maps]
        return np.array(whole, np.float64).reshape(-1, *side)


def grad_cam(model: Any, images: NDArray[np.uint8], labels: Sequence[int], layer: str) -> GradCam:
    """The Grad-CAM maps of faces for their true class, on any backend of Keras.

    Args:
        model: a functional model from uint8 ``(N, size, size, channels)`` to logits.
        images: uint8 ``(N, size, size, channels)``.
        labels: the true class number of each.
        layer: whose feature maps are weighted.

    Raises:
        DataError: there is no such layer, or its output is no picture.
    """
    place = layer_of(model, layer).output
    features, shifted = keras.Model(model.inputs[0], place), _shifted(model, place)
    found, size = [], int(images.shape[1])
    with bar(total=len(images), label="grad-cam", unit=" faces") as moved:
        for start in range(0, len(images), at_once(size)):
            some = slice(start, start + at_once(size))
            faces = keras.ops.convert_to_tensor(images[some])
            maps = features(faces, training=False)
            found.append(_weighted(shifted, faces, labels[some], maps))
            moved.move(len(images[some]))
    raw = np.concatenate(found)
    peaks = raw.max(axis=(1, 2))
    scaled = raw / np.where(peaks > 0, peaks, 1)[:, None, None]
    return GradCam(layer, scaled, peaks, size)


def _weighted(shifted: Any, faces: Any, labels: Sequence[int], maps: Any) -> NDArray[np.float64]:
    """The positive part of the maps' sum, each weighted by its mean gradient, ``(n, h, w)``."""
    ops = keras.ops
    truth = ops.one_hot(np.asarray(labels), shifted.outputs[0].shape[-1])

    def true_logits(shift: Any) -> Any:
        # A face's logits depend on its own maps alone, so the sum has each face's gradient.
        return ops.sum(shifted([faces, shift], training=False) * truth)

    gradient = derivative(true_logits, ops.zeros_like(maps))
    weights = ops.convert_to_numpy(gradient).astype(np.float64).mean(axis=(1, 2), keepdims=True)
    total = (weights * ops.convert_to_numpy(maps).astype(np.float64)).sum(axis=-1)
    return np.asarray(np.maximum(total, 0), np.float64)


def _shifted(model: Any, place: Any) -> Any:
    """The network with a second input that is added to a layer's output.

    Its derivative at zero is that of the output itself, whatever else reads the image.
    """
    image = keras.Input(model.inputs[0].shape[1:], dtype=model.inputs[0].dtype)
    shift = keras.Input(place.shape[1:], dtype=place.dtype)
    values = {id(model.inputs[0]): image}
    for node in nodes_of(model):
        if not node.is_input:
            replay([node], values)
        if any(tensor is place for tensor in node.outputs):
            values[id(place)] = keras.ops.add(values[id(place)], shift)
    return keras.Model([image, shift], values[id(model.outputs[0])], name="shifted")
