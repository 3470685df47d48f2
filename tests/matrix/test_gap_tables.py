"""What covering costs each row and each class, as tables."""

from __future__ import annotations

import numpy as np
import pytest

from occbench.errors import MissingCells, UnknownName
from occbench.matrix.gap_tables import class_table, row_gaps
from occbench.matrix.paired import mcnemar
from tests.answers import make_answers, right_of

N = 60
LABELS = [0] * 30 + [1] * 27 + [2] * 3
WRONG = {place: np.zeros(N, bool) for place in ("normal", "occluded", "helped")}
# Under cover, normal training loses 20 of 30 angry, 2 of 27 happy and all 3 sad faces.
WRONG["occluded"][:20] = WRONG["occluded"][30:32] = WRONG["occluded"][57:] = True
# Occluded training loses 5 angry ones under cover and nothing else.
WRONG["helped"][:5] = True


def answers_with(*, seeds: int = 1):
    """Normal and occluded training, all faces right uncovered."""
    cells = {}
    for seed in range(seeds):
        for train, test, wrong in (
            ("normal", "normal", "normal"),
            ("normal", "occluded", "occluded"),
            ("occluded", "normal", "normal"),
            ("occluded", "occluded", "helped"),
        ):
            cells[train, test, seed] = right_of(LABELS, ~WRONG[wrong])
    return make_answers(LABELS, cells, classes=("angry", "happy", "sad"))


@pytest.fixture(scope="module")
def answers():
    """One seed."""
    return answers_with()


@pytest.fixture(scope="module")
def faces(answers):
    """Their draws."""
    return answers.resample()


def test_gaps_of_rows_and_what_comes_back(answers, faces):
    """25 and 5 of 60 faces are lost, so 20 of 25 come back."""
    base, other = row_gaps(answers, faces)
    assert (base.train, other.train) == ("normal", "occluded")
    assert base.gap.value == pytest.approx(25 / 60)
    assert other.gap.value == pytest.approx(5 / 60)
    assert base.recovery is None
    assert other.recovery.share.value == pytest.approx(20 / 25)
    assert other.recovery.gap == base.gap
    assert (base.spread.mean, base.spread.sd) == (pytest.approx(25 / 60), None)


def test_gaps_of_another_metric(answers, faces):
    """The mean recall falls from 1 to (10/30 + 25/27 + 0) / 3; a mistyped metric is refused."""
    base, _ = row_gaps(answers, faces, metric="balanced_accuracy")
    expected = 1 - (10 / 30 + 25 / 27 + 0) / 3
    assert base.gap.value == base.spread.mean == pytest.approx(expected)
    with pytest.raises(UnknownName, match="metric 'recall'"):
        row_gaps(answers, faces, metric="recall")


def test_another_base(answers, faces):
    """Normal training closes none of the gap of occluded training but adds to it.

    Occluded training loses recall 5/30 of one class, normal training 20/30, 2/27 and 1.
    """
    other, base = row_gaps(answers, faces, base="occluded", metric="balanced_accuracy")
    assert base.recovery is None
    expected = (5 / 30 - (20 / 30 + 2 / 27 + 1)) / (5 / 30)
    assert other.recovery.share.value == pytest.approx(expected)
    other, base = row_gaps(answers, faces, base="occluded")
    assert (base.recovery, other.recovery.share) == (None, None)
    assert other.recovery.reason.startswith("Occluded training's gap is not shown after Holm's")
    assert [row.recovery for row in row_gaps(answers, faces, base="mixed-unique")] == [None, None]


def test_classes(answers, faces):
    """Recalls before and after, faces, and what is lost, in class order."""
    found = class_table(answers, faces, "normal")
    assert [(one.name, one.faces) for one in found] == [("angry", 30), ("happy", 27), ("sad", 3)]
    assert [one.normal for one in found] == [1, 1, 1]
    assert [one.occluded for one in found] == pytest.approx([10 / 30, 25 / 27, 0])
    assert [one.tested.difference.value for one in found] == pytest.approx([2 / 3, 2 / 27, 1])
    assert [one.tested.by_seed for one in found] == [
        (mcnemar(20, 0),),
        (mcnemar(2, 0),),
        (mcnemar(3, 0),),
    ]
    raw = [2 * 0.5**20, 2 * 0.5**2, 2 * 0.5**3]
    assert [one.tested.adjusted for one in found] == pytest.approx([3 * raw[0], 0.5, 0.5])


def test_three_faces_show_nothing(answers, faces):
    """Their interval has no width, since all do alike, but the test knows that they are three."""
    sad = class_table(answers, faces, "normal")[2].tested
    assert (sad.difference.low, sad.difference.high) == (1, 1)
    assert sad.verdict == "not shown after Holm's correction (p 0.500)"
    assert class_table(answers, faces, "normal")[0].tested.verdict == "66.7 points more"


def test_a_gap_that_its_test_does_not_show_recovers_nothing():
    """Five of 60 faces: the interval leaves zero out, p is 2 / 2^5 before any correction."""
    lost = np.arange(N) >= 5
    cells = {
        ("normal", "normal", 0): right_of(LABELS, np.ones(N, bool)),
        ("normal", "occluded", 0): right_of(LABELS, lost),
        ("occluded", "normal", 0): right_of(LABELS, np.ones(N, bool)),
        ("occluded", "occluded", 0): right_of(LABELS, np.ones(N, bool)),
    }
    found = make_answers(LABELS, cells)
    drawn = found.resample()
    base, other = row_gaps(found, drawn)
    assert base.gap.low > 0
    assert other.recovery.share is None
    assert other.recovery.reason == "Normal training's gap is not shown after Holm's correction."
    # Balanced accuracy has no test, so its interval decides.
    assert row_gaps(found, drawn, metric="balanced_accuracy")[1].recovery.share is not None


def test_a_class_without_a_face_is_left_out():
    """It can lose nothing."""
    found = make_answers(
        [0, 0, 2, 2],
        {("normal", "normal", 0): [0, 0, 2, 2], ("normal", "occluded", 0): [1, 0, 2, 0]},
    )
    table = class_table(found, found.resample(), "normal")
    assert [one.name for one in table] == ["angry", "sad"]
    assert [one.tested.difference.value for one in table] == [0.5, 0.5]


def test_seeds_that_agree_give_the_numbers_of_one(answers, faces):
    """Two equal runs: same gaps, same classes, no deviation."""
    twice = answers_with(seeds=2)
    drawn = twice.resample()
    for one, two in zip(row_gaps(answers, faces), row_gaps(twice, drawn), strict=True):
        assert (two.gap, two.recovery) == (one.gap, one.recovery)
        assert (two.spread.seeds, two.spread.sd) == (2, 0)
    for one, two in zip(
        class_table(answers, faces, "normal"), class_table(twice, drawn, "normal"), strict=True
    ):
        assert two.tested.difference == one.tested.difference
        assert two.tested.by_seed == one.tested.by_seed * 2
        assert two.tested.p == pytest.approx(one.tested.p)


def test_a_matrix_without_covered_faces_has_no_gap():
    """The column that is missing is named."""
    found = make_answers([0, 1], {("normal", "normal", 0): [0, 1]})
    for table in (
        lambda: row_gaps(found, found.resample()),
        lambda: class_table(found, found.resample(), "normal"),
    ):
        with pytest.raises(MissingCells, match="no train normal, test occluded"):
            table()
