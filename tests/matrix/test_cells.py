"""Cells and the matrix: arithmetic, the published tables and the two files."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.matrix.cells import (
    COLUMNS,
    SELECTIONS,
    TESTS,
    Cell,
    Matrix,
    make_cell,
    own_test,
    with_relative_changes,
)
from occbench.splits.modes import MODES

# Report 001, tables 4.1, 4.2 and 4.4 (AffectNet, 3,999 test faces): train, selection, epoch,
# then for each test split right faces, printed accuracy, printed relative change. The number of
# right faces is the only one that gives the printed four digits.
REPORT_001 = [
    ("normal", "best", 5, {"normal": (2111, 0.5279, 0.0), "occluded": (1208, 0.3021, -0.4277)}),
    ("normal", "last", 25, {"normal": (2355, 0.5889, 0.0), "occluded": (1523, 0.3808, -0.3534)}),
    ("occluded", "best", 14, {"occluded": (1855, 0.4639, 0.0), "normal": (1787, 0.4469, -0.0366)}),
    ("occluded", "last", 34, {"occluded": (1985, 0.4964, 0.0), "normal": (1888, 0.4721, -0.049)}),
    (
        "mixed-unique",
        "best",
        33,
        {
            "mixed": (2133, 0.5334, 0.0),
            "normal": (2286, 0.5716, 0.0716),
            "occluded": (1924, 0.4811, -0.0981),
        },
    ),
    (
        "mixed-unique",
        "last",
        50,
        {
            "mixed": (2128, 0.5321, 0.0),
            "normal": (2293, 0.5734, 0.0776),
            "occluded": (1921, 0.4804, -0.0972),
        },
    ),
]
PRINTED = [
    (train, test, selection, epoch, *numbers)
    for train, selection, epoch, tests in REPORT_001
    for test, numbers in tests.items()
]


def cell(train, test, correct, *, n=10, seed=0, selection="best", epoch=3):
    """A cell of n faces in one of two classes, the given number of them right."""
    predicted = np.array([0] * correct + [1] * (n - correct))
    return make_cell(
        train,
        test,
        seed=seed,
        selection=selection,
        epoch=epoch,
        labels=np.zeros(n, int),
        predicted=predicted,
        classes=2,
    )


def report_001():
    """The three tables as one matrix."""
    return Matrix.of(
        with_relative_changes(
            cell(train, test, correct, n=3999, selection=selection, epoch=epoch)
            for train, test, selection, epoch, correct, _, _ in PRINTED
        )
    )


def two_seeds():
    """Normal on normal 8 and 6 of 10, on occluded 4 and 3 of 10, seeds 0 and 1."""
    counts = [("normal", 8, 0), ("occluded", 4, 0), ("normal", 6, 1), ("occluded", 3, 1)]
    return Matrix.of(
        with_relative_changes(
            cell("normal", test, correct, seed=seed, epoch=7 + seed)
            for test, correct, seed in counts
        )
    )


def lines(text):
    """The values of a CSV text by row."""
    return [line.split(",") for line in text.splitlines()]


def test_columns_are_the_fields_of_a_cell():
    """The file has a column per field, in their order."""
    assert tuple(field.name for field in fields(Cell)) == COLUMNS


def test_own_test_splits():
    """Both mixed modes are compared with the mixed test; an unknown mode is refused."""
    assert [own_test(mode) for mode in MODES] == ["normal", "occluded", "mixed", "mixed"]
    with pytest.raises(ValueError, match="Received: train='mixed'"):
        own_test("mixed")


def test_a_cell_from_predictions():
    """Four of six faces: recalls 2/3, 1, 1/2; F1 4/5, 2/3, 1/2; the rest is as given."""
    made = make_cell(
        "mixed-paired",
        "occluded",
        seed=4,
        selection="last",
        epoch=9,
        labels=[0, 0, 0, 1, 2, 2],
        predicted=[0, 0, 2, 1, 1, 2],
        classes=3,
    )
    assert (made.train, made.test, made.seed) == ("mixed-paired", "occluded", 4)
    assert (made.selection, made.epoch, made.n, made.correct) == ("last", 9, 6, 4)
    assert made.accuracy == 4 / 6
    # Roots of (6 + z^2) p^2 - (8 + z^2) p + 8/3 with z = 1.959964.
    assert (made.low, made.high) == pytest.approx((0.299993, 0.903229), abs=1e-6)
    assert made.balanced_accuracy == pytest.approx(13 / 18)
    assert made.macro_f1 == pytest.approx((4 / 5 + 2 / 3 + 1 / 2) / 3)
    assert made.relative_change is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test": "covered"}, "the test is 'covered'; expected normal, occluded, mixed"),
        ({"train": "mixed"}, "Unknown mode"),
        ({"selection": "test"}, "the selection is 'test'; expected best, last"),
        ({"epoch": 0}, "expected an epoch from 1"),
    ],
)
def test_refused_cells(changes, message):
    """Unknown names and an epoch before the first are refused."""
    where = {"train": "normal", "test": "normal", "correct": 1} | changes
    with pytest.raises(ValueError, match=message):
        cell(**where)


@pytest.mark.parametrize(
    ("train", "test", "selection", "epoch", "correct", "accuracy", "change"), PRINTED
)
def test_tables_of_report_001(train, test, selection, epoch, correct, accuracy, change):
    """Right faces give the printed accuracy, and the printed change but for their rounding.

    A printed accuracy is off by 0.00005 at most; with the smallest base 0.4639 and the largest
    ratio 1.08 a change is off by 0.00005 (1 + 1.08) / 0.4639, and 0.00005 of its own.
    """
    found = report_001().cell(train, test, seed=0, selection=selection)
    assert (found.n, found.correct, found.epoch) == (3999, correct, epoch)
    assert round(found.accuracy, 4) == accuracy
    assert found.relative_change == pytest.approx(change, abs=2.8e-4)


@pytest.mark.parametrize(("train", "selection", "epoch", "tests"), REPORT_001)
def test_changes_from_printed_accuracies(train, selection, epoch, tests):
    """From the rounded accuracies the changes come out as printed, to half a last digit."""
    rounded = [
        replace(cell(train, test, 1, selection=selection, epoch=epoch), accuracy=accuracy)
        for test, (_, accuracy, _) in tests.items()
    ]
    changes = {found.test: found.relative_change for found in with_relative_changes(rounded)}
    printed = {test: change for test, (_, _, change) in tests.items()}
    assert changes == pytest.approx(printed, abs=5.1e-5)


def test_changes_need_their_own_row():
    """Another seed, selection or train is no base, and neither is an accuracy of 0."""
    cells = with_relative_changes(
        [
            cell("normal", "occluded", 5),
            cell("normal", "normal", 8, seed=1),
            cell("normal", "normal", 8, selection="last"),
            cell("occluded", "occluded", 0),
            cell("occluded", "normal", 4),
        ]
    )
    assert [found.relative_change for found in cells] == [None, 0.0, 0.0, 0.0, None]


def test_the_order_of_cells_and_what_is_missing():
    """Cells are put by train, selection, seed and test; the gaps come in the same order."""
    known = [
        cell("occluded", "normal", 1, seed=2),
        cell("normal", "occluded", 2, seed=5),
        cell("normal", "normal", 3, seed=2),
    ]
    matrix = Matrix(("occluded", "normal"), ("normal", "occluded"), (2, 5), ("best",), tuple(known))
    assert [found.correct for found in matrix.cells] == [1, 3, 2]
    assert matrix.missing() == (
        ("occluded", "occluded", 2, "best"),
        ("occluded", "normal", 5, "best"),
        ("occluded", "occluded", 5, "best"),
        ("normal", "occluded", 2, "best"),
        ("normal", "normal", 5, "best"),
    )
    assert matrix.cell("normal", "occluded", seed=5, selection="best") is known[1]
    assert matrix.cell("normal", "occluded", seed=2, selection="best") is None
    assert report_001().trains == ("normal", "occluded", "mixed-unique")
    assert report_001().selections == SELECTIONS
    assert report_001().tests == TESTS


@pytest.mark.parametrize("test", ["normal", "mixed"])
def test_cells_that_do_not_fit(test):
    """A second cell in one place and one outside the table are refused."""
    cells = (cell("normal", "normal", 3), cell("normal", test, 4))
    with pytest.raises(ValueError, match=f"Received: \\('normal', '{test}', 0, 'best'\\)"):
        Matrix(("normal",), ("normal",), (0,), ("best",), cells)


def test_means_over_seeds():
    """Mean and sample deviation: of 0.8 and 0.6 they are 0.7 and 0.2 / sqrt(2)."""
    matrix = two_seeds()
    mean, sd = matrix.over_seeds("normal", "normal", selection="best")
    assert (mean, sd) == pytest.approx((0.7, 0.2 / 2**0.5))
    assert matrix.over_seeds("normal", "normal", selection="best", field="epoch") == pytest.approx(
        (7.5, 0.5**0.5)
    )
    assert matrix.over_seeds("normal", "normal", selection="last") is None
    one = Matrix.of([cell("normal", "occluded", 4)])
    assert one.over_seeds("normal", "occluded", selection="best") == (0.4, None)
    change = one.over_seeds("normal", "occluded", selection="best", field="relative_change")
    assert change is None
    with pytest.raises(ValueError, match="field='train'"):
        one.over_seeds("normal", "occluded", selection="best", field="train")


def test_the_table_people_compare():
    """A row per train split and selection, means over seeds, the change of the means."""
    head, row = lines(two_seeds().wide_csv())
    assert head[:6] == [
        "train", "selection", "epochs", "normal_accuracy", "normal_sd", "normal_relative_change",
    ]  # fmt: skip
    assert row[:3] == ["normal", "best", "7 8"]
    numbers = [0.7, 0.2 / 2**0.5, 0.0, 0.35, 0.1 / 2**0.5, -0.5]
    assert [float(value) for value in row[3:]] == pytest.approx(numbers)


def test_the_table_with_gaps():
    """An absent cell is empty, and means over other seeds are not compared."""
    first, second, third, _ = two_seeds().cells
    full = Matrix(
        ("normal", "occluded"), TESTS, (0, 1), ("best",), (first, second, third)
    ).wide_csv()
    _, normal, occluded = lines(full)
    assert normal[:3] == ["normal", "best", "7 8"]
    assert normal[5] == "0.0"
    assert normal[6:] == ["0.4", "", "", "", "", ""]
    assert occluded == ["occluded", "best", *[""] * 10]


def test_round_trip(tmp_path):
    """A written matrix is read back with every digit, and written again with the same text."""
    for matrix in (report_001(), two_seeds(), Matrix.of([])):
        path = tmp_path / "cells.csv"
        path.write_text(matrix.to_csv(), encoding="utf-8", newline="")
        found = Matrix.from_csv(path)
        assert found.cells == matrix.cells
        assert (found.trains, found.tests) == (matrix.trains, matrix.tests)
        assert (found.seeds, found.selections) == (matrix.seeds, matrix.selections)
        assert found.to_csv() == matrix.to_csv()
    assert Matrix.of([]).to_csv() == ",".join(COLUMNS) + "\n"


@given(
    share=st.fractions(min_value=0, max_value=1, max_denominator=5000),
    change=st.none() | st.floats(-1, 1e6, allow_subnormal=False),
)
def test_every_digit_survives(tmp_path_factory, share, change):
    """Any share and any change are the same number after a round trip."""
    made = replace(
        cell("normal", "occluded", share.numerator, n=share.denominator), relative_change=change
    )
    path = tmp_path_factory.mktemp("cells") / "cells.csv"
    path.write_bytes(Matrix.of([made]).to_csv().encode())
    assert Matrix.from_csv(path).cells == (made,)
