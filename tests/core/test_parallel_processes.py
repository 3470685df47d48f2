"""Work in processes: order, and what happens when a process is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

import pytest

from occbench.core.parallel import in_chunks
from occbench.errors import DataError


def squares(tasks: Sequence[int]) -> list[int]:
    """The squares of some numbers."""
    return [task * task for task in tasks]


def numbers_of_processes(tasks: Sequence[int]) -> list[int]:
    """For each task the process that does it."""
    return [os.getpid() for _ in tasks]


def die_at_40(tasks: Sequence[int]) -> list[int]:
    """Kills its own process when it meets 40."""
    if 40 in tasks:
        os.kill(os.getpid(), signal.SIGKILL)
    return list(tasks)


def test_results_of_processes_come_in_order():
    """Whatever process is faster."""
    chunks = in_chunks(squares, range(100), 2, chunk=7, processes=True)
    assert [result for chunk in chunks for result in chunk] == [n * n for n in range(100)]


def test_the_work_is_done_in_other_processes():
    """Not in this one, and in no more than were asked for."""
    chunks = in_chunks(numbers_of_processes, range(60), 2, chunk=1, processes=True)
    workers = {number for chunk in chunks for number in chunk}
    assert os.getpid() not in workers
    assert 1 <= len(workers) <= 2


def test_a_killed_worker_ends_in_a_sentence():
    """As when the system runs out of memory and kills one; nothing waits for it forever."""
    with pytest.raises(DataError, match="worker process was killed"):
        list(in_chunks(die_at_40, range(200), 2, chunk=8, processes=True))
