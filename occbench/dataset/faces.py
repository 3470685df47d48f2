"""Faces to work on: their pixels and landmarks by id, from a folder or from a manifest."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from occbench.core.files import read_file
from occbench.dataset.image_folder import find_images, refuse_twins
from occbench.dataset.images import decode_image
from occbench.dataset.landmark_source import (
    LandmarkSource,
    open_landmarks,
    refuse_without_any,
    stem_of,
)
from occbench.dataset.manifest import Manifest
from occbench.errors import DataError
from occbench.geometry.landmarks import Landmarks68
from occbench.occluders.paint import Image
from occbench.workspace import MARKER

PIXELS = "pixels.npy"


@dataclass(frozen=True, eq=False, slots=True)
class Face:
    """One face as it was read; ``checksum`` changes with its image or its landmarks."""

    image: Image
    landmarks: Landmarks68
    checksum: int


class FaceSource(Protocol):
    """Gives faces by id; may be read by several threads at once."""

    @property
    def ids(self) -> Sequence[str]:
        """All faces in natural order."""
        ...

    def read(self, face_id: str) -> Face:
        """One face.

        Raises:
            DataError: its image or its landmarks are missing or cannot be used.
            OSError: a file cannot be read.
        """
        ...

    def image(self, face_id: str) -> tuple[Image, int]:
        """The pixels of a face and their checksum, whether or not it has landmarks.

        Raises:
            DataError, OSError: as ``read``.
        """
        ...

    def landmarks(self, face_id: str) -> Landmarks68:
        """The landmarks of a face.

        Raises:
            DataError, OSError: as ``read``.
        """
        ...

    def stamp(self, face_id: str) -> list[int]:
        """Numbers that differ if the face may have changed since, cheap to get.

        Raises:
            DataError, OSError: as ``read``.
        """
        ...

    def stem(self, face_id: str) -> str:
        """Where results of the face belong: a relative path without an ending."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """What the faces come from, for a job's record."""
        ...


class FolderFaces:
    """The images below a folder; an id is the path below it.

    Args:
        folder: searched with its sub-folders; hidden files are passed over.
        landmarks: a folder or a stack, see ``open_landmarks``.
        output: not searched, should it lie inside ``folder``.

    Raises:
        DataError: there is no image, none has landmarks, or two would have one result file.
    """

    def __init__(self, folder: Path, landmarks: Path, output: Path) -> None:
        self._folder = str(folder)
        self._landmark_path = landmarks
        self._output = output
        self.ids: Sequence[str] = find_images(folder, without=output)
        refuse_twins(self.ids)
        self._landmarks: LandmarkSource = open_landmarks(landmarks, self.ids)
        refuse_without_any(self._landmarks, self.ids)

    def read(self, face_id: str) -> Face:
        """See ``FaceSource``."""
        return _face(self, face_id)

    def image(self, face_id: str) -> tuple[Image, int]:
        """See ``FaceSource``."""
        return read_file_image(f"{self._folder}/{face_id}")

    def landmarks(self, face_id: str) -> Landmarks68:
        """See ``FaceSource``."""
        return self._landmarks.read(face_id)

    def stamp(self, face_id: str) -> list[int]:
        """Size and time of change of the image, then the stamp of its landmarks."""
        status = os.stat(f"{self._folder}/{face_id}")  # noqa: PTH116 - Path costs as much again
        return [status.st_size, status.st_mtime_ns, *self._landmarks.stamp(face_id)]

    def stem(self, face_id: str) -> str:
        """See ``FaceSource``."""
        return stem_of(face_id)

    def describe(self) -> Mapping[str, Any]:
        """Where images and landmarks lie as seen from the output, so that all may move."""
        return {
            "images": os.path.relpath(self._folder, self._output),
            "landmarks": os.path.relpath(self._landmark_path, self._output),
        }


