"""Weights files of Keras 2 (HDF5), read without Keras.

The layout, as written by ``save_weights`` of Keras 2.2.4 (``keras/engine/saving.py``):

- ``layer_names``, an attribute of the file: all layers in the order of the model; split into
  ``layer_names0``, ``layer_names1``, ... where it is long.
- A group for each layer, whose attribute ``weight_names`` (split likewise) names its arrays, such
  as ``conv1/7x7_s2/bn/gamma:0``. Each is a path below the group. A ``/`` in the name of a layer
  makes nested groups, so groups cannot be listed: the names say where to look.
- In the file of a whole model all this lies in the group ``model_weights``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from occbench.errors import DataError

_WHOLE_MODEL = "model_weights"
# What h5py raises for damaged files, depending on which byte is wrong.
_DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError)


@dataclass(frozen=True)
class Weight:
    """One array of a file.

    Attributes:
        layer: the layer's name as it stands in the file, such as ``conv1/7x7_s2/bn``.
        kind: such as ``kernel`` or ``moving_mean``.
        shape: of the array.
        place: the path to it in the file.
    """

    layer: str
    kind: str
    shape: tuple[int, ...]
    place: str


class WeightsFile:
    """An open weights file.

    Attributes:
        path: where it lies.
        weights: all arrays, in the order of the file.
    """

    def __init__(self, path: Path, root: Any) -> None:
        self.path = path
        self._root = root
        self.weights = tuple(self._listed())
        self._check_complete()

    def read(self, weight: Weight) -> np.ndarray:
        """An array as float32.

        Raises:
            DataError: a value is not finite, or the file is damaged.
        """
        with _damage_told(self.path), np.errstate(over="ignore"):
            values = np.asarray(self._root[weight.place][()], dtype=np.float32)
        if not np.isfinite(values).all():
            raise DataError(
                f"'{self.path}' holds values that are not finite in '{weight.place}'; "
                "get the file again."
            )
        return values

    def _listed(self) -> Iterator[Weight]:
        import h5py

        for layer in self._names(self._root, "layer_names"):
            group = self._root.get(layer)
            if not isinstance(group, h5py.Group):
                raise DataError(f"'{self.path}' names a layer '{layer}' and has no group for it.")
            for name in self._names(group, "weight_names"):
                array = group.get(name)
                if not isinstance(array, h5py.Dataset):
                    raise DataError(f"'{self.path}' names an array '{name}' and does not have it.")
                if array.dtype.kind != "f":
                    raise DataError(
                        f"'{self.path}' has values of type {array.dtype} in '{name}'; expected "
                        "floating-point numbers."
                    )
                kind = name.rpartition("/")[2].partition(":")[0]
                yield Weight(layer, kind, tuple(array.shape), array.name)

    def _names(self, group: Any, attribute: str) -> list[str]:
        """The names in an attribute, or in its numbered parts."""
        parts = [attribute] if attribute in group.attrs else []
        while parts[:1] != [attribute] and f"{attribute}{len(parts)}" in group.attrs:
            parts.append(f"{attribute}{len(parts)}")
        if not parts:
            raise DataError(
                f"'{self.path}' has no '{attribute}' in '{group.name}', so it is no weights file "
                "of Keras 2."
            )
        names = [name for part in parts for name in group.attrs[part]]
        return [name.decode() if isinstance(name, bytes) else str(name) for name in names]

    def _check_complete(self) -> None:
        """Every array stands in one list, once."""
        import h5py

        there: list[str] = []
        self._root.visititems(
            lambda _, item: there.append(item.name) if isinstance(item, h5py.Dataset) else None
        )
        listed = Counter(weight.place for weight in self.weights)
        wrong = sorted((set(there) - set(listed)) | {at for at, n in listed.items() if n > 1})
        if wrong:
            raise DataError(
                f"'{self.path}' has an array '{wrong[0]}' that is listed "
                f"{listed[wrong[0]] or 'no'} times; expected once."
            )


@contextmanager
def open_weights(path: Path) -> Iterator[WeightsFile]:
    """Opens a weights file and lists what is in it; no array is read yet.

    Raises:
        DataError: there is no such file, or it is none of Keras 2.
    """
    import h5py

    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise DataError(f"The weights file '{path}' {what}; give the path of an .h5 file.")
    if not path.stat().st_size:
        raise DataError(f"The weights file '{path}' is empty; get it again.")
    with _damage_told(path):
        file = h5py.File(path, "r")
    with file:
        with _damage_told(path):
            root = file.get(_WHOLE_MODEL, file)
            opened = WeightsFile(path, root)
        yield opened


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise DataError(f"'{path}' cannot be read: permission denied.") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"'{path}' cannot be read as HDF5: it is cut off, damaged or another kind of file "
            f"({reason}). Get it again."
        ) from error
