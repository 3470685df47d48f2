"""Other processes for tests of what happens when one is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def process_at(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Runs code in another process up to its call of ``here()``, where it waits for a line.

    Pipes say when it is there, so no test has to guess at times. A process that is still
    running at the end is killed.
    """
    head = "import sys\nfrom pathlib import Path\n"
    head += "def here():\n    print('here', flush=True)\n    sys.stdin.readline()\n"
    other = subprocess.Popen(
        [sys.executable, "-c", head + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert other.stdout.readline() == "here\n"
        yield other
    finally:
        other.kill()
        other.communicate()


def dead_pid() -> int:
    """The number of a process that has ended and was waited for."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid
