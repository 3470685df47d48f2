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
    made = [_layer(spec.name, arguments, seeds()) for spec in specs for arguments in _parts(spec)]
    if load_keras().backend.backend() == "jax":
        for layer in made:
            # Keras says that they cannot be compiled, which is true of TensorFlow's XLA; it would
            # run each step of jax operation by operation, some thirty times slower.
            layer.supports_jit = True
    return made


def _parts(spec: Spec) -> list[Mapping[str, Any]]:
    """The arguments of each layer; Keras would draw one number for both axes of a flip."""
    if spec.arguments.get("axis") != "both":
        return [spec.arguments]
    return [{"axis": axis} for axis in ("horizontal", "vertical")]


def _layer(name: str, given: Mapping[str, Any], seed: int) -> Any:
    layers = load_keras().layers
    if name == "flip":
        return layers.RandomFlip(given["axis"], seed=seed)
    if "fill" in given:
        return _moving(name, given, seed)
    fraction = given["fraction"]
    if name == "brightness":
        return layers.RandomBrightness(fraction, value_range=_LEVELS, seed=seed)
    if name == "contrast":
        # Of one number, Keras 3 would only ever raise the contrast.
        return layers.RandomContrast((fraction, fraction), value_range=_LEVELS, seed=seed)
    return _own(name, fraction, seed)


def _moving(name: str, given: Mapping[str, Any], seed: int) -> Any:
    layers, fill = load_keras().layers, given["fill"]
    share = given["turns" if name == "rotate" else "fraction"]
    if name == "rotate":
        return layers.RandomRotation(share, fill_mode=fill, seed=seed)
    if name == "zoom":
        return layers.RandomZoom((-share, share), fill_mode=fill, seed=seed)
    return layers.RandomTranslation(share, share, fill_mode=fill, seed=seed)


def _own(name: str, fraction: float, seed: int) -> Any:
    # Its classes are layers of Keras, so it cannot be imported before a backend is chosen.
    from occbench.models.random_layers import Crop, Saturation, Stretch

    return {"crop": Crop, "stretch": Stretch, "saturation": Saturation}[name](fraction, seed)
