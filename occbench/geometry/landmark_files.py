"""Landmarks on disk: one face per ``.npy`` or ``.pts`` file, or a stack for a whole folder.

``.npy`` holds ``(68, 2)`` or flat ``(136,)``, numbers or text of numbers. ``.pts`` is the
text format of 300-W, counted from 1, so 1 is subtracted. A stack is ``.npy`` ``(N, 68, 2)``
or ``(N, 136)``, or ``.npz`` with ``landmarks`` and, to name the rows, ``files``.
"""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from occbench.core.files import read_file
from occbench.errors import DataError
from occbench.geometry.landmarks import POINTS, Landmarks68

_MAGIC = b"\x93NUMPY\x01\x00"

# What NumPy and zipfile raise on damaged bytes, depending on where the damage is.
_DAMAGE = (
    ValueError,
    TypeError,
    KeyError,
    EOFError,
    OverflowError,
    MemoryError,
    SyntaxError,
    NotImplementedError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_landmarks(path: Path | str) -> Landmarks68:
    """The landmarks of one face.

    Raises:
        DataError: the file does not hold 68 usable points; it is named.
        OSError: the file cannot be read.
    """
    try:
        if str(path).lower().endswith(".pts"):
            return Landmarks68(_parse_pts(read_file(str(path)).decode("utf-8", "replace")))
        return Landmarks68(read_npy(path))
    except DataError as error:
        text = str(error)
        raise DataError(text if str(path) in text else f"'{path}': {text}.") from error


def read_npy(path: Path | str) -> NDArray[Any]:
    """A small ``.npy`` array of numbers or text, several times faster than ``np.load``.

    Raises:
        DataError: no ``.npy`` file, cut off, or an array of Python objects.
        OSError: the file cannot be read.
    """
    data = read_file(str(path))
    if not data.startswith(_MAGIC):
        return _load(path, data)
    start = 10 + int.from_bytes(data[8:10], "little")
    try:
        shape, fortran, dtype = _header(data[8:start])
        array = np.frombuffer(data, dtype, offset=start)
        return array.reshape(shape, order="F" if fortran else "C")
    except _DAMAGE as error:
        raise DataError(f"'{path}' is a damaged .npy file: {error}.") from error


@dataclass(frozen=True, eq=False)
class LandmarkStack:
    """The landmarks of many faces.

    Attributes:
        points: float32 ``(N, 68, 2)``, NaN where a face has none.
        files: the name of each row's image, or None where rows follow the images' order.
    """

    points: NDArray[np.float32]
    files: tuple[str, ...] | None = None


def read_stack(path: Path) -> LandmarkStack:
    """The landmarks of a whole folder of faces.

    Raises:
        DataError: not ``.npy`` or ``.npz``, or not of the shape ``(N, 68, 2)`` or ``(N, 136)``.
        OSError: the file cannot be read.
    """
    files: tuple[str, ...] | None = None
    with path.open("rb") as file:
        try:
            loaded = np.load(file, allow_pickle=False)
            values = loaded
            if isinstance(loaded, np.lib.npyio.NpzFile):
                with loaded:
                    values = np.asarray(loaded["landmarks"])
                    if "files" in loaded:
                        files = tuple(str(name) for name in loaded["files"])
        except (*_DAMAGE, OSError) as error:
            raise DataError(
                f"'{path}' is no landmark stack; expected .npy of the shape (N, 68, 2) or .npz "
                "with an array named 'landmarks', numbers only."
            ) from error
    return LandmarkStack(_as_stack(path, values, files), files)


def _as_stack(
    path: Path, values: NDArray[Any], files: tuple[str, ...] | None
) -> NDArray[np.float32]:
    if values.shape[1:] not in ((POINTS, 2), (2 * POINTS,)) or values.dtype.kind not in "iufSU":
        raise DataError(
            f"'{path}' has the shape {values.shape} and dtype {values.dtype}; "
            "expected numbers of the shape (N, 68, 2) or (N, 136)."
        )
    if files is not None and len(files) != len(values):
        raise DataError(f"'{path}' names {len(files)} files for {len(values)} rows of landmarks.")
    try:
        with np.errstate(over="ignore"):
            points = values.astype(np.float32)
        return cast("NDArray[np.float32]", points.reshape(len(values), POINTS, 2))
    except ValueError as error:
        raise DataError(f"'{path}' holds text that is no number.") from error


@lru_cache(maxsize=256)
def _header(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and dtype; files of one data set share a few headers, hence the cache."""
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(io.BytesIO(header))
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are never loaded; save numbers")
    return shape, fortran, dtype


def _load(path: Path | str, data: bytes) -> NDArray[Any]:
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except _DAMAGE as error:
        raise DataError(f"'{path}' is no .npy file of numbers ({len(data)} bytes).") from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"'{path}' is an archive; expected one .npy array.")
    return array


def _parse_pts(text: str) -> NDArray[np.float64]:
    body = text.partition("{")[2].partition("}")
    rows = [line.split() for line in body[0].splitlines() if line.strip()]
    if not body[1] or len(rows) != POINTS or any(len(row) != 2 for row in rows):
        raise DataError(f"holds {len(rows)} points in braces; expected 68 lines 'x y' in .pts form")
    try:
        # Matlab counts pixels from 1 (300-W; checked on HELEN overlays).
        return np.array(rows, dtype=np.float64) - 1.0
    except ValueError as error:
        raise DataError("holds a coordinate that is no number") from error
