"""Work on many tasks at once, with results in the order of the tasks.

Threads share memory and start at once; they suit work that is mostly decoding, encoding and
waiting. Processes suit work that is mostly Python. At most a few chunks wait at a time, so
memory does not grow with the number of tasks.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from occbench.errors import DataError

Task = TypeVar("Task")
Result = TypeVar("Result")

_CHUNK = 32


def available_workers() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    work: Callable[[Task], Result], tasks: Sequence[Task], workers: int, *, chunk: int = _CHUNK
) -> Iterator[Result]:
    """Yields ``work`` of every task in the order of the tasks, done by ``workers`` threads.

    An error raised by ``work`` stops everything that has not begun.

    Args:
        work: done in one of the threads.
        tasks: handed over ``chunk`` at a time.
        workers: threads; with 1 the work is done in this one.
        chunk: more for work that takes microseconds.
    """
    for results in in_chunks(lambda some: map(work, some), tasks, workers, chunk=chunk):
        yield from results


def in_chunks(
    work: Callable[[Sequence[Task]], Iterable[Result]],
    tasks: Sequence[Task],
    workers: int,
    *,
    chunk: int = _CHUNK,
    processes: bool = False,
) -> Iterator[list[Result]]:
    """As ``in_order`` for work on some tasks at a time; gives the results of each chunk.

    Args:
        work: takes some tasks and gives as many results, in order.
        tasks: in all.
        workers: threads or processes.
        chunk: tasks at a time.
        processes: use spawned processes; ``work``, tasks and results must be picklable, and a
            script that calls this needs the usual guard ``if __name__ == "__main__"``.

    Raises:
        DataError: a process was killed from outside.
    """
    chunks = (tasks[start : start + chunk] for start in range(0, len(tasks), chunk))
    if workers == 1:
        yield from (list(work(some)) for some in chunks)
        return
    waiting: deque[Future[list[Result]]] = deque()
    # Processes are told once what to do; the tasks then travel alone.
    each: Callable[[Sequence[Task]], list[Result]]
    each = _begun if processes else partial(_work_all, work)
    with _executor(work, workers, processes=processes) as pool:
        try:
            for some in chunks:
                waiting.append(pool.submit(each, some))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise DataError("A worker process was killed. Run the same command again.") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _executor(work: Any, workers: int, *, processes: bool) -> Executor:
    if not processes:
        return ThreadPoolExecutor(workers, thread_name_prefix="worker")
    return ProcessPoolExecutor(workers, get_context("spawn"), _begin, (work,))


def _work_all(
    work: Callable[[Sequence[Task]], Iterable[Result]], tasks: Sequence[Task]
) -> list[Result]:
    return list(work(tasks))


_work: Callable[[Sequence[Any]], Iterable[Any]]


def _begin(work: Callable[[Sequence[Any]], Iterable[Any]]) -> None:
    """Prepares a process: what it is to do, and that it ends with its parent."""
    global _work
    _work = work
    # Ctrl-C reaches the whole group; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _begun(tasks: Sequence[Any]) -> list[Any]:
    return list(_work(tasks))


def _end_with_parent() -> None:
    """Ends this process when its parent is killed; it would wait for work forever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
