"""One writer per folder, held by the operating system and freed when a process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from occbench.errors import Busy


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Holds an advisory lock on a folder; the lock needs no file and outlives no process.

    Raises:
        Busy: another process holds it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                f"Another occbench process is writing to '{folder}'. "
                "Wait until it has finished, or choose another place."
            ) from error
        yield
    finally:
        os.close(handle)
