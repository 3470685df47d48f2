"""Small files read and written with as few system calls as there can be.

Between two system calls a thread may lose Python's global lock, and what it then waits costs
more than the call; the layers of ``open`` make about twice as many.
"""

from __future__ import annotations

import errno
import os


def read_file(path: str) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: it cannot be read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(handle).st_size
        data = os.read(handle, size)
        while 0 < len(data) < size and (more := os.read(handle, size - len(data))):
            data += more
        return data
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        os.close(handle)


def write_file(path: str, data: bytes) -> None:
    """Makes a file, or empties it first.

    Raises:
        OSError: it cannot be written.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        if os.write(handle, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    finally:
        os.close(handle)
