"""Decides what an interrupted job still has to do, from its journal and from the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from occbench.dataset.batch import Entry, Style
from occbench.dataset.faces import FaceSource
from occbench.errors import OccbenchError, StaleState


class Action(Enum):
    """What happens to one face."""

    PAINT = "paint"
    KEEP = "keep"
    REFUSE = "refuse"


def decide(
    entry: Entry | None,
    size: int | None,
    stamp: Callable[[], Sequence[int]],
    checksum: Callable[[], int],
) -> Action:
    """What to do with one face, from what the journal and the disk say.

    Args:
        entry: the face's line in the journal, or None.
        size: bytes of the painted image on disk, or None where it is missing.
        stamp: gives the face's stamp now.
        checksum: gives the checksum of its pixels and landmarks now; asked for only if the
            stamp differs, since a copied file has another time but the same content.
    """
    if entry is None or size is None or size != entry.size:
        return Action.PAINT
    if list(stamp()) == entry.stamp or checksum() == entry.checksum:
        return Action.KEEP
    return Action.REFUSE


def plan(faces: FaceSource, entries: Mapping[str, Entry], output: Path, style: Style) -> list[str]:
    """The ids still to be painted, in natural order.

    Raises:
        StaleState: a face was changed after it had been painted.
    """
    todo = []
    for face_id in faces.ids:
        entry = entries.get(face_id)
        size = _size(output / (faces.stem(face_id) + style.ending)) if entry else None
        action = _decide_for(faces, face_id, entry, size)
        if action is Action.REFUSE:
            raise StaleState(
                f"'{face_id}' or its landmarks have changed since '{output}' was begun. "
                "Choose another output folder, or delete this one to start again."
            )
        if action is Action.PAINT:
            todo.append(face_id)
    return todo


def _decide_for(faces: FaceSource, face_id: str, entry: Entry | None, size: int | None) -> Action:
    try:
        return decide(
            entry, size, lambda: faces.stamp(face_id), lambda: faces.read(face_id).checksum
        )
    except (OccbenchError, OSError):
        # The input is gone or broken now: painting it names the reason in the failures.
        return Action.PAINT


def entries_by_id(lines: Sequence[Mapping[str, Any]]) -> dict[str, Entry]:
    """The journal's lines by face; a later line takes the place of an earlier one."""
    return {str(line["id"]): Entry.from_json(line) for line in lines}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
