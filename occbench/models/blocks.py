"""Blocks that several backbones share; every layer is named by its stage."""

from __future__ import annotations

from collections.abc import Callable
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
