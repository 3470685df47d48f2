"""Printed tables of accuracies: a line per train split, test split and epoch.

``docs/reference/file-formats.md`` lists the columns. Numbers keep their printed digits.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from occbench.core.csv_rows import Line, read_lines, whole_number
from occbench.errors import DataError
from occbench.matrix.cell import TESTS
from occbench.reference.printed import (
    Number,
    Printed,
    read_number,
    to_printed,
    unit_of_accuracies,
    unit_of_changes,
)

REQUIRED = ("train", "test", "accuracy")
OPTIONAL = ("model", "selection", "epoch", "seed", "n", "correct", "relative_change")
_BLOCK = ("model", "train", "selection", "epoch", "seed")


@dataclass(frozen=True)
class ResultRow:
    """One accuracy.

    Attributes:
        block: model, train, selection, epoch and seed, as far as they are given: rows with the
            same ones are one network on several test splits.
        train: how its training faces were shown.
        test: one of ``occbench.matrix.cell.TESTS``.
        n: faces in the test split, None if unknown.
        correct: faces that are right, None if unknown.
        accuracy: as printed.
        change: the relative change as printed, None where there is none.
    """

    block: tuple[str, ...]
    train: str
    test: str
    n: int | None
    correct: int | None
    accuracy: Printed
    change: Printed | None

    @property
    def own_test(self) -> str:
        """The test split shown as the train split is, the base of relative changes.

        Report 001 takes the same bases in its tables 4.1 to 4.4.
        """
        return self.train if self.train in TESTS else "mixed"

    @property
    def name(self) -> str:
        """How messages call the row without its test split."""
        model, train, selection, epoch, seed = self.block
        parts = (model, train, selection, epoch and f"epoch {epoch}", seed and f"seed {seed}")
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class ResultTable:
    """The rows of a printed table.

    Attributes:
        name: the file, or the name of the table.
        rows: in the order of its lines.
        ignored: columns that no check reads.
    """

    name: str
    rows: tuple[ResultRow, ...]
    ignored: tuple[str, ...]

    def blocks(self) -> tuple[tuple[ResultRow, ...], ...]:
        """The rows of each network, in the order in which the networks first occur."""
        found: dict[tuple[str, ...], list[ResultRow]] = {}
        for row in self.rows:
            found.setdefault(row.block, []).append(row)
        return tuple(tuple(rows) for rows in found.values())


def is_result_table(head: Sequence[str]) -> bool:
    """Whether a header is that of a table of accuracies."""
    return "accuracy" in head or {"train", "test"} <= set(head)


def read_result_table(source: Path | Traversable, name: str = "") -> ResultTable:
    """Reads a printed table of accuracies.

    Args:
        source: the file.
        name: what to call the table; the file's path if empty.

    Raises:
        DataError: a column is missing or mistyped, a value is no number or out of range, percent
            and shares cannot be told apart, or a cell stands there twice.
    """
    head, lines = read_lines(source)
    _check_columns(source, head)
    accuracies = [_required(line) for line in lines]
    unit = unit_of_accuracies(accuracies)
    changes = [_number(line, "relative_change") for line in lines]
    change_unit = unit_of_changes([number for number in changes if number], unit)
    rows = []
    places: dict[tuple[tuple[str, ...], str], str] = {}
    for line, accuracy, change in zip(lines, accuracies, changes, strict=True):
        printed = to_printed(change, change_unit) if change else None
        row = _row(line, to_printed(accuracy, unit), printed)
        if (row.block, row.test) in places:
            raise DataError(
                f"{line.place}: {row.name}, test {row.test} stands in "
                f"{places[row.block, row.test]} too; expected each cell once. A column model, "
                "selection, epoch or seed tells networks apart."
            )
        places[row.block, row.test] = line.place
        rows.append(row)
    ignored = tuple(column for column in head if column not in (*REQUIRED, *OPTIONAL))
    return ResultTable(name or str(source), tuple(rows), ignored)


def _check_columns(source: Path | Traversable, head: Sequence[str]) -> None:
    known = (*REQUIRED, *OPTIONAL)
    for column in head:
        nearest = difflib.get_close_matches(column, known, n=1, cutoff=0.8)
        if column not in known and nearest and nearest[0] not in head:
            raise DataError(
                f"'{source}', line 1: there is no column '{column}'. Did you mean '{nearest[0]}'?"
            )
    absent = [column for column in REQUIRED if column not in head]
    if absent:
        raise DataError(
            f"'{source}', line 1: the column {absent[0]} is missing; expected "
            f"{', '.join(REQUIRED)} and, if known, {', '.join(OPTIONAL)}."
        )


def _required(line: Line) -> Number:
    number = _number(line, "accuracy")
    if number is None:
        raise DataError(f"{line.place}: the accuracy is empty; leave the line out instead.")
    return number


def _number(line: Line, column: str) -> Number | None:
    return read_number(line.values.get(column, ""), line.place)


def _row(line: Line, accuracy: Printed, change: Printed | None) -> ResultRow:
    values = line.values
    train, test = values["train"], values["test"]
    if test not in TESTS:
        raise DataError(f"{line.place}: the test is '{test}'; expected {', '.join(TESTS)}.")
    if train not in ("normal", "occluded") and not train.startswith("mixed"):
        raise DataError(
            f"{line.place}: the train is '{train}'; expected normal, occluded or a name that "
            "begins with mixed."
        )
    n, correct = (_count(line, column, least) for column, least in (("n", 1), ("correct", 0)))
    if n is not None and correct is not None and correct > n:
        raise DataError(f"{line.place}: {correct} of {n} faces are right; expected {n} at most.")
    block = tuple(values.get(column, "") for column in _BLOCK)
    return ResultRow(block, train, test, n, correct, accuracy, change)


def _count(line: Line, column: str, least: int) -> int | None:
    text = line.values.get(column, "")
    return whole_number(text, f"{line.place}: {column}", least=least) if text else None
