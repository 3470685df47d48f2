"""Cells are counted from stored scores, each column a choice of the same ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from occbench.errors import DataError
from occbench.matrix.fill import Column, Row, choose, discordant_share, fill
from tests.runs import TESTED, make_predictions

# The test faces f18 to f23 are angry, happy, sad, angry, happy, sad. Who is right:
RIGHT = {
    ("best", "normal"): {"f18", "f19", "f21", "f22", "f23"},
    ("best", "headset"): {"f18", "f23"},
    ("last", "normal"): {"f20", "f22"},
    ("last", "headset"): {"f19", "f20", "f21", "f22"},
}
EPOCHS = {"best": 2, "last": 3}

# f19, f20 and f21 are occluded in the mixed column, in another order than they were predicted.
MIXED = pd.DataFrame(
    {
        "id": ["f23", "f19", "f22", "f21", "f18", "f20"],
        "variant": ["normal", "headset", "normal", "headset", "normal", "headset"],
    }
)


def shown(variant):
    """A column in which all test faces are shown one way."""
    return pd.DataFrame({"id": TESTED, "variant": variant})


COLUMNS = (
    Column("normal", shown("normal")),
    Column("occluded", shown("headset")),
    Column("mixed", MIXED),
)


def scores(right=RIGHT):
    """The scores of a run."""
    return {
        (selection, variant): make_predictions(
            faces, selection=selection, variant=variant, epoch=EPOCHS[selection]
        )
        for (selection, variant), faces in right.items()
    }


def test_the_counts_of_every_cell():
    """Right faces by hand: in the mixed column f18, f22, f23 count as normal, the others not."""
    cells = fill([Row("normal", 4)], COLUMNS, ("best", "last"), 3, lambda row: scores())
    assert [(cell.selection, cell.test, cell.epoch, cell.correct) for cell in cells] == [
        ("best", "normal", 2, 5),
        ("best", "occluded", 2, 2),
        ("best", "mixed", 2, 3),
        ("last", "normal", 3, 2),
        ("last", "occluded", 3, 4),
        ("last", "mixed", 3, 4),
    ]
    assert {(cell.train, cell.seed, cell.n) for cell in cells} == {("normal", 4, 6)}
    assert cells[0].accuracy == 5 / 6


def test_metrics_of_a_cell_by_hand():
    """Best on normal: f20, a sad face, is taken for angry; recalls are 1, 1 and 1/2.

    F1 is 4/5 for angry (2 right, 1 taken wrongly), 1 for happy and 2/3 for sad.
    """
    (cell,) = fill([Row("normal", 0)], COLUMNS[:1], ["best"], 3, lambda row: scores())
    assert cell.balanced_accuracy == pytest.approx((1 + 1 + 1 / 2) / 3)
    assert cell.macro_f1 == pytest.approx((4 / 5 + 1 + 2 / 3) / 3)


def test_every_row_is_evaluated_once():
    """One evaluation serves all selections and columns, in the order of the rows."""
    asked = []

    def evaluate(row):
        asked.append(row)
        return scores()

    rows = [Row("occluded", 1), Row("normal", 0)]
    cells = fill(rows, iter(COLUMNS), iter(("best", "last")), 3, evaluate)
    assert asked == rows
    assert [(cell.train, cell.seed) for cell in cells[::6]] == [("occluded", 1), ("normal", 0)]
    assert len(cells) == 12


def test_the_mixed_column_is_a_choice_from_both_variants():
    """True and predicted classes stand in the order of the column's table."""
    labels, predicted = choose(scores(), "best", MIXED)
    assert labels.tolist() == [2, 1, 1, 0, 0, 2]
    assert predicted.tolist() == [2, 2, 1, 1, 0, 0]
    assert (labels.dtype, predicted.dtype) == (np.int64, np.int64)


def test_the_choice_does_not_depend_on_the_order_of_the_table():
    """Rows of the table may have any index and order."""
    order = [4, 1, 5, 0, 3, 2]
    labels, predicted = choose(scores(), "best", MIXED)
    shuffled = choose(scores(), "best", MIXED.iloc[order])
    np.testing.assert_array_equal(shuffled, [labels[order], predicted[order]])


def test_a_face_that_was_not_predicted_is_refused():
    """A normal score is no stand-in for an occluded one that is missing."""
    some = scores()
    some["best", "headset"] = some["best", "headset"].of(TESTED[:3])
    choose(some, "best", shown("normal"))
    with pytest.raises(DataError, match="no prediction for the face 'f21'"):
        choose(some, "best", MIXED)


def test_the_share_of_faces_that_a_headset_changes():
    """Right in exactly one variant: best f19, f21 and f22; last f19 and f21."""
    found = scores()
    both = ("normal", "headset")
    assert discordant_share(found, "best", both, TESTED) == 3 / 6
    assert discordant_share(found, "last", both, TESTED) == 2 / 6
    assert discordant_share(found, "best", ("normal", "normal"), TESTED) == 0
    assert discordant_share(found, "best", both, ["f19"]) == 1
    found["best", "headset"] = found["best", "headset"].of(TESTED[::-1])
    assert discordant_share(found, "best", both, TESTED) == 3 / 6
