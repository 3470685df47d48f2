"""An append-only journal of JSON lines that expects to be killed.

Each line is one finished piece of work. A line torn by a kill is cut off when the journal
is opened again: the work it stood for is done once more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from occbench.errors import DataError

_BLOCK = 1 << 16


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the whole entries of a journal one by one; a torn last line is left out.

    A journal may have a million lines, so none is kept here.

    Raises:
        DataError: a line before the last is not a JSON object.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.endswith(b"\n"):
                yield _entry(line, number, path)


def _entry(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        entry = json.loads(line.decode("utf-8", "surrogateescape"))
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise DataError(
            f"'{path}', line {number}, is not a JSON object. "
            "Delete the file to start the job from the beginning."
        )
    return entry


# Made once: ``json.dumps`` with options makes an encoder for each call.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Journal:
    """A journal open for appending; opening it cuts a torn last line off."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+b")
        length = _whole(self._file)
        if self._file.seek(0, os.SEEK_END) != length:
            self._file.truncate(length)

    def append(self, entries: Iterable[dict[str, Any]]) -> None:
        """Adds entries and hands them to the operating system before it returns."""
        lines = "".join(f"{_to_json(entry)}\n" for entry in entries)
        if lines:
            self._file.write(lines.encode("utf-8", "surrogateescape"))
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


def _whole(file: BinaryIO) -> int:
    """The length in bytes of the whole lines, looked for from the end."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - _BLOCK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
