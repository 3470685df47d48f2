"""The residual networks of keras-vggface 0.6 (``models.py``), with and without squeeze-excitation.

Both are ResNet-50 as in Caffe: the stride of a stage lies in its first 1 x 1 convolutions, not in
the 3 x 3 one; the first pool has no padding. Layers are called as there, ``/`` written ``_``;
those that had a number for a name (``activation_7``) begin with their stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from occbench.models.backend import load_keras
from occbench.models.blocks import Seeds, initializer

STAGES = ("conv1", "conv2", "conv3", "conv4", "conv5")
IDENTITIES = 8631
"""Outputs of the classifiers: the identities of VGGFace2 in keras-vggface 0.6, ``models.py``."""

BLOCKS = {"conv2": (3, 64), "conv3": (4, 128), "conv4": (6, 256), "conv5": (3, 512)}
"""How many blocks a stage has, and the filters of their narrow layers."""

WIDENING = 4
REDUCTION = 16
POOL = 7


@dataclass(frozen=True)
class Residual:
    """What tells the two networks apart.

    Attributes:
        epsilon: what batch normalisation adds to the variance.
        squeeze: whether a block weighs its channels before the sum.
    """

    epsilon: float
    squeeze: bool

    def features(self, inputs: Any, seeds: Seeds) -> Any:
        """The average of each 7 x 7 window, ``(N, 1, 1, 2048)`` from 197 up to 416 pixels a side.

        Where the last maps are smaller than a window, their average: ``(N, 1, 1, 2048)`` too.
        """
        layers = load_keras().layers
        x = self._conv(inputs, "conv1_7x7_s2", 64, seeds, size=7, stride=2)
        x = layers.Activation("relu", name="conv1_relu")(x)
        x = layers.MaxPooling2D(3, strides=2, name="conv1_pool")(x)
        for stage, (blocks, filters) in BLOCKS.items():
            for number in range(1, blocks + 1):
                stride = 2 if number == 1 and stage != "conv2" else 1
                x = self.block(x, f"{stage}_{number}", filters, seeds, stride, number == 1)
        if min(x.shape[1:3]) < POOL:
            return layers.GlobalAveragePooling2D(keepdims=True, name="avg_pool")(x)
        return layers.AveragePooling2D(POOL, name="avg_pool")(x)

    def block(
        self, x: Any, name: str, filters: int, seeds: Seeds, stride: int, project: bool
    ) -> Any:
        """One bottleneck: ``(N, h, w, C)`` becomes ``(N, h / stride, w / stride, 4 filters)``.

        With ``project`` the way around it is a 1 x 1 convolution, else the input itself.
        """
        layers = load_keras().layers
        wide = WIDENING * filters
        y = self._conv(x, f"{name}_1x1_reduce", filters, seeds, stride=stride)
        y = layers.Activation("relu", name=f"{name}_1x1_reduce_relu")(y)
        y = self._conv(y, f"{name}_3x3", filters, seeds, size=3)
        y = layers.Activation("relu", name=f"{name}_3x3_relu")(y)
        y = self._conv(y, f"{name}_1x1_increase", wide, seeds)
        if self.squeeze:
            y = _squeeze_excitation(y, name, wide, seeds)
        if project:
            x = self._conv(x, f"{name}_1x1_proj", wide, seeds, stride=stride)
        y = layers.Add(name=f"{name}_add")([y, x])
        return layers.Activation("relu", name=f"{name}_relu")(y)

    def _conv(
        self, x: Any, name: str, filters: int, seeds: Seeds, *, size: int = 1, stride: int = 1
    ) -> Any:
        """A convolution without bias and its batch normalisation."""
        layers = load_keras().layers
        x = layers.Conv2D(
            filters,
            size,
            strides=stride,
            # Padded as TensorFlow does: where it is uneven, more at the far edges.
            padding="valid" if size == 1 else "same",
            use_bias=False,
            kernel_initializer=initializer(seeds, relu=True),
            name=name,
        )(x)
        return layers.BatchNormalization(epsilon=self.epsilon, momentum=0.99, name=f"{name}_bn")(x)


def identities(features: Any, seeds: Seeds) -> Any:
    """Probabilities ``(N, 8631)`` of features ``(N, 1, 1, 2048)``."""
    layers = load_keras().layers
    x = layers.Flatten(name="flatten")(features)
    return layers.Dense(
        IDENTITIES,
        activation="softmax",
        kernel_initializer=initializer(seeds, relu=False),
        name="classifier",
    )(x)


def _squeeze_excitation(x: Any, name: str, filters: int, seeds: Seeds) -> Any:
    """Each channel times a share in 0..1, drawn from the averages of all of them."""
    layers = load_keras().layers
    y = layers.GlobalAveragePooling2D(name=f"{name}_squeeze")(x)
    y = layers.Reshape((1, 1, filters), name=f"{name}_reshape")(y)
    y = layers.Conv2D(
        filters // REDUCTION,
        1,
        kernel_initializer=initializer(seeds, relu=True),
        name=f"{name}_1x1_down",
    )(y)
    y = layers.Activation("relu", name=f"{name}_1x1_down_relu")(y)
    y = layers.Conv2D(
        filters, 1, kernel_initializer=initializer(seeds, relu=True), name=f"{name}_1x1_up"
    )(y)
    y = layers.Activation("sigmoid", name=f"{name}_1x1_up_sigmoid")(y)
    return layers.Multiply(name=f"{name}_multiply")([x, y])
