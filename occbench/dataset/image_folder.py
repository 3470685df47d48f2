"""The images below a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from natsort import natsorted

from occbench.core.console import note
from occbench.dataset.images import is_image
from occbench.dataset.landmark_source import stem_of
from occbench.errors import DataError

JOB = "job.json"
"""What marks a folder as the output of ``occlude``."""


def find_images(folder: Path, *, without: Path | None = None) -> list[str]:
    """The images below a folder as relative POSIX paths in natural order.

    Hidden files and folders, ``without`` and sub-folders that ``occlude`` wrote are passed over.

    Raises:
        DataError: the folder does not exist or holds no image, or it or a sub-folder cannot
            be read.
    """
    if not folder.is_dir():
        raise DataError(f"The image folder '{folder}' does not exist.")
    found = []
    # A linked folder may hold the one it lies in, so each is entered once.
    entered = {folder.resolve(), *([without.resolve()] if without is not None else [])}
    for parent, folders, files in os.walk(folder, onerror=_refuse, followlinks=True):
        if JOB in files and Path(parent) != folder and _is_output(Path(parent)):
            note(f"'{parent}' is passed over: 'occbench occlude' wrote it.")
            folders.clear()
            continue
        below_here = {name: (Path(parent) / name).resolve() for name in sorted(folders)}
        folders[:] = [
            name
            for name, place in below_here.items()
            if not name.startswith(".") and place not in entered
        ]
        entered.update(below_here[name] for name in folders)
        below = Path(parent).relative_to(folder)
        found += [
            (below / name).as_posix()
            for name in files
            if not name.startswith(".") and is_image(Path(name))
        ]
    if not found:
        raise DataError(f"There is no image in '{folder}' or below it.")
    ordered: list[str] = natsorted(sorted(found))
    return ordered


def _refuse(error: OSError) -> NoReturn:
    raise DataError(f"The folder '{error.filename}' cannot be read: {error.strerror}.") from error


def _is_output(folder: Path) -> bool:
    """Whether the job in a folder is one of ``occlude``; other programs have jobs too."""
    try:
        job = json.loads((folder / JOB).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(job, dict) and {"schema", "variant", "occluder"} <= job.keys()


def refuse_twins(ids: Sequence[str]) -> None:
    """Refuses two images of which the results would have one name.

    Raises:
        DataError: there are such; both are named.
    """
    stems: dict[str, str] = {}
    for face_id in ids:
        stem = stem_of(face_id)
        if stem in stems:
            raise DataError(
                f"'{stems[stem]}' and '{face_id}' would have the same result file. "
                "Rename one of them or keep them in different folders."
            )
        stems[stem] = face_id