class ManifestFaces:
    """The faces of a manifest.

    Args:
        manifest: the data set.
        root: the folder its images or its pixel stack lie in.

    Raises:
        DataError: the folder is gone, or the pixel stack is missing or too short.
    """

    def __init__(self, manifest: Manifest, root: Path) -> None:
        if not root.is_dir():
            raise DataError(
                f"'{root}' is gone, where '{manifest.name}' has its images; see {MARKER}."
            )
        self._manifest = manifest
        self._root = str(root)
        self.ids: Sequence[str] = manifest.faces["id"].tolist()
        self._images: Sequence[str] = manifest.faces["image"].tolist()
        self._rows = {face_id: row for row, face_id in enumerate(self.ids)}
        self._pixels = _open_stack(manifest, root) if manifest.images == "stack" else None

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process needs neither labels nor groups, and opens a pixel stack anew.
        rows = self._manifest.faces[["id", "image"]]
        rows = rows.assign(label=self._manifest.classes.names[0], partition="", group="alone")
        slim = replace(self._manifest, faces=rows, facts={})
        return ManifestFaces, (slim, Path(self._root))

    def image(self, face_id: str) -> tuple[Image, int]:
        """See ``FaceSource``."""
        row = self._rows[face_id]
        if self._pixels is None:
            return read_file_image(f"{self._root}/{self._images[row]}")
        image = np.array(self._pixels[int(self._images[row])])
        return image, zlib.crc32(image.tobytes())

    def read(self, face_id: str) -> Face:
        """See ``FaceSource``."""
        return _face(self, face_id)

    def landmarks(self, face_id: str) -> Landmarks68:
        """See ``FaceSource``."""
        points = self._manifest.landmarks[self._rows[face_id]]
        if np.isnan(points).all():
            raise DataError(f"'{face_id}' has no landmarks.")
        try:
            return Landmarks68(points)
        except DataError as error:
            raise DataError(f"'{face_id}': {error}.") from error

    def stamp(self, face_id: str) -> list[int]:
        """Checksum of the landmarks, then size and time of change of an image file."""
        points = self._manifest.landmarks[self._rows[face_id]]
        return [zlib.crc32(points.tobytes()), *self.image_stamp(face_id)]

    def image_stamp(self, face_id: str) -> list[int]:
        """Size and time of change of an image file; nothing for a pixel stack."""
        if self._pixels is not None:
            return []
        image = self._images[self._rows[face_id]]
        status = os.stat(f"{self._root}/{image}")  # noqa: PTH116 - as above
        return [status.st_size, status.st_mtime_ns]

    @property
    def stack(self) -> NDArray[np.uint8] | None:
        """The pixel stack, mapped from disk, where the data set has one."""
        return self._pixels

    def stem(self, face_id: str) -> str:
        """See ``FaceSource``."""
        return f"images/{face_id}"

    def describe(self) -> Mapping[str, Any]:
        """The data set and what identifies its pixels and landmarks."""
        return {"data set": self._manifest.name, "digest": self._manifest.pixel_digest}


def read_file_image(path: str) -> tuple[Image, int]:
    """The pixels of an image file and the checksum of its bytes."""
    data = read_file(path)
    return decode_image(data, path), zlib.crc32(data)


def with_landmarks(checksum: int, landmarks: Landmarks68) -> int:
    """The checksum of a face from that of its image and its landmarks."""
    return zlib.crc32(landmarks.points.tobytes(), checksum)


def _face(faces: FaceSource, face_id: str) -> Face:
    landmarks = faces.landmarks(face_id)
    image, checksum = faces.image(face_id)
    return Face(image, landmarks, with_landmarks(checksum, landmarks))


def _open_stack(manifest: Manifest, root: Path) -> NDArray[np.uint8]:
    path = root / PIXELS
    try:
        pixels: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(f"'{path}' cannot be read: {error}. Scan the data set again.") from error
    last = max((int(row) for row in manifest.faces["image"]), default=-1)
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or last >= len(pixels):
        raise DataError(
            f"'{path}' has the shape {pixels.shape} and dtype {pixels.dtype}; expected uint8 "
            f"with at least {last + 1} images. Scan the data set again."
        )
    return pixels
