"""Features of faces on disk: written once, in order, and mapped when they are read.

A folder holds ``meta.json`` (what the features are), ``features.bin`` (one slot of the same size
after the other) and ``journal.jsonl`` (which faces lie in which slots). A line of the journal is
written when its slots are on the disk, so a kill at any instant costs at most the chunk that was
being written. The file grows by plain writing: a disk that is full is an ``OSError``, where a
mapped file would end the process.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.core.atomic import write_text
from occbench.core.journal import Journal, read_journal
from occbench.core.lock import sole_writer
from occbench.errors import DataError, StaleState

SCHEMA = 1
META, DATA, JOURNAL = "meta.json", "features.bin", "journal.jsonl"
DTYPES = ("float16", "float32")

# Left free on the disk for whatever else writes there meanwhile.
_SPARE = 256 * 2**20


@dataclass(frozen=True)
class View:
    """How a face was shown when its features were computed.

    Attributes:
        variant: the variant, and what identifies how it is painted.
        copy: 0 as it is, or the number of an augmented copy, from 1.
    """

    variant: str
    copy: int = 0


@dataclass(frozen=True)
class _Chunk:
    """A line of the journal: these rows, shown so, lie in the slots from ``first`` on."""

    view: View
    first: int
    rows: list[int]

    def to_json(self) -> dict[str, Any]:
        return {
            "variant": self.view.variant,
            "copy": self.view.copy,
            "first": self.first,
            "rows": self.rows,
        }


class FeatureStore:
    """The features of a data set's faces in one folder.

    Args:
        folder: of the store; made if it is missing.
        identity: what decides the features, as JSON; the folder's name holds its digest.
        shape: of the features of one face.
        faces: rows of the manifest.
        dtype: ``float16``, or ``float32`` for exactly what was computed.

    Raises:
        StaleState: the folder holds other features.
        DataError: its journal is broken.
    """

    def __init__(
        self,
        folder: Path,
        *,
        identity: dict[str, Any],
        shape: Sequence[int],
        faces: int,
        dtype: str = "float16",
    ) -> None:
        if dtype not in DTYPES:
            raise ValueError(f"`dtype` must be one of {DTYPES}. Received: dtype={dtype!r}")
        self.folder, self.shape, self.dtype = (
            folder,
            tuple(shape),
            np.dtype(dtype).newbyteorder("<"),
        )
        self._faces = faces
        self._slots: dict[View, NDArray[np.int64]] = {}
        self._count = 0
        self._mapped: NDArray[Any] | None = None
        meta = {"schema": SCHEMA, "shape": list(shape), "dtype": dtype, "identity": identity}
        self._check(json.dumps(meta, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        self._index(self._whole_chunks())

    def __len__(self) -> int:
        """How many slots are filled."""
        return self._count

    @property
    def face_bytes(self) -> int:
        """What the features of one face take on the disk."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def missing(self, view: View, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Those of some rows, sorted and each once, that are not stored in this view."""
        wanted = np.unique(rows)
        known = self._slots.get(view)
        return wanted if known is None else wanted[known[wanted] < 0]

    def slots(self, view: View, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """Where the features of rows lie.

        Raises:
            KeyError: one of them is not stored.
        """
        known = self._slots.get(view, np.full(self._faces, -1))[rows]
        if (known < 0).any():
            raise KeyError(f"Row {int(rows[known < 0][0])} is not stored as {view}.")
        return known

    def read(self, slots: NDArray[np.int64]) -> NDArray[Any]:
        """The features in some slots, ``(n, *shape)``, copied from the disk."""
        if self._mapped is None or len(self._mapped) < self._count:
            path, shape = self.folder / DATA, (self._count, *self.shape)
            self._mapped = np.memmap(path, self.dtype, "r", shape=shape)
        found: NDArray[Any] = np.asarray(self._mapped[slots])
        return found

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Holds the store for writing; what another process added meanwhile is known inside.

        Raises:
            Busy: another process is filling it.
        """
        with sole_writer(self.folder):
            self._mend()
            yield

    def append(self, view: View, rows: NDArray[np.intp], features: NDArray[Any]) -> None:
        """Stores the features of some rows behind the others; only inside ``filling``.

        Raises:
            DataError: a value cannot be stored as this number type, or is no number.
            OSError: they cannot be written; ENOSPC where the disk is full.
        """
        if features.shape != (len(rows), *self.shape):
            raise ValueError(f"`features` must fit `rows`. Received: shape={features.shape}")
        self._check_range(features)
        chunk = _Chunk(view, self._count, rows.tolist())
        with (self.folder / DATA).open("ab") as file:
            file.write(np.ascontiguousarray(features, self.dtype).tobytes())
            file.flush()
            os.fsync(file.fileno())
        with Journal(self.folder / JOURNAL) as lines:
            lines.append([chunk.to_json()])
        self._add(chunk)

    def check_room(self, faces: int) -> int:
        """What so many more faces take on the disk, in bytes.

        Raises:
            DataError: there is clearly not so much room.
        """
        needed, free = faces * self.face_bytes, shutil.disk_usage(self.folder).free
        if needed + _SPARE > free:
            raise DataError(
                f"The trunk cache '{self.folder}' needs {size_text(needed)} more and leaves "
                f"{size_text(_SPARE)} free; the disk has {size_text(free)} left. "
                "Make room, or set cache_trunk = false in the recipe."
            )
        return needed

    def _check_range(self, features: NDArray[Any]) -> None:
        # Written so that NaN is refused too.
        if features.size and not np.abs(features).max() <= np.finfo(self.dtype).max:
            raise DataError(
                f"The frozen part of this network gives values that {self.dtype.name} cannot hold "
                f"(beyond {np.finfo(self.dtype).max:g}, or no number). Set cache_trunk = false in "
                "the recipe."
            )

    def _check(self, meta: str) -> None:
        """Writes the facts, or checks those that are there."""
        path = self.folder / META
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_text(path, meta)
        elif path.read_text(encoding="utf-8") != meta:
            raise StaleState(
                f"'{path}' describes other features. Delete the folder; it is filled again."
            )

    def _whole_chunks(self) -> list[_Chunk]:
        """The lines of the journal up to the first whose slots are not all there."""
        path = self.folder / DATA
        stored = path.stat().st_size // self.face_bytes if path.is_file() else 0
        found, count = [], 0
        for entry in read_journal(self.folder / JOURNAL):
            chunk = self._chunk(entry, count)
            count += len(chunk.rows)
            if count > stored:
                break
            found.append(chunk)
        return found

    def _chunk(self, entry: dict[str, Any], first: int) -> _Chunk:
        try:
            view = View(str(entry["variant"]), int(entry["copy"]))
            chunk = _Chunk(view, int(entry["first"]), [int(row) for row in entry["rows"]])
        except (KeyError, TypeError, ValueError):
            chunk = _Chunk(View(""), -1, [])
        if chunk.first != first or not all(0 <= row < self._faces for row in chunk.rows):
            raise DataError(
                f"'{self.folder / JOURNAL}' does not fit the data set or is broken. Delete the "
                "folder; it is filled again."
            )
        return chunk

    def _mend(self) -> None:
        """Cuts off what no whole line of the journal names, and lines whose slots are not there."""
        chunks = self._whole_chunks()
        journal, data = self.folder / JOURNAL, self.folder / DATA
        if len(chunks) < sum(1 for _ in read_journal(journal)):
            kept = [json.dumps(chunk.to_json(), separators=(",", ":")) for chunk in chunks]
            write_text(journal, "".join(f"{line}\n" for line in kept))
        self._index(chunks)
        with data.open("ab") as file:
            file.truncate(self._count * self.face_bytes)

    def _index(self, chunks: Sequence[_Chunk]) -> None:
        self._slots, self._count, self._mapped = {}, 0, None
        for chunk in chunks:
            self._add(chunk)

    def _add(self, chunk: _Chunk) -> None:
        known = self._slots.setdefault(chunk.view, np.full(self._faces, -1, np.int64))
        known[chunk.rows] = np.arange(chunk.first, chunk.first + len(chunk.rows))
        self._count = chunk.first + len(chunk.rows)


def size_text(size: int) -> str:
    """A number of bytes for people, such as ``28.8 GB``."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.1f} kB"
