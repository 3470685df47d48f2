"""Decides what an interrupted job still has to do, from its journal and from the disk."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from occbench.core.console import progress
from occbench.core.files import read_file
from occbench.dataset.batch import Entry, Style
from occbench.dataset.faces import FaceSource
from occbench.errors import OccbenchError, StaleState

SHOWN_FROM = 10_000
"""Entries from which checking them takes so long that a bar is shown."""


class Action(Enum):
    """What happens to one face."""

    PAINT = "paint"
    KEEP = "keep"
    RESTAMP = "keep and note the new stamp"
    REFUSE = "refuse"


@dataclass
class Plan:
    """What is to be done: ids to paint, in natural order, and entries to write anew."""

    todo: list[str] = field(default_factory=list)
    restamped: list[Entry] = field(default_factory=list)


def decide(
    entry: Entry | None,
    size: int | None,
    stamp: Callable[[], Sequence[int]],
    checksum: Callable[[], int],
) -> Action:
    """What to do with one face, from what the journal and the disk say.

    Args:
        entry: the face's line in the journal, or None.
        size: bytes of the painted image on disk, or None where it is missing or damaged.
        stamp: gives the face's stamp now.
        checksum: gives the checksum of its pixels and landmarks now; asked for only if the
            stamp differs, since a copied file has another time but the same content.
    """
    if entry is None or size is None or size != entry.size:
        return Action.PAINT
    if tuple(stamp()) == entry.stamp:
        return Action.KEEP
    return Action.RESTAMP if checksum() == entry.checksum else Action.REFUSE


def plan(
    faces: FaceSource,
    entries: Mapping[str, Entry],
    output: Path,
    style: Style,
    *,
    verify: bool = False,
) -> Plan:
    """What is still to be painted, and the entries whose stamp is out of date.

    Args:
        faces: all faces of the job.
        entries: the journal's lines by face.
        output: where the painted images lie.
        style: how they are stored.
        verify: also read the painted images; one that is not as it was written is painted.

    Raises:
        StaleState: a face was changed after it had been painted.
    """
    found, ids = Plan(), faces.ids
    many = len(entries) > SHOWN_FROM
    for face_id in progress(ids, total=len(ids), label="check", unit=" images") if many else ids:
        entry = entries.get(face_id)
        path = output / (faces.stem(face_id) + style.ending)
        size = _size(path, entry, verify) if entry else None
        action, stamp = _decide_for(faces, face_id, entry, size)
        if action is Action.REFUSE:
            raise StaleState(
                f"'{face_id}' or its landmarks have changed since '{output}' was begun. "
                "Choose another output folder, or delete this one to start again."
            )
        if action is Action.PAINT:
            found.todo.append(face_id)
        elif action is Action.RESTAMP and entry is not None:
            found.restamped.append(replace(entry, stamp=stamp))
    return found


def _decide_for(
    faces: FaceSource, face_id: str, entry: Entry | None, size: int | None
) -> tuple[Action, tuple[int, ...]]:
    """The action, and the stamp from before the face was read where it was asked for."""
    seen: tuple[int, ...] = ()

    def stamp() -> tuple[int, ...]:
        nonlocal seen
        seen = tuple(faces.stamp(face_id))
        return seen

    try:
        return decide(entry, size, stamp, lambda: faces.read(face_id).checksum), seen
    except (OccbenchError, OSError):
        # The input is gone or broken now: painting it names the reason in the failures.
        return Action.PAINT, seen


def entries_by_id(lines: Iterable[Mapping[str, Any]]) -> dict[str, Entry]:
    """The journal's lines by face; a later line takes the place of an earlier one."""
    return {entry.id: entry for entry in map(Entry.from_json, lines)}


def _size(path: Path, entry: Entry, verify: bool) -> int | None:
    """The bytes of a painted image; None where it is missing or known to be damaged."""
    try:
        size = path.stat().st_size
        if verify and size == entry.size and zlib.crc32(read_file(str(path))) != entry.written:
            return None
    except OSError:
        return None
    return size
