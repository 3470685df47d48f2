"""Augmentation as layers of Keras: on batches, in training only, seeded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from occbench.core.spec import Spec
from occbench.models.backend import load_keras

_LEVELS = (0, 255)


def augmentation_layers(specs: Sequence[Spec], seeds: Callable[[], int]) -> list[Any]:
    """Layers for images of levels 0..255, in the order of ``specs``; ``models.specs`` lists them.

    What moves into the picture is black, unless its ``fill`` says otherwise.
    """
    return [_layer(spec.name, spec.arguments, seeds()) for spec in specs]


def _layer(name: str, given: Mapping[str, Any], seed: int) -> Any:
    layers = load_keras().layers
    if name == "flip":
        axis = "horizontal_and_vertical" if given["axis"] == "both" else given["axis"]
        return layers.RandomFlip(axis, seed=seed)
    if name in ("brightness", "contrast"):
        kind = layers.RandomBrightness if name == "brightness" else layers.RandomContrast
        return kind(given["fraction"], value_range=_LEVELS, seed=seed)
    share, fill = given["turns" if name == "rotate" else "fraction"], given["fill"]
    if name == "rotate":
        return layers.RandomRotation(share, fill_mode=fill, seed=seed)
    if name == "zoom":
        return layers.RandomZoom((-share, share), fill_mode=fill, seed=seed)
    return layers.RandomTranslation(share, share, fill_mode=fill, seed=seed)
