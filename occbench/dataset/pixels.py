"""Decoded faces of one size, made once per data set and mapped from disk.

No epoch decodes a file again, and memory does not grow with the data set. A face whose image is
not square is fitted into the square and centred, the rest black; its landmarks move along, so an
occluder covers the same part of it as on the stored image. A pixel stack that has the wanted size
and channels already is used as it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from occbench.core.atomic import write_text
from occbench.core.console import progress
from occbench.core.digest import short_digest
from occbench.core.journal import Journal, read_journal
from occbench.core.lock import sole_writer
from occbench.core.parallel import in_order
from occbench.dataset.faces import PIXELS, Face, ManifestFaces
from occbench.dataset.images import as_rgb, size_of
from occbench.dataset.manifest import Manifest
from occbench.errors import DataError, OccbenchError
from occbench.geometry.landmarks import Landmarks68
from occbench.occluders.paint import Image

SCHEMA = 1
_CHUNK = 512

# Scale x, scale y, x and y, see ``fitted``.
Place = tuple[float, float, float, float]
_DONE, _JOURNAL = "done.json", "journal.jsonl"


@dataclass(frozen=True, eq=False)
class Pixels:
    """All faces of a data set as squares of one size.

    Attributes:
        images: uint8 ``(N, size, size)`` or ``(N, size, size, 3)``, row i for row i of the
            manifest, mapped from disk.
        landmarks: float64 ``(N, 68, 2)`` in pixels of ``images``.
        rows: the row of each face id.
        unreadable: what is wrong with the faces that could not be decoded, by id.
        identity: changes with the faces, their landmarks and their image files.
    """

    images: NDArray[np.uint8]
    landmarks: NDArray[np.float64]
    rows: dict[str, int]
    unreadable: dict[str, str]
    identity: str = ""

    def rows_of(self, ids: Sequence[str]) -> NDArray[np.intp]:
        """The rows of faces.

        Raises:
            DataError: one of them could not be decoded.
        """
        for face_id in self.unreadable.keys() & set(ids):
            raise DataError(
                f"The face '{face_id}' cannot be used: {self.unreadable[face_id]} Mend the image, "
                "or take it out of the data set and scan again."
            )
        return np.array([self.rows[face_id] for face_id in ids], dtype=np.intp)

    def face(self, row: int) -> Face:
        """One face, for ``dataset.batch.cover``.

        Raises:
            DataError: it has no usable landmarks.
        """
        return Face(np.array(self.images[row]), Landmarks68(self.landmarks[row]), 0)


def open_pixels(
    manifest: Manifest, root: Path, cache: Path, *, size: int, channels: int, workers: int
) -> Pixels:
    """The decoded faces of a data set, from the cache or decoded now; resumes where it stopped.

    Args:
        manifest: the data set.
        root: where its images lie.
        cache: the workspace's cache.
        size: side in pixels.
        channels: 1 grey, 3 RGB; grey images are repeated, colour turns into Rec. 601 luma.
        workers: threads that decode.

    Raises:
        DataError: the images are gone, or another process is filling this very cache.
    """
    faces = ManifestFaces(manifest, root)
    shape: tuple[int, ...] = (len(manifest), size, size, 3)[: 3 + (channels == 3)]
    rows = {face_id: row for row, face_id in enumerate(faces.ids)}
    identity = _identity(faces, manifest)
    if faces.stack is not None and faces.stack.shape[1:] == shape[1:]:
        order = np.array([int(row) for row in manifest.faces["image"]], dtype=np.intp)
        if np.array_equal(order, np.arange(len(faces.stack))):
            landmarks = manifest.landmarks.astype(np.float64)
            return Pixels(faces.stack, landmarks, rows, {}, identity)
    folder = cache / f"{manifest.name}-{size}x{channels}-{identity}"
    if not (folder / _DONE).is_file():
        _fill(faces, folder, shape, workers)
    images = np.load(folder / PIXELS, mmap_mode="r", allow_pickle=False)
    done = json.loads((folder / _DONE).read_text(encoding="utf-8"))
    places = np.load(folder / "places.npy", allow_pickle=False)
    landmarks = manifest.landmarks * places[:, None, :2] + places[:, None, 2:]
    return Pixels(images, landmarks, rows, done["unreadable"], identity)


def fitted(image: Image, size: int, channels: int) -> tuple[Image, Place]:
    """An image in the middle of a black square, and where it went.

    A point (px, py) of the image lies at ``(scale x * px + x, scale y * py + y)`` of the
    square, both counted from pixel centres. The two scales differ where a side cannot be scaled
    to a whole number of pixels.
    """
    width, height = size_of(image)
    scale = size / max(width, height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    shown = _in_channels(image, channels)
    if inner != (width, height):
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        shown = cv2.resize(shown, inner, interpolation=way).astype(np.uint8, copy=False)
    left, top = (size - inner[0]) // 2, (size - inner[1]) // 2
    square = np.zeros((size, size, 3)[: 2 + (channels == 3)], np.uint8)
    square[top : top + inner[1], left : left + inner[0]] = shown
    across, down = inner[0] / width, inner[1] / height
    # Edges, not centres, map onto each other: they lie half a pixel before the first centre.
    return square, (across, down, left + (across - 1) / 2, top + (down - 1) / 2)


def _in_channels(image: Image, channels: int) -> Image:
    if channels == 3:
        return as_rgb(image)
    if image.ndim == 2:
        return image
    return cv2.cvtColor(as_rgb(image), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def _identity(faces: ManifestFaces, manifest: Manifest) -> str:
    """Changes with the data set and with size or time of any image file or of the stack."""
    stamps = [_stamp(faces, face_id) for face_id in faces.ids]
    if isinstance(faces.stack, np.memmap) and faces.stack.filename is not None:
        status = Path(faces.stack.filename).stat()
        stamps.append([status.st_size, status.st_mtime_ns])
    return short_digest([SCHEMA, manifest.pixel_digest, stamps])


def _stamp(faces: ManifestFaces, face_id: str) -> list[int]:
    try:
        return faces.image_stamp(face_id)
    except OSError:
        # A face that is gone is named when a split wants it, not before.
        return [-1]


def _fill(faces: ManifestFaces, folder: Path, shape: tuple[int, ...], workers: int) -> None:
    """Decodes what is missing, chunk by chunk, and marks the cache done."""
    folder.mkdir(parents=True, exist_ok=True)
    with sole_writer(folder):
        if (folder / _DONE).is_file():
            return
        journal = folder / _JOURNAL
        finished = {entry["first"]: entry["unreadable"] for entry in read_journal(journal)}
        images = _array(folder / PIXELS, np.uint8, shape, fresh=not finished)
        places = _array(folder / "places.npy", np.float64, (shape[0], 4), fresh=not finished)
        work = partial(_decode, faces, size=shape[1], channels=3 if len(shape) == 4 else 1)
        starts = [s for s in range(0, shape[0], _CHUNK) if s not in finished]
        todo = [face for start in starts for face in faces.ids[start : start + _CHUNK]]
        with Journal(journal) as lines:
            decoded = in_order(work, todo, workers)
            bar = progress(decoded, total=len(todo), label="decode", unit=" faces")
            for start in starts:
                stop = min(start + _CHUNK, shape[0])
                unreadable = _store(bar, images, places, faces.ids, range(start, stop))
                images.flush()
                places.flush()
                lines.append([{"first": start, "unreadable": unreadable}])
                finished[start] = unreadable
        wrong = {face: why for some in finished.values() for face, why in some.items()}
        write_text(folder / _DONE, json.dumps({"schema": SCHEMA, "unreadable": wrong}) + "\n")


def _array(path: Path, kind: Any, shape: tuple[int, ...], *, fresh: bool) -> Any:
    mode: Any = "w+" if fresh else "r+"
    array = np.lib.format.open_memmap(path, mode, kind, shape)
    # A disk that is full while a mapped file grows kills the process; here it is an error.
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def _decode(
    faces: ManifestFaces, face_id: str, *, size: int, channels: int
) -> tuple[Image, Place] | str:
    """The fitted image, or what is wrong with it."""
    try:
        return fitted(faces.image(face_id)[0], size, channels)
    except OccbenchError as error:
        return str(error)
    except OSError as error:
        return f"'{error.filename}' cannot be read: {error.strerror}."


def _store(
    results: Iterable[tuple[Image, Place] | str],
    images: Any,
    places: Any,
    ids: Sequence[str],
    rows: range,
) -> dict[str, str]:
    unreadable = {}
    for row, result in zip(rows, results, strict=False):
        if isinstance(result, str):
            unreadable[ids[row]] = result
            images[row], places[row] = 0, (1, 1, 0, 0)
        else:
            images[row], places[row] = result
    return unreadable
