"""One writer per folder, held by the operating system and freed when a process dies."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from occbench.errors import Busy, DataError

LOCK = ".lock"
"""The file that stands for its folder; it stays, since removing it would race."""

CANNOT_LOCK = frozenset((errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP))
"""What a disk answers that has no locks, such as some network disks."""


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Holds an advisory lock on a folder; the lock ends with its process, its file stays.

    Raises:
        Busy: another process holds it.
        DataError: the disk cannot lock files.
    """
    # Network disks lock only what is open for writing, which a folder cannot be.
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Busy(
            f"Another occbench process is writing to '{folder}'. "
            "Wait until it has finished, or choose another place."
        ) from error
    except OSError as error:
        if error.errno not in CANNOT_LOCK:
            raise
        raise DataError(
            f"The disk of '{folder}' cannot lock files; choose a folder on a local disk."
        ) from error
