"""Paints faces and writes them, one at a time and whole."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from occbench.core.files import write_file
from occbench.dataset.faces import Face, FaceSource, with_landmarks
from occbench.dataset.failures import Failure
from occbench.dataset.images import FORMATS, encode_image, size_of
from occbench.errors import DataError, OccbenchError
from occbench.geometry.landmarks import Landmarks68
from occbench.geometry.polygon import EMPTY, Region
from occbench.occluders.base import Fill, Occluder, face_seed
from occbench.occluders.paint import Image, paint


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished image: the face's id, stamp and checksum, the file's size and checksum."""

    id: str
    stamp: tuple[int, ...]
    checksum: int
    size: int
    written: int

    def to_json(self) -> dict[str, Any]:
        """The line of the journal."""
        return {
            "id": self.id,
            "stamp": self.stamp,
            "checksum": self.checksum,
            "size": self.size,
            "written": self.written,
        }

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Entry:
        """Reads a line of the journal.

        Raises:
            DataError: it lacks a field, or its stamp is no list.
        """
        try:
            stamp = tuple(line["stamp"])
            return cls(str(line["id"]), stamp, line["checksum"], line["size"], line["written"])
        except KeyError as error:
            raise DataError(f"The journal has an entry without {error}: {dict(line)}.") from error
        except TypeError as error:
            raise DataError(f"The journal has an entry with a bad stamp: {dict(line)}.") from error


@dataclass(frozen=True)
class Style:
    """How painted images are stored.

    Args:
        form: ``png`` (lossless) or ``jpg``.
        quality: JPEG quality, 1..100; without effect on png.
        sham: write the images unoccluded, through the same path, as a control.

    Raises:
        DataError: an unknown form or a quality out of range.
    """

    form: str = "png"
    quality: int = 95
    sham: bool = False

    def __post_init__(self) -> None:
        if self.form not in FORMATS:
            raise DataError(f"The format '{self.form}' is not one of {', '.join(FORMATS)}.")
        if not 1 <= self.quality <= 100:
            raise DataError(f"The quality {self.quality} is not between 1 and 100.")

    def describe(self) -> dict[str, Any]:
        """What decides the bytes, for a job's record; quality only where it matters."""
        lossy = {"quality": self.quality} if self.form == "jpg" else {}
        return {"format": self.form, **lossy, "sham": self.sham}

    @property
    def ending(self) -> str:
        """What is added to a face's stem."""
        return f"{'_sham' if self.sham else '_occ'}.{self.form}"


@dataclass(frozen=True, slots=True)
class _Ready:
    """A face whose geometry is done; ``region`` is for images of ``size``."""

    stamp: list[int]
    landmarks: Landmarks68
    seed: int
    size: tuple[int, int] | None
    region: Region | None


@dataclass
class Painter:
    """Paints faces and writes them; used by several threads at once.

    Args:
        faces: where faces come from.
        occluder: what covers them.
        style: how results are stored.
        output: the folder of the results.
        staging: a folder on the same disk where files are written before they are moved.
    """

    faces: FaceSource
    occluder: Occluder
    style: Style
    output: Path
    staging: Path
    _made: set[str] = field(default_factory=set, init=False)
    _size: tuple[int, int] | None = field(default=None, init=False)

    def __call__(self, face_ids: Sequence[str]) -> Iterator[Entry | Failure]:
        """Paints faces; what is wrong with one comes back, what is wrong with the disk is raised.

        Raises:
            DataError: a result cannot be written.
        """
        # The geometry of all before the first image: between two images the codecs push its
        # code out of the processor's caches, and it takes three times as long.
        ready = [self._prepare(face_id) for face_id in face_ids]
        for face_id, face in zip(face_ids, ready, strict=True):
            yield face if isinstance(face, Failure) else self._paint(face_id, face)

    def _prepare(self, face_id: str) -> _Ready | Failure:
        """Everything that needs no pixel, for an image as large as the last one."""
        try:
            stamp = self.faces.stamp(face_id)
            landmarks = self.faces.landmarks(face_id)
        except (OccbenchError, OSError) as error:
            return _failure(face_id, error)
        seed, size, region = face_seed(self.occluder, face_id), self._size, None
        if size is not None:
            try:
                region = _region(self.occluder, landmarks, face_id, size, seed)
                region.spans(size)
            except OccbenchError:
                # Its own size may do; if not, that error is the one to tell.
                size = None
        return _Ready(stamp, landmarks, seed, size, region)

    def _paint(self, face_id: str, face: _Ready) -> Entry | Failure:
        try:
            image, checksum = self.faces.image(face_id)
            size, region = size_of(image), face.region
            if region is None or size != face.size:
                self._size = size
                region = _region(self.occluder, face.landmarks, face_id, size, face.seed)
            shown = _cover(image, face_id, region, self.occluder.fill, face.seed, self.style.sham)
            data = encode_image(shown, self.style.form, self.style.quality)
        except (OccbenchError, OSError) as error:
            return _failure(face_id, error)
        self._write(self.faces.stem(face_id) + self.style.ending, data)
        checksum = with_landmarks(checksum, face.landmarks)
        return Entry(face_id, tuple(face.stamp), checksum, len(data), zlib.crc32(data))

    def _write(self, name: str, data: bytes) -> None:
        final = f"{self.output}/{name}"
        part = f"{self.staging}/{os.getpid()}-{threading.get_ident()}"
        try:
            self._make(str(self.staging))
            self._make(final.rpartition("/")[0])
            write_file(part, data)
            os.replace(part, final)  # noqa: PTH105 - Path costs as much again
        except OSError as error:
            raise DataError(
                f"'{final}' cannot be written: {error.strerror}. What the journal names is kept; "
                "run the same command again to go on."
            ) from error

    def _make(self, folder: str) -> None:
        if folder not in self._made:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)


def cover(face: Face, face_id: str, occluder: Occluder, *, sham: bool = False) -> Image:
    """The occluded image of a face; with ``sham`` the image itself, after the same checks.

    Raises:
        DataError: no pixel of the image would be covered.
    """
    size, seed = size_of(face.image), face_seed(occluder, face_id)
    region = _region(occluder, face.landmarks, face_id, size, seed)
    return _cover(face.image, face_id, region, occluder.fill, seed, sham)


def _region(
    occluder: Occluder, landmarks: Landmarks68, face_id: str, size: tuple[int, int], seed: int
) -> Region:
    """The region on a face; an occluder that finds none on odd landmarks fails that face only."""
    try:
        return occluder.region(landmarks, size=size, seed=seed)
    except ValueError as error:
        raise DataError(f"The occluder has no region on '{face_id}': {error}") from error


def _cover(image: Image, face_id: str, region: Region, fill: Fill, seed: int, sham: bool) -> Image:
    size = size_of(image)
    if not region.spans(size):
        raise DataError(
            f"The occluder covers no pixel of the image '{face_id}' of {size[0]} x {size[1]} "
            "pixels: do the landmarks belong to it?"
        )
    return paint(image, EMPTY if sham else region, fill, seed=seed)


def _failure(face_id: str, error: OccbenchError | OSError) -> Failure:
    if isinstance(error, OSError):
        return Failure(face_id, f"'{error.filename}' cannot be read: {error.strerror}.")
    return Failure(face_id, str(error))
