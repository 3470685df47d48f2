"""What people see while a command works: a progress bar, notes and tables.

Results go to stdout; progress and notes go to stderr, and none of it with ``--quiet``.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")

_quiet = False
_verbose = False


def set_quiet(quiet: bool) -> None:
    """Turns progress bars and notes off or on for this process."""
    global _quiet
    _quiet = quiet


def note(text: str) -> None:
    """Prints one line on stderr unless the process is quiet."""
    if not _quiet:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def set_verbose(verbose: bool) -> None:
    """Turns details on or off for this process."""
    global _verbose
    _verbose = verbose


def detail(text: str) -> None:
    """Prints one line on stderr if the process was asked to tell more."""
    if _verbose:
        note(text)


def progress(
    items: Iterable[Item], *, total: int, label: str, unit: str, done: int = 0
) -> Iterator[Item]:
    """Yields the items and shows on stderr how many of ``total`` are done.

    ``done`` is where the bar starts, for work that was resumed. Without a terminal the bar
    appears at most every ten seconds, so that logs stay readable.
    """
    return iter(_tqdm(items, total, label, unit, done))


@contextmanager
def bar(*, total: int, label: str, unit: str, done: int = 0) -> Iterator[Bar]:
    """A bar on stderr as ``progress`` shows it, moved by hand."""
    with _tqdm(None, total, label, unit, done) as shown:
        yield Bar(shown)


def _tqdm(items: Any, total: int, label: str, unit: str, done: int) -> Any:
    from tqdm import tqdm

    return tqdm(
        items,
        total=total,
        initial=done,
        desc=label,
        unit=unit,
        disable=_quiet,
        file=sys.stderr,
        mininterval=0.2 if sys.stderr.isatty() else 10.0,
        dynamic_ncols=True,
    )


class Bar:
    """A progress bar that is moved by hand."""

    def __init__(self, shown: Any) -> None:
        self._shown = shown

    def move(self, steps: int) -> None:
        """So many more are done."""
        self._shown.update(steps)

    def tell(self, text: str) -> None:
        """Shows a few words behind the bar."""
        self._shown.set_postfix_str(text, refresh=False)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A plain text table: first column left, the others right, columns two spaces apart."""
    cells = [tuple(head), *(tuple(_show(value) for value in row) for row in rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(head))]
    lines = []
    for row in cells:
        padded = [
            cell + " " * (width - _width(cell))
            if column == 0
            else " " * (width - _width(cell)) + cell
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _show(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
