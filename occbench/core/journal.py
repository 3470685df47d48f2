"""An append-only journal of JSON lines that expects to be killed.

Each line is one finished piece of work. A line torn by a kill is cut off when the journal
is opened again: the work it stood for is done once more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from occbench.errors import DataError


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The whole entries of a journal, in order; a torn last line is left out.

    Raises:
        DataError: a line before the last is not a JSON object.
    """
    return _read(path)[0]


# Made once: ``json.dumps`` with options makes an encoder for each call.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Journal:
    """A journal open for appending; ``entries`` holds what earlier processes finished."""

    def __init__(self, path: Path) -> None:
        self.entries, length = _read(path)
        self._file = path.open("ab")
        if self._file.tell() != length:
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


def _read(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The entries and the length in bytes of the whole lines."""
    if not path.exists():
        return [], 0
    data = path.read_bytes()
    length = data.rfind(b"\n") + 1
    entries = []
    for number, line in enumerate(data[:length].splitlines(), start=1):
        try:
            entry = json.loads(line.decode("utf-8", "surrogateescape"))
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            raise DataError(
                f"'{path}', line {number}, is not a JSON object. "
                "Delete the file to start the job from the beginning."
            )
        entries.append(entry)
    return entries, length
