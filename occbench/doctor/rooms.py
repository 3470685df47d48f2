"""A workspace and what its data sets need: found, writable, room on the disk, images there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from occbench.dataset.faces import PIXELS
from occbench.dataset.manifest import PARTITIONS, Manifest
from occbench.doctor.finding import BROKEN, MISSING, OK, Finding
from occbench.errors import DataError
from occbench.workspace import MARKER, Workspace

WORKSPACE, DATA = "workspace", "data sets"

SAMPLE = 200
"""Images that are looked for, at equal distances in the table; of 200 that are there, at most
1.5 % of all are missing with 95 % confidence (rule of three, Hanley and Lippman-Hand 1983)."""

# A small run with its report takes about a tenth of it.
_LEAST_FREE = 100 * 2**20


def find_workspace(start: Path, *, needed: bool) -> tuple[Workspace | None, list[Finding]]:
    """The workspace that ``start`` lies in, and what is to say of it."""
    try:
        workspace = Workspace.find(start)
    except DataError as error:
        folder = start.resolve()
        is_there = any((above / MARKER).is_file() for above in (folder, *folder.parents))
        status = BROKEN if is_there else MISSING
        return None, [Finding(WORKSPACE, status, str(error), needed=needed or is_there)]
    return workspace, list(_room(workspace))


def look_at_data_set(workspace: Workspace, name: str, needed: bool = False) -> Iterator[Finding]:
    """Whether a data set can be read, its images are where they were, and has landmarks.

    Raises:
        DataError: its manifest is broken, or nobody knows where its images lie.
    """
    manifest = Manifest.read(workspace.manifest(name))
    usable = int(manifest.usable.sum())
    counts = manifest.faces["partition"].value_counts()
    parts = ", ".join(f"{part} {counts[part]:,}" for part in PARTITIONS if part in counts)
    text = f"{name}: {len(manifest):,} faces, {usable:,} with usable landmarks"
    yield Finding(DATA, OK, f"{text}; {parts or 'no partitions of its own'}")
    if not usable:
        todo = "Scan again with --landmarks."
        yield Finding(DATA, MISSING, f"{name}: no face can be covered", todo, needed)
    yield _images(manifest, workspace.data_root(name), needed)


def free_bytes(workspace: Workspace) -> int:
    """What the disk of a workspace has left."""
    return shutil.disk_usage(workspace.root).free


def size_text(size: float) -> str:
    """A number of bytes for people, such as ``43.9 GB``."""
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6)):
        if size >= bytes_:
            return f"{size / bytes_:,.1f} {unit}"
    return f"{size / 1e3:,.0f} kB"


def _room(workspace: Workspace) -> Iterator[Finding]:
    root, free = workspace.root, free_bytes(workspace)
    if not os.access(root, os.W_OK | os.X_OK):
        todo = "Change its rights, or copy it to another place."
        yield Finding(WORKSPACE, MISSING, f"'{root}' cannot be written to", todo, needed=True)
    text = f"'{root}', {size_text(free)} free"
    if free < _LEAST_FREE:
        yield Finding(WORKSPACE, MISSING, text, "Free some space on the disk.", needed=True)
    else:
        yield Finding(WORKSPACE, OK, text)


def _images(manifest: Manifest, root: Path, needed: bool) -> Finding:
    name = manifest.name
    if manifest.images == "stack":
        paths, what = [PIXELS], "its pixel stack"
    else:
        step = max(1, len(manifest) // SAMPLE)
        paths = manifest.faces["image"].iloc[::step].tolist()
        what = f"{len(paths):,} of its images, taken at equal distances,"
    gone = [path for path in paths if not (root / path).is_file()]
    if not gone:
        return Finding(DATA, OK, f"{name}: {what} found in '{root}'")
    text = f"{name}: {len(gone):,} of {len(paths):,} files looked for are gone from '{root}', "
    todo = f"Put them back, set the root in {MARKER}, or scan again."
    return Finding(DATA, MISSING, f"{text}the first '{gone[0]}'", todo, needed)
