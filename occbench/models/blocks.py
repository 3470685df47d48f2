"""Blocks that several backbones share; every layer is named by its stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from occbench.core.digest import digest_int
from occbench.models.backend import load_keras

Seeds = Callable[[], int]


def layer_seeds(seed: int) -> Seeds:
    """Gives another seed for each layer, the same ones after each call with the same seed."""
    places = iter(range(1_000_000))
    return lambda: digest_int(seed, "layer", next(places)) % 2**31


def convolution(x: Any, name: str, filters: int, seeds: Seeds, *, norm: bool, same: bool) -> Any:
    """A 3 x 3 convolution and ReLU, with batch normalisation between them if ``norm``."""
    keras = load_keras()
    x = keras.layers.Conv2D(
        filters,
        3,
        padding="same" if same else "valid",
        use_bias=not norm,
        kernel_initializer=initializer(seeds, relu=norm),
        name=f"{name}_conv",
    )(x)
    if norm:
        # With few hundred steps an epoch, Keras' momentum of 0.99 lags behind the weights.
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return keras.layers.Activation("relu", name=f"{name}_relu")(x)


def halve(x: Any, name: str) -> Any:
    """A 2 x 2 maximum pool."""
    return load_keras().layers.MaxPooling2D(name=f"{name}_pool")(x)


def initializer(seeds: Seeds, *, relu: bool) -> Any:
    """He's initial values for layers before ReLU and a norm, else Keras' own, Glorot's."""
    initializers = load_keras().initializers
    return initializers.HeNormal(seeds()) if relu else initializers.GlorotUniform(seeds())


LEAK = 0.01
"""The slope of a leaky ReLU below 0: PyTorch's default (``torch.nn.LeakyReLU``)."""

# Scale, fan and distribution of Keras' VarianceScaling. Linear and convolutional layers of PyTorch
# begin uniformly within 1 / sqrt(fan in), their bias too (``torch/nn/modules/conv.py``,
# reset_parameters: Kaiming uniform with a = sqrt(5)); Glorot and Bengio 2010, equation 16; He et
# al. 2015, equation 10, with the fan out as torchvision's ``resnet.py`` has it.
_STARTS = {
    "pytorch": (1 / 3, "fan_in", "uniform"),
    "glorot": (1.0, "fan_avg", "uniform"),
    "he": (2.0, "fan_out", "untruncated_normal"),
}


@dataclass(frozen=True)
class Style:
    """What the layers of one network have in common, so that a layout says only its numbers.

    Attributes:
        activation: ``relu``, ``elu``, ``leaky-relu``, or ``linear`` for none.
        norm: batch normalisation ``before`` or ``after`` the activation, or ``none``.
        same: whether convolutions pad by half their kernel, so that stride 1 keeps the side.
        bias: whether layers add one.
        start: the initial values: ``pytorch``, ``glorot`` (Keras' own) or ``he``; a bias begins at
            0 but with ``pytorch``.
        momentum: of the moving statistics; PyTorch's 0.1 is 0.9 here.
        epsilon: what batch normalisation adds to the variance; PyTorch's default unless changed.
    """

    activation: str = "relu"
    norm: str = "none"
    same: bool = True
    bias: bool = True
    start: str = "pytorch"
    momentum: float = 0.9
    epsilon: float = 1e-5

    def convolution(
        self,
        x: Any,
        name: str,
        filters: int,
        seeds: Seeds,
        *,
        size: int = 3,
        stride: int = 1,
        **how: int,
    ) -> Any:
        """A ``size`` x ``size`` convolution, its norm and its activation.

        With a stride the padding is the same on all sides, as in PyTorch; TensorFlow's is not.

        Args:
            x: maps ``(N, h, w, C)``.
            name: what the names of its layers begin with.
            filters: how many.
            seeds: gives the seed of the initial values.
            size: the side of the kernel.
            stride: in both directions.
            how: ``dilation_rate`` or ``groups`` of Keras' ``Conv2D``.
        """
        layers = load_keras().layers
        if self.same and stride > 1:
            x = layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(x)
        x = layers.Conv2D(
            filters,
            size,
            strides=stride,
            padding="same" if self.same and stride == 1 else "valid",
            name=f"{name}_conv",
            **self._start(seeds, size * size * x.shape[-1] // how.get("groups", 1)),
            **how,
        )(x)
        return self._finished(x, name)

    def dense(self, x: Any, name: str, units: int, seeds: Seeds) -> Any:
        """A dense layer, its norm and its activation: ``(N, F)`` becomes ``(N, units)``."""
        x = load_keras().layers.Dense(
            units, name=f"{name}_dense", **self._start(seeds, x.shape[-1])
        )(x)
        return self._finished(x, name)

    def _start(self, seeds: Seeds, fan_in: int) -> dict[str, Any]:
        """What a layer with ``fan_in`` numbers to each of its own begins with, as its arguments."""
        initializers = load_keras().initializers
        kernel = initializers.VarianceScaling(*_STARTS[self.start], seed=seeds())
        start: dict[str, Any] = {"use_bias": self.bias, "kernel_initializer": kernel}
        if self.bias and self.start == "pytorch":
            bound = fan_in**-0.5
            start["bias_initializer"] = initializers.RandomUniform(-bound, bound, seed=seeds())
        return start

    def _finished(self, x: Any, name: str) -> Any:
        if self.norm == "before":
            x = self._normalised(x, name)
        x = self._activated(x, name)
        return self._normalised(x, name) if self.norm == "after" else x

    def _normalised(self, x: Any, name: str) -> Any:
        norm = load_keras().layers.BatchNormalization
        return norm(momentum=self.momentum, epsilon=self.epsilon, name=f"{name}_bn")(x)

    def _activated(self, x: Any, name: str) -> Any:
        layers = load_keras().layers
        if self.activation == "linear":
            return x
        if self.activation == "leaky-relu":
            return layers.LeakyReLU(LEAK, name=f"{name}_leaky")(x)
        return layers.Activation(self.activation, name=f"{name}_{self.activation}")(x)


def flat(x: Any, name: str) -> Any:
    """All features of an image in a row: ``(N, h, w, C)`` becomes ``(N, h w C)``."""
    return load_keras().layers.Flatten(name=f"{name}_flatten")(x)


def drop(x: Any, name: str, share: float, seeds: Seeds, *, maps: bool = False) -> Any:
    """Drops a share of the features in training, or of whole ``maps``; nothing at a share of 0."""
    if not share:
        return x
    layers = load_keras().layers
    layer = layers.SpatialDropout2D if maps else layers.Dropout
    return layer(share, seed=seeds(), name=f"{name}_dropout")(x)
