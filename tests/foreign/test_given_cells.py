"""Cells of given models: the same columns, a name for a mode, and normal faces as their base."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import pytest

from occbench.errors import DataError
from occbench.matrix.cell import GIVEN, Cell, fault, make_cell, with_relative_changes
from occbench.matrix.cells import Matrix


def given(test, right, *, name="net", n=4):
    """A cell of a given model that is right on so many of four faces."""
    predicted = [0] * right + [1] * (n - right)
    return make_cell(
        name,
        test,
        seed=0,
        selection=GIVEN,
        epoch=0,
        labels=[0] * n,
        predicted=predicted,
        classes=2,
    )


def test_a_row_begins_from_normal_whatever_it_is_called():
    """3 of 4 on normal and 1 of 4 on occluded faces are two thirds less."""
    cells = with_relative_changes([given("normal", 3), given("occluded", 1), given("mixed", 2)])
    assert [cell.relative_change for cell in cells] == pytest.approx([0, -2 / 3, -1 / 3])
    assert all(fault(cell) is None for cell in cells)


def test_the_table_is_read_as_it_was_written(tmp_path):
    """Models keep their order, and stand behind the modes where both are."""
    cells = with_relative_changes(
        [given(test, right, name=name) for name in ("z", "a") for test, right in RIGHT.items()]
    )
    trained = Cell("occluded", "normal", 7, "best", 3, 4, 2, 0.5, 0.1, 0.9, 0.5, 0.5, None)
    path = tmp_path / "models.csv"
    path.write_text(Matrix.of(cells).to_csv(), encoding="utf-8")
    assert Matrix.from_csv(path).cells == cells
    both = Matrix.of([*cells, trained])
    assert (both.trains, both.selections) == (("occluded", "z", "a"), ("best", GIVEN))
    rows = list(csv.DictReader(Matrix.of(cells).wide_csv().splitlines()))
    assert [(row["train"], row["selection"], row["epochs"]) for row in rows] == [
        ("z", GIVEN, "0"),
        ("a", GIVEN, "0"),
    ]
    assert float(rows[0]["occluded_relative_change"]) == pytest.approx(-2 / 3)


RIGHT = {"normal": 3, "occluded": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": "normal"}, "the train is 'normal'; expected the name of a model"),
        ({"train": ""}, "the train is ''; expected the name of a model"),
        ({"test": "covered"}, "the test is 'covered'; expected normal, occluded, mixed"),
        ({"seed": 1}, "seed and epoch are 1 and 0; expected 0 for a given model"),
        ({"epoch": 4}, "seed and epoch are 0 and 4; expected 0 for a given model"),
        ({"correct": 9}, "expected an epoch from 0, one face or more"),
        ({"selection": "best"}, "the train is 'net'; expected normal, occluded"),
    ],
)
def test_a_line_that_cannot_be(tmp_path, changes, message):
    """Refused with its file and line."""
    path = tmp_path / "models.csv"
    wrong = replace(given("occluded", 1), **changes)
    text = Matrix.of([given("normal", 1)]).to_csv()
    line = ",".join(str(value) for value in vars(wrong).values()).replace("None", "")
    path.write_text(f"{text}{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(message)) as error:
        Matrix.from_csv(path)
    assert "line 3" in str(error.value)
