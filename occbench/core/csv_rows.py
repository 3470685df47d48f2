"""CSV files that people write by hand or export from a spreadsheet."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from occbench.errors import DataError

# Sums of such numbers stay exact as float64 and fit into int64.
_MOST_DIGITS = 15


@dataclass(frozen=True)
class Line:
    """One line below the header.

    Attributes:
        place: file and line, for messages.
        values: by column, without blanks around them.
    """

    place: str
    values: dict[str, str]


def read_lines(source: Path | Traversable) -> tuple[tuple[str, ...], tuple[Line, ...]]:
    """The header and the lines of a CSV file with commas; empty lines are passed over.

    A byte order mark, as spreadsheets write it, is no part of the first column.

    Raises:
        DataError: it cannot be read, is empty, names a column twice, or a line has another number
            of values than the header.
    """
    lines = []
    try:
        text = source.read_bytes().decode("utf-8-sig")
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        head = tuple(name.strip() for name in next(rows, []))
        _check_head(source, head)
        for row in rows:
            if not any(value.strip() for value in row):
                continue
            place = f"'{source}', line {rows.line_num}"
            if len(row) != len(head):
                raise DataError(
                    f"{place}: it has {len(row)} values; expected {len(head)}, one for each column "
                    "of line 1."
                )
            values = (value.strip() for value in row)
            lines.append(Line(place, dict(zip(head, values, strict=True))))
    except FileNotFoundError as error:
        raise DataError(f"'{source}' is missing; check the path.") from error
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"'{source}' cannot be read as CSV in UTF-8: {error}.") from error
    if not lines:
        raise DataError(f"'{source}' has no line below the header.")
    return head, tuple(lines)


def whole_number(text: str, place: str, *, least: int) -> int:
    """A whole number of ``least`` or more, of 15 digits at most.

    Raises:
        DataError: it is none.
    """
    plain = text.isascii() and text.isdigit()
    if plain and len(text) > _MOST_DIGITS:
        raise DataError(f"{place} is '{text}'; expected {_MOST_DIGITS} digits at most.")
    if not plain or int(text) < least:
        raise DataError(f"{place} is '{text}'; expected a whole number of {least} or more.")
    return int(text)


def _check_head(source: Path | Traversable, head: tuple[str, ...]) -> None:
    if len(head) < 2:
        raise DataError(
            f"'{source}', line 1: expected column names with commas between them, found "
            f"'{','.join(head)}'."
        )
    twice = [name for name in head if head.count(name) > 1]
    if twice:
        raise DataError(f"'{source}', line 1: the column '{twice[0]}' stands there twice.")
