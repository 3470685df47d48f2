"""A damaged ``cells.csv`` is refused with its name and line."""

from __future__ import annotations

import re

import pytest

from occbench.errors import DataError
from occbench.matrix.cells import COLUMNS, Matrix

# 3 of 4 faces; Wilson's interval is 0.3006 to 0.9544.
GOOD = {
    "train": "normal",
    "test": "occluded",
    "seed": "0",
    "selection": "best",
    "epoch": "5",
    "n": "4",
    "correct": "3",
    "accuracy": "0.75",
    "low": "0.30",
    "high": "0.96",
    "balanced_accuracy": "0.7",
    "macro_f1": "0.6",
    "relative_change": "-0.1",
}


def write(path, *rows, columns=COLUMNS):
    """A table with the given lines."""
    text = [",".join(columns), *(",".join(row[name] for name in columns) for row in rows)]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


def refused(path, message):
    """Reads the file, which must be refused in words that name it."""
    with pytest.raises(DataError, match=re.escape(message)) as error:
        Matrix.from_csv(path)
    assert str(path) in str(error.value)
    assert str(error.value).endswith("Run 'occbench matrix' again.")


def test_the_good_line_is_read(tmp_path):
    """The line that the cases below damage is sound, in any order of columns."""
    for columns in (COLUMNS, COLUMNS[::-1]):
        (found,) = Matrix.from_csv(write(tmp_path / "cells.csv", GOOD, columns=columns)).cells
        assert (found.correct, found.accuracy, found.relative_change) == (3, 0.75, -0.1)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("train", "mixed", "the train is 'mixed'; expected normal, occluded, mixed-unique"),
        ("test", "", "the test is ''; expected normal, occluded, mixed"),
        ("selection", "first", "the selection is 'first'; expected best, last"),
        ("seed", "one", "a number cannot be read"),
        ("epoch", "0", "epoch, n and correct are 0, 4 and 3"),
        ("n", "0", "epoch, n and correct are 5, 0 and 3"),
        ("n", "4.0", "a number cannot be read"),
        ("correct", "5", "epoch, n and correct are 5, 4 and 5"),
        ("correct", "-1", "epoch, n and correct are 5, 4 and -1"),
        ("accuracy", "0.5", "the accuracy is 0.5 from 0.3 to 0.96; expected 3 / 4"),
        ("accuracy", "nan", "the accuracy is nan; expected 0 to 1"),
        ("accuracy", "", "a number cannot be read"),
        ("low", "0.76", "the accuracy is 0.75 from 0.76 to 0.96"),
        ("low", "-0.1", "the low is -0.1; expected 0 to 1"),
        ("high", "0.7", "the accuracy is 0.75 from 0.3 to 0.7"),
        ("high", "1.1", "the high is 1.1; expected 0 to 1"),
        ("balanced_accuracy", "70", "the balanced_accuracy is 70.0; expected 0 to 1"),
        ("macro_f1", "-0.6", "the macro_f1 is -0.6; expected 0 to 1"),
        ("relative_change", "-1.1", "the relative_change is -1.1; expected -1 or more"),
        ("relative_change", "inf", "the relative_change is inf; expected -1 or more"),
    ],
)
def test_a_value_out_of_range(tmp_path, column, value, message):
    """The second of two lines is damaged in one column."""
    first = GOOD | {"seed": "7"}
    path = write(tmp_path / "cells.csv", first, GOOD | {column: value})
    refused(path, f"'{path}', line 3: {message}")


def test_a_missing_file(tmp_path):
    """It is named."""
    refused(tmp_path / "cells.csv", f"'{tmp_path / 'cells.csv'}' is missing.")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column(tmp_path, column):
    """It is named."""
    left = tuple(name for name in COLUMNS if name != column)
    path = write(tmp_path / "cells.csv", GOOD, columns=left)
    refused(path, f"line 1: the column {column} is missing.")


def test_an_empty_file(tmp_path):
    """It lacks its first column."""
    path = tmp_path / "cells.csv"
    path.touch()
    refused(path, "line 1: the column train is missing.")


def test_a_torn_line(tmp_path):
    """A line with fewer values than columns is refused with its number."""
    path = write(tmp_path / "cells.csv", GOOD)
    with path.open("a", encoding="utf-8") as file:
        file.write("normal,occ")
    refused(path, "line 3: it has 2 values; expected 13.")


def test_a_cell_twice(tmp_path):
    """The second line of one place is refused with both numbers."""
    path = write(tmp_path / "cells.csv", GOOD, GOOD | {"seed": "1"}, GOOD | {"epoch": "6"})
    refused(path, "line 4: train, test, seed and selection are those of line 2")


def test_no_text(tmp_path):
    """Bytes that are no UTF-8 are refused."""
    path = tmp_path / "cells.csv"
    path.write_bytes(b"train,\xff\xfe\n")
    refused(path, "cannot be read")
