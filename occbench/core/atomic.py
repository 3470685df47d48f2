"""Files and folders that appear whole or not at all.

Everything is written beside its final place, synced and moved, so a kill at any instant
leaves the old state or the new one. What a killed process left beside is swept away by the
next writer of the same name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SUFFIX = ".part"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a path beside ``path`` to write one file to; moved into place on success.

    The parent folder is made if it is missing. On an error the unfinished file is removed
    and the old one stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    part = _part(path)
    try:
        yield part
        _sync(part)
        part.replace(path)
        _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Replaces a file by UTF-8 text with Unix line ends; file names in it keep any byte."""
    with replacing(path) as part:
        part.write_bytes(text.encode("utf-8", "surrogateescape"))


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Gives a folder beside ``path`` to fill; moved into place on success.

    A folder that already stands at ``path`` is kept as it is and the new one thrown away:
    a folder's name holds the digest of its inputs, so both hold the same.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    part = _part(path)
    # In a container each process may have the same number as the killed one before it.
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        yield part
        for file in part.rglob("*"):
            if file.is_file():
                _sync(file)
        _move_unless_there(part, path)
        _sync(path.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _move_unless_there(part: Path, path: Path) -> None:
    try:
        if not path.exists():
            part.rename(path)
    except OSError:
        # Another process may have been first between the look and the move.
        if not path.exists():
            raise


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{_SUFFIX}")


def _sweep(path: Path) -> None:
    """Removes what killed processes left beside ``path``; living ones keep theirs."""
    for left in path.parent.glob(f".{_escape(path.name)}.*{_SUFFIX}"):
        pid = left.name.removesuffix(_SUFFIX).rpartition(".")[2]
        if pid.isdigit() and int(pid) != os.getpid() and not _alive(int(pid)):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _escape(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
