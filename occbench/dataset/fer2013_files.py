"""FER2013 in one file: ``fer2013.csv``, ``icml_face_data.csv`` or a ``.npz`` of the same rows.

The CSV layouts differ in the order of their columns and in spaces in the header
(``emotion,pixels,Usage`` and ``emotion, Usage, pixels``); ``pixels`` are 2304 grey levels,
row by row, with spaces between. Emotions are 0..6 in the order of ``labels.FER2013``.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.core.console import progress
from occbench.dataset.adapters.base import Problem
from occbench.dataset.ferplus import votes_of_arrays
from occbench.dataset.labels import FER2013
from occbench.dataset.source_files import some_of
from occbench.errors import DataError

SIDE = 48
COLUMNS = ("emotion", "pixels", "usage")
BROKEN = -1

_PIXELS = SIDE * SIDE
_USAGE_NAMES = ("Training", "PublicTest", "PrivateTest")
_USAGES = {"training": "train", "publictest": "val", "privatetest": "test"}
_ARRAYS = {
    "images",
    "labels",
    "usage",
    "emotion_names",
    "usage_names",
    "ferplus_votes",
    "ferplus_names",
}
_UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
_BLOCK = 1 << 20
_SHOWN = 20
_DIGITS_AND_SPACE = b"0123456789 \t\r\x0b\x0c"


@dataclass(frozen=True, eq=False)
class Fer2013Rows:
    """All rows of a file, in its order; a broken row keeps its place.

    Attributes:
        pixels: uint8 ``(N, 48, 48)``, zero in broken rows.
        emotions: int8 ``(N,)``, 0..6, or -1 in broken rows.
        partitions: train, val or test of each row, empty in broken rows.
        votes: FER+ votes, int64 ``(N, 10)``, or None where the file has none.
        problems: the broken rows, named by their line.
    """

    pixels: NDArray[np.uint8]
    emotions: NDArray[np.int8]
    partitions: tuple[str, ...]
    votes: NDArray[np.int64] | None = None
    problems: tuple[Problem, ...] = ()


def partition_of_usage(usage: str) -> str | None:
    """The partition of a value of ``Usage``, or None for an unknown one."""
    return _USAGES.get(usage.strip().lower())


def read_rows(path: Path) -> Fer2013Rows:
    """The rows of a FER2013 file.

    Raises:
        DataError: neither ``.csv`` nor ``.npz``, or without the columns or arrays it needs.
    """
    if path.suffix.lower() == ".csv":
        return _read_csv(path)
    if path.suffix.lower() == ".npz":
        return _read_npz(path)
    raise DataError(f"'{path}' ends in '{path.suffix}'; expected a .csv or .npz file of FER2013.")


def _read_csv(path: Path) -> Fer2013Rows:
    """Reads line by line, so that the text, four times the size of the pixels, is not kept."""
    pixels = bytearray()
    emotions, partitions, problems = [], [], []
    with path.open("rb") as file:
        places = _places(path, file.readline())
        lines = progress(file, total=_count_lines(path) - 1, label=path.name, unit="face")
        for number, line in enumerate(lines, start=2):
            if not line.strip():
                continue
            try:
                row = _parse(line, places)
            except DataError as error:
                problems.append(Problem(f"line {number}", str(error)))
                row = bytes(_PIXELS), BROKEN, ""
            pixels += row[0]
            emotions.append(row[1])
            partitions.append(row[2])
    return Fer2013Rows(
        np.frombuffer(pixels, np.uint8).reshape(-1, SIDE, SIDE),
        np.array(emotions, np.int8),
        tuple(partitions),
        None,
        tuple(problems),
    )


def _places(path: Path, header: bytes) -> tuple[int, int, int]:
    """Where emotion, pixels and usage stand in a line."""
    text = header.decode("utf-8-sig", errors="replace")
    names = [name.strip().strip('"').lower() for name in text.split(",")]
    if sorted(names) != sorted(COLUMNS):
        raise DataError(
            f"'{path}' has the header {text.strip()[:80]!r}; expected 'emotion,pixels,Usage' or "
            "'emotion, Usage, pixels'."
        )
    emotion, pixels, usage = (names.index(name) for name in COLUMNS)
    return emotion, pixels, usage


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))


def _parse(line: bytes, places: tuple[int, int, int]) -> tuple[bytes, int, str]:
    """Pixels, emotion and partition of a line; the error says what is wrong with it."""
    cells = [cell.strip().strip(b'"') for cell in line.split(b",")]
    if len(cells) != len(COLUMNS):
        raise DataError(f"{len(cells)} columns, expected {len(COLUMNS)}")
    emotion, text, usage = (cells[place] for place in places)
    if len(emotion) != 1 or emotion not in b"0123456":
        raise DataError(f"the emotion is {_show(emotion)}, expected 0 to 6")
    partition = partition_of_usage(usage.decode("ascii", errors="replace"))
    if partition is None:
        raise DataError(f"Usage is {_show(usage)}, expected Training, PublicTest or PrivateTest")
    return _grey_levels(text), int(emotion), partition


def _grey_levels(text: bytes) -> bytes:
    if text.translate(None, _DIGITS_AND_SPACE):
        wrong = next(level for level in text.split() if not level.isdigit())
        raise DataError(f"the pixel {_show(wrong)} is no whole number of 0 to 255")
    # Digits and space are all that is left, so the parser can stumble over nothing but nothing.
    levels = np.fromstring(text.decode(), np.int64, sep=" ") if text else np.empty(0, np.int64)
    if levels.size != _PIXELS:
        raise DataError(f"{levels.size} pixels, expected {_PIXELS}")
    if levels.max() > 255:
        raise DataError(f"the pixel '{levels.max()}' is no whole number of 0 to 255")
    return levels.astype(np.uint8).tobytes()


def _show(cell: bytes) -> str:
    text = cell.decode("utf-8", errors="replace")
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def _read_npz(path: Path) -> Fer2013Rows:
    arrays = _load_arrays(path)
    _check_arrays(path, arrays)
    labels, usage = arrays["labels"], arrays["usage"]
    names = [*(str(name) for name in arrays.get("usage_names", np.array(_USAGE_NAMES)))]
    partitions = [partition_of_usage(name) for name in names]
    if None in partitions:
        raise DataError(
            f"'{path}' has the usages {some_of(names)}; expected {some_of(_USAGE_NAMES)}."
        )
    broken = ~np.isin(labels, range(len(FER2013.names))) | ~np.isin(usage, range(len(names)))
    problems = [
        Problem(
            f"row {row}",
            f"the emotion is {labels[row]}, expected 0 to 6, and the usage {usage[row]}, "
            f"expected 0 to {len(names) - 1}",
        )
        for row in np.flatnonzero(broken)
    ]
    pixels = arrays["images"].copy()
    pixels[broken] = 0
    return Fer2013Rows(
        pixels,
        np.where(broken, BROKEN, labels.astype(np.int64)).astype(np.int8),
        tuple(
            "" if lost else partitions[use] or "" for use, lost in zip(usage, broken, strict=True)
        ),
        votes_of_arrays(path, arrays),
        tuple(problems),
    )


def _load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no zip archive")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name in _ARRAYS}
    except _UNREADABLE as error:
        raise DataError(f"'{path}' is no readable .npz file: {error}.") from error


def _check_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    missing = [name for name in ("images", "labels", "usage") if name not in arrays]
    if missing:
        raise DataError(
            f"'{path}' has no array {' and no '.join(missing)}; expected images, labels and usage."
        )
    images = arrays["images"]
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        raise DataError(
            f"'{path}' has images of the shape {images.shape} and dtype {images.dtype}; expected "
            "uint8 (N, 48, 48)."
        )
    for name in ("labels", "usage"):
        values = arrays[name]
        if values.shape != images.shape[:1] or values.dtype.kind not in "iu":
            raise DataError(
                f"'{path}' has {name} of the shape {values.shape} and dtype {values.dtype}; "
                f"expected a whole number for each of the {len(images):,} images."
            )
    emotions = tuple(str(name) for name in arrays.get("emotion_names", np.array(FER2013.names)))
    if emotions != FER2013.names:
        raise DataError(
            f"'{path}' has the emotions {some_of(emotions)}; expected {some_of(FER2013.names)}."
        )
