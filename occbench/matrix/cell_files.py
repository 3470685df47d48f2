"""The files ``cells.csv`` and ``models.csv``: written with all digits, every value read checked."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from occbench.errors import DataError
from occbench.matrix.cell import Cell, Key, fault

COLUMNS = (
    "train",
    "test",
    "seed",
    "selection",
    "epoch",
    "n",
    "correct",
    "accuracy",
    "low",
    "high",
    "balanced_accuracy",
    "macro_f1",
    "relative_change",
)

_REMEDY = "Run 'occbench matrix' again."


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV: lines end in a line feed, floats have all digits, None is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def read_cells(path: Path) -> tuple[Cell, ...]:
    """The cells of a ``cells.csv`` or a ``models.csv`` in the order of its lines.

    Raises:
        DataError: the file is missing, lacks a column, or a line holds a value that is out of
            range, is no number or stands in the place of an earlier one.
    """
    lines: dict[Key, int] = {}
    cells = []
    for number, row in _rows(path):
        cell = _cell(f"'{path}', line {number}", row)
        if cell.key in lines:
            raise DataError(
                f"'{path}', line {number}: train, test, seed and selection are those of line "
                f"{lines[cell.key]}; expected each cell once. {_REMEDY}"
            )
        lines[cell.key] = number
        cells.append(cell)
    return tuple(cells)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and values by column."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file, strict=True)
            head = next(lines, [])
            absent = [name for name in COLUMNS if name not in head]
            if absent:
                raise DataError(f"'{path}', line 1: the column {absent[0]} is missing. {_REMEDY}")
            for values in lines:
                if len(values) != len(head):
                    raise DataError(
                        f"'{path}', line {lines.line_num}: it has {len(values)} values; expected "
                        f"{len(head)}. {_REMEDY}"
                    )
                yield lines.line_num, dict(zip(head, values, strict=True))
    except FileNotFoundError as error:
        raise DataError(f"'{path}' is missing. {_REMEDY}") from error
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"'{path}' cannot be read: {error}. {_REMEDY}") from error


def _cell(place: str, row: dict[str, str]) -> Cell:
    change = row["relative_change"]
    try:
        cell = Cell(
            train=row["train"],
            test=row["test"],
            seed=int(row["seed"]),
            selection=row["selection"],
            epoch=int(row["epoch"]),
            n=int(row["n"]),
            correct=int(row["correct"]),
            accuracy=float(row["accuracy"]),
            low=float(row["low"]),
            high=float(row["high"]),
            balanced_accuracy=float(row["balanced_accuracy"]),
            macro_f1=float(row["macro_f1"]),
            relative_change=float(change) if change else None,
        )
    except ValueError as error:
        raise DataError(f"{place}: a number cannot be read: {error}. {_REMEDY}") from error
    found = fault(cell)
    if found:
        raise DataError(f"{place}: {found}. {_REMEDY}")
    return cell
