"""FER2013 in one file: ``fer2013.csv``, ``icml_face_data.csv`` or a ``.npz`` of the same rows.

The CSV layouts differ in the order of their columns and in spaces in the header
(``emotion,pixels,Usage`` and ``emotion, Usage, pixels``); ``pixels`` are 2304 grey levels,
row by row, with spaces between. Emotions are 0..6 in the order of ``labels.FER2013``.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.core.console import progress
from occbench.dataset.adapters.base import Problem
from occbench.dataset.labels import FER2013
from occbench.dataset.source_files import some_of
from occbench.errors import DataError

SIDE = 48
COLUMNS = ("emotion", "pixels", "usage")
BROKEN = -1

_PIXELS = SIDE * SIDE
_USAGES = {"training": "train", "publictest": "val", "privatetest": "test"}
_BLOCK = 1 << 20
_SHOWN = 20


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
    if text.translate(None, b"0123456789 "):
        wrong = next(level for level in text.split() if not level.isdigit())
        raise DataError(f"the pixel {_show(wrong)} is no whole number of 0 to 255")
    # Only digits and spaces are left, so the parser cannot meet anything else.
    levels = np.fromstring(text.decode("ascii") or "0", np.int64, sep=" ")
    if len(text.split()) != _PIXELS:
        raise DataError(f"{len(text.split())} pixels, expected {_PIXELS}")
    if levels.max() > 255:
        raise DataError(f"the pixel {levels.max()} is no whole number of 0 to 255")
    return levels.astype(np.uint8).tobytes()


def _show(cell: bytes) -> str:
    text = cell.decode("utf-8", errors="replace")
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def _read_npz(path: Path) -> Fer2013Rows:
    arrays = _load_arrays(path)
    images, labels, usage = (arrays[name] for name in ("images", "labels", "usage"))
    count = len(images)
    if images.dtype != np.uint8 or images.shape != (count, SIDE, SIDE):
        raise DataError(
            f"'{path}' has images of the shape {images.shape} and dtype {images.dtype}; expected "
            "uint8 (N, 48, 48)."
        )
    for name, values in (("labels", labels), ("usage", usage)):
        if values.shape != (count,) or values.dtype.kind not in "iu":
            raise DataError(
                f"'{path}' has {name} of the shape {values.shape} and dtype {values.dtype}; "
                f"expected whole numbers, one for each of the {count} images."
            )
    emotions, wrong = _known(labels.tolist(), _numbers_of_emotions(path, arrays), "label")
    partitions, lost = _known(usage.tolist(), _partitions_of_usages(path, arrays), "usage")
    broken = [row for row in range(count) if row in wrong or row in lost]
    for row in broken:
        emotions[row], partitions[row] = BROKEN, ""
    return Fer2013Rows(
        images,
        np.array([BROKEN if value is None else value for value in emotions], np.int8),
        tuple(value or "" for value in partitions),
        arrays.get("ferplus_votes"),
        tuple(Problem(f"row {row}", wrong.get(row) or lost[row]) for row in broken),
    )


def _load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = sorted({"images", "labels", "usage"} - set(archive.files))
            if missing:
                raise DataError(
                    f"'{path}' has no {', '.join(missing)}; it holds {some_of(archive.files)}. "
                    "Expected the arrays images, labels and usage."
                )
            names = ("images", "labels", "usage", "emotion_names", "usage_names")
            votes = ("ferplus_votes", "ferplus_names")
            return {name: archive[name] for name in (*names, *votes) if name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
        raise DataError(f"'{path}' is no readable .npz file: {error}.") from error
