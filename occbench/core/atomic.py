"""Files and folders that appear whole or not at all.

Everything is written beside its final place, synced and moved, so a kill at any instant
leaves the old state or the new one. The writer holds a lock on its unfinished part, which
ends with it whatever ends it; the next writer of the same name sweeps away the parts that
nobody holds. Process numbers would not do: they mean nothing in another container.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from occbench.core.lock import CANNOT_LOCK

_SUFFIX = ".part"
_UNIQUE = r"[0-9]+-[0-9a-f]{32}"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives an empty file beside ``path`` to write to; moved into place on success.

    The parent folder is made if it is missing. On an error the unfinished file is removed
    and the old one stays.

    Raises:
        FileNotFoundError: nothing was written.
    """
    with _part(path, folder=False) as part:
        # Opening a file to write empties it, which sets its time even if nothing follows.
        os.utime(part, ns=(0, 0))
        yield part
        if part.stat().st_mtime_ns == 0:
            raise FileNotFoundError(errno.ENOENT, "Nothing was written", str(path))
        _sync(part)
        part.replace(path)
        _sync(path.parent)


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
    with _part(path, folder=True) as part:
        yield part
        for file in part.rglob("*"):
            if file.is_file():
                _sync(file)
        _move_unless_there(part, path)
        _sync(path.parent)


def _move_unless_there(part: Path, path: Path) -> None:
    try:
        if not path.exists():
            part.rename(path)
    except OSError:
        # Another process may have been first between the look and the move.
        if not path.exists():
            raise


@contextmanager
def _part(path: Path, *, folder: bool) -> Iterator[Path]:
    """Gives a locked part beside ``path`` and removes what is still there of it afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    part, handle = _begin(path, folder)
    try:
        yield part
    finally:
        _remove(part)
        if handle is not None:
            os.close(handle)


def _begin(path: Path, folder: bool) -> tuple[Path, int | None]:
    """Makes a part and locks it; without a handle where the disk cannot lock."""
    while True:
        part = path.with_name(f".{path.name}.{os.getpid()}-{uuid4().hex}{_SUFFIX}")
        if folder:
            part.mkdir()
        else:
            part.touch(exist_ok=False)
        try:
            return part, _lock(part, fcntl.LOCK_EX)
        except FileNotFoundError:
            # Another writer swept it before it was locked.
            continue
        except OSError as error:
            if error.errno in CANNOT_LOCK:
                return part, None
            _remove(part)
            raise


def _lock(part: Path, how: int) -> int:
    """Opens a part and locks it.

    Raises:
        FileNotFoundError: it is not there any more.
        OSError: another writer holds it, or the disk cannot lock it.
    """
    # Network disks lock only what is open for writing, which a folder cannot be.
    handle = os.open(part, os.O_RDONLY if part.is_dir() else os.O_RDWR)
    try:
        fcntl.flock(handle, how)
        # It may have been moved or removed between the opening and the lock.
        if not os.path.samestat(os.fstat(handle), part.stat()):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(part))
    except BaseException:
        os.close(handle)
        raise
    return handle


def _sweep(path: Path) -> None:
    """Removes what killed writers left beside ``path``; living ones hold theirs.

    Where the disk cannot lock, nobody can tell them apart, and everything stays.
    """
    ours = re.compile(rf"\.{re.escape(path.name)}\.{_UNIQUE}{re.escape(_SUFFIX)}")
    with os.scandir(path.parent) as found:
        left = [path.parent / item.name for item in found if ours.fullmatch(item.name)]
    for part in left:
        try:
            handle = _lock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        try:
            _remove(part)
        finally:
            os.close(handle)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
