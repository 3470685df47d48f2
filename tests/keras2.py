"""Weights files in the layout of Keras 2, written without Keras, and layers to load them into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Layers = Sequence[tuple[str, Mapping[str, np.ndarray]]]


def write_keras2(path: Path, layers: Layers, *, parts: int = 1, whole: bool = False) -> Path:
    """Writes layers, with their arrays by kind, as ``save_weights`` of Keras 2.2.4 does.

    Args:
        path: the file.
        layers: in the order of the file.
        parts: how many attributes the list of layers is split into.
        whole: as in the file of a whole model, where the weights are a group among others.
    """
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights") if whole else file
        if whole:
            file.create_dataset("optimizer_weights/iterations", data=3)
        _names(root, "layer_names", [name for name, _ in layers], parts)
        for layer, arrays in layers:
            group = root.require_group(layer)
            _names(group, "weight_names", [f"{layer}/{kind}:0" for kind in arrays], 1)
            for kind, array in arrays.items():
                group.create_dataset(f"{layer}/{kind}:0", data=array)
    return path


def write_hollow(path: Path, arrays: int, values: int) -> Path:
    """A file of so many arrays with so many values in all, whose bytes were never written."""
    sizes = [1] * (arrays - 1) + [values - arrays + 1]
    with h5py.File(path, "w") as file:
        _names(file, "layer_names", ["net"], 1)
        group = file.create_group("net")
        _names(group, "weight_names", [f"net/kernel_{n}:0" for n in range(arrays)], 1)
        for number, size in enumerate(sizes):
            group.create_dataset(f"net/kernel_{number}:0", shape=(size,), dtype="f4")
    return path


def _names(group: Any, attribute: str, names: Sequence[str], parts: int) -> None:
    data = np.asarray([name.encode() for name in names])
    if parts == 1:
        group.attrs[attribute] = data
        return
    for number, part in enumerate(np.array_split(data, parts)):
        group.attrs[f"{attribute}{number}"] = part


def original_name(layer: str) -> str:
    """The name that a layer of a VGGFace network has in the published files."""
    name = layer.replace("conv1_7x7_s2", "conv1/7x7_s2")
    return f"{name.removesuffix('_bn')}/bn" if name.endswith("_bn") else name


class FakeVariable:
    """What a weight of a Keras layer is to the loader."""

    def __init__(self, kind: str, shape: Sequence[int]) -> None:
        self.name = kind
        self.shape = tuple(shape)
        self.value: np.ndarray | None = None

    def assign(self, value: np.ndarray) -> None:
        """Keeps a value, once."""
        assert self.value is None
        assert value.shape == self.shape
        self.value = value


class FakeLayer:
    """What a layer of Keras is to the loader."""

    def __init__(self, name: str, **shapes: Sequence[int]) -> None:
        self.name = name
        self.weights = [FakeVariable(kind, shape) for kind, shape in shapes.items()]


def filled(layers: Iterable[FakeLayer]) -> list[tuple[str, str, bytes]]:
    """Name, kind and bytes of every weight that was filled."""
    return [
        (layer.name, weight.name, weight.value.tobytes())
        for layer in layers
        for weight in layer.weights
        if weight.value is not None
    ]
