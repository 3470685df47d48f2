"""Finds the landmarks of the images in a folder: one file per image, or one stack for all."""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from occbench.errors import DataError
from occbench.geometry.landmark_files import read_landmarks, read_stack
from occbench.geometry.landmarks import Landmarks68

_ENDINGS = ("_lnd.npy", ".npy", ".pts")


class LandmarkSource(Protocol):
    """Gives the landmarks of an image by its path below the image folder."""

    def read(self, image: str) -> Landmarks68:
        """The landmarks of one image.

        Raises:
            DataError: there are none, or they cannot be used.
        """
        ...

    def stamp(self, image: str) -> list[int]:
        """Numbers that change when the landmarks of an image do, cheap to get."""
        ...


class LandmarkFolder:
    """One file per image: ``<stem>_lnd.npy``, ``<stem>.npy`` or ``<stem>.pts``.

    The files lie in ``folder`` at the same place as the image below its own folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, image: str) -> Path | None:
        """The landmark file of an image, or None where there is none."""
        paths = (Path(self._stem(image) + ending) for ending in _ENDINGS)
        return next((path for path in paths if path.is_file()), None)

    def read(self, image: str) -> Landmarks68:
        """See ``LandmarkSource``."""
        # The usual name is tried by opening it: one system call less per image.
        try:
            return read_landmarks(self._stem(image) + _ENDINGS[0])
        except FileNotFoundError:
            path = self.path(image)
        if path is None:
            stem = Path(self._stem(image))
            raise DataError(
                f"'{image}' has no landmarks: there is no {stem.name}_lnd.npy, {stem.name}.npy "
                f"or {stem.name}.pts in '{stem.parent}'."
            )
        return read_landmarks(path)

    def stamp(self, image: str) -> list[int]:
        """Size in bytes and time of change in nanoseconds."""
        for ending in _ENDINGS:
            try:
                status = os.stat(self._stem(image) + ending)  # noqa: PTH116 - half the time
            except FileNotFoundError:
                continue
            return [status.st_size, status.st_mtime_ns]
        return []

    def _stem(self, image: str) -> str:
        return f"{self.folder}/{stem_of(image)}"


class LandmarkRows:
    """Rows of one stack ``(N, 68, 2)``, found by the image's path."""

    def __init__(self, points: NDArray[np.float32], rows: dict[str, int]) -> None:
        self._points = points
        self._rows = rows

    def read(self, image: str) -> Landmarks68:
        """See ``LandmarkSource``."""
        try:
            return Landmarks68(self._points[self._row(image)])
        except DataError as error:
            text = str(error)
            raise DataError(text if image in text else f"'{image}': {text}.") from error

    def stamp(self, image: str) -> list[int]:
        """A checksum of the row."""
        return [zlib.crc32(self._points[self._row(image)].tobytes())]

    def _row(self, image: str) -> int:
        row = self._rows.get(image, -1)
        if row < 0:
            raise DataError(f"'{image}' has no row in the landmark stack.")
        return row


def stem_of(image: str) -> str:
    """A relative POSIX path without the ending of its last part; a leading dot is no ending."""
    stem, dot, ending = image.rpartition(".")
    return stem if dot and stem and not stem.endswith("/") and "/" not in ending else image


def refuse_without_any(source: LandmarkSource, images: Sequence[str]) -> None:
    """Refuses a folder that has no landmark file for any image, before a job is begun with it.

    Raises:
        DataError: there is none.
    """
    if isinstance(source, LandmarkFolder) and all(source.path(image) is None for image in images):
        raise DataError(
            f"None of the {len(images)} images has landmarks in '{source.folder}'. Expected "
            "<stem>_lnd.npy, <stem>.npy or <stem>.pts there, or another folder or stack."
        )


def open_landmarks(path: Path, images: Sequence[str]) -> LandmarkSource:
    """The landmarks at ``path`` for images given by their paths below the image folder.

    A folder holds one file per image. A ``.npz`` stack with ``files`` is matched by name, as
    long as the end of the path says which image is meant. Another stack is matched by place:
    row i belongs to image i in natural order, and the numbers must agree.

    Raises:
        DataError: not there, no stack, or a stack of another length.
    """
    if path.is_dir():
        return LandmarkFolder(path)
    if not path.exists():
        raise DataError(f"The landmarks '{path}' do not exist.")
    stack = read_stack(path)
    if stack.files is not None:
        return LandmarkRows(stack.points, _match(stack.files, images))
    if len(stack.points) != len(images):
        raise DataError(
            f"'{path}' has {len(stack.points)} rows for {len(images)} images. Rows without names "
            "follow the images in natural order, so the numbers must agree."
        )
    return LandmarkRows(stack.points, {image: row for row, image in enumerate(images)})


def _match(files: Sequence[str], images: Sequence[str]) -> dict[str, int]:
    """Rows by image, -1 where a name is missing or several rows or images could be meant.

    A name and an image belong together if one path is the end of the other, so that
    ``val/1.jpg`` never gets the row of ``train/1.jpg``. Equal paths go before all others.
    """
    whole: dict[str, int] = {}
    ends: dict[str, int] = {}
    for row, file in enumerate(files):
        for place, ending in enumerate(_endings(file)):
            ends[ending] = row if ending not in ends else -1
            if place == 0:
                whole[ending] = row if ending not in whole else -1
    matched = {}
    for image in images:
        parts = _endings(image)
        candidates = [whole[end] for end in parts if end in whole]
        matched[image] = whole.get(parts[0], ends.get(parts[0], next(iter(candidates), -1)))
    claims = Counter(matched.values())
    return {
        image: row if claims[row] == 1 or _endings(image)[0] in whole else -1
        for image, row in matched.items()
    }


def _endings(path: str) -> list[str]:
    """A path and all its ends, longest first: a/b/c.jpg, b/c.jpg, c.jpg."""
    parts = PurePosixPath(path).parts
    return ["/".join(parts[start:]) for start in range(len(parts))]
