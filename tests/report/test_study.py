"""The statistics of a report: differences from both sides, and their tables."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from occbench.report.class_gap_plot import class_gaps
from occbench.report.lost_faces import most_lost
from occbench.report.recall import recall_changes
from occbench.report.study import study_of
from occbench.report.study_tables import seed_table, study_tables
from tests.answers import make_answers, right_of
from tests.report.made_facts import make_facts, make_matrix

LABELS = [0] * 40 + [1] * 40
CLASSES = ("angry", "happy")


def half(first: int, second: int) -> list[int]:
    """Answers that are right on so many of the first and of the second 40 faces."""
    right = [number < first for number in range(40)] + [number < second for number in range(40)]
    return right_of(LABELS, right, 2)


ANSWERS = make_answers(
    LABELS,
    {
        ("normal", "normal", 0): half(40, 32),
        ("normal", "occluded", 0): half(10, 30),
        ("occluded", "normal", 0): half(30, 32),
        ("occluded", "occluded", 0): half(25, 30),
    },
    classes=CLASSES,
)


@pytest.fixture(scope="module")
def study():
    """Of two trainings on two tests of 80 faces."""
    return study_of(ANSWERS)


def rows(study, kind):
    """The CSV file of a table."""
    return list(csv.DictReader(io.StringIO(study_tables(study, "best")[kind].numbers)))


def test_a_difference_is_the_same_from_both_sides(study):
    """72 against 40 right faces of 80; whose right faces contain the others'."""
    normal, occluded = ("normal", "normal"), ("normal", "occluded")
    one, other = study.difference(normal, occluded), study.difference(occluded, normal)
    assert one.difference.value == pytest.approx(32 / 80)
    assert other.difference.value == pytest.approx(-32 / 80)
    assert (one.difference.low, one.difference.high) == (
        -other.difference.high,
        -other.difference.low,
    )
    assert [(test.only_first, test.only_second) for test in one.by_seed] == [(32, 0)]
    assert [(test.only_first, test.only_second) for test in other.by_seed] == [(0, 32)]
    assert (one.verdict, other.verdict) == ("40.0 points more", "40.0 points less")
    assert study.difference(normal, ("mixed-unique", "normal")) is None


def test_gaps_and_recovery(study):
    """Normal training loses 32 of 80 faces, the other 7; 15 of the 32 come back."""
    normal, occluded = rows(study, "gaps")
    assert float(normal["gap"]) == pytest.approx(32 / 80)
    assert normal["recovery"] == ""
    assert float(occluded["gap"]) == pytest.approx(7 / 80)
    assert float(occluded["recovery"]) == pytest.approx(15 / 32)
    assert float(occluded["recovery_low"]) < 15 / 32 < float(occluded["recovery_high"])


def test_the_classes_of_a_row(study):
    """Angry loses 30 of 40 faces, which 40 faces show; happy 2 of 40, which they do not."""
    angry, happy = rows(study, "class-gaps")[:2]
    assert float(angry["gap"]) == pytest.approx(30 / 40)
    # 30 faces on one side: 2 / 2^30, twice that by Holm.
    assert float(angry["p_adjusted"]) == pytest.approx(2 * 2 / 2**30)
    assert angry["verdict"] == "75.0 points more"
    assert float(happy["p"]) == pytest.approx(0.5)
    assert happy["verdict"] == "no difference shown"
    assert study.shown_classes("normal") == {"angry"}
    assert study.shown_classes("mixed-unique") == frozenset()


def test_lines_that_name_gains_say_which_epoch(study):
    """A line that is copied elsewhere still tells that the test may have chosen its epoch."""
    made = study_tables(study, "test-selected-7")
    for kind, lines in (("gaps", 2), ("class-gaps", 4), ("comparisons", 4)):
        found = list(csv.DictReader(io.StringIO(made[kind].numbers)))
        assert [row["selection"] for row in found] == ["test-selected-7"] * lines


def test_comparisons_name_what_two_places_share(study):
    """Two of rows on a column, two of columns of a row."""
    table = study_tables(study, "best")["comparisons"]
    assert [row[:3] for row in table.text.rows] == [
        ["tested on normal", "trained on normal", "trained on occluded"],
        ["tested on occluded", "trained on normal", "trained on occluded"],
        ["trained on normal", "tested on normal", "tested on occluded"],
        ["trained on occluded", "tested on normal", "tested on occluded"],
    ]
    assert [row[4] for row in table.text.rows] == ["10 / 0", "0 / 15", "32 / 0", "7 / 0"]
    # The largest of four p-values, 2 / 2^7, stays as it is.
    assert [float(row["p"]) for row in rows(study, "comparisons")] == pytest.approx(
        [2 / 2**10, 2 / 2**15, 2 / 2**32, 2 / 2**7]
    )
    assert float(rows(study, "comparisons")[3]["p_adjusted"]) == pytest.approx(2 / 2**7)


def test_what_scores_are_worth(study):
    """Every answer is 80 % sure: the error is the distance of 0.8 from the accuracy."""
    found = rows(study, "scores-worth")
    assert [float(row["calibration_error"]) for row in found] == pytest.approx(
        [abs(0.8 - right / 80) for right in (72, 40, 62, 55)], abs=1e-6
    )
    # 40 and 8 faces change their class: 30 of angry go to happy, 10 of happy to angry.
    assert float(found[1]["collapse"]) == pytest.approx(20 / 80)
    assert [row["dead_classes"] for row in found] == [""] * 4
    (bin_,) = [row for row in rows(study, "reliability") if row["test"] == "occluded"][:1]
    assert (bin_["faces"], float(bin_["accuracy"])) == ("80", 0.5)
    risks = [row for row in rows(study, "risk-coverage") if row["train"] == "normal"]
    assert float(risks[9]["risk"]) == pytest.approx(8 / 80)


def test_scores_that_are_no_numbers_leave_the_rest():
    """The sentence says why; comparisons stay."""
    broken = replace(ANSWERS, scores=ANSWERS.scores.copy())
    broken.scores[0, 0, 1] = np.nan
    found = study_of(broken)
    assert "NaN" in found.remark
    assert found.qualities == ()
    assert "scores-worth" not in study_tables(found, "best")
    assert len(found.comparisons.comparisons) == 4


def test_without_the_occluded_test_there_is_no_gap():
    """Rows are still compared."""
    answers = make_answers(
        LABELS,
        {("normal", "normal", 0): half(40, 32), ("occluded", "normal", 0): half(30, 32)},
        classes=CLASSES,
    )
    found = study_of(answers)
    assert (found.gaps, found.classes) == ((), {})
    assert found.gap_of("normal") is None
    assert found.difference(("normal", "normal"), ("occluded", "normal")).verdict == (
        "12.5 points more"
    )
    assert class_gaps(found) is None
    assert most_lost(answers) == ()


def test_the_faces_most_often_lost():
    """Angry 25 to 29 and happy 30 and 31 are lost by both runs, angry 10 to 24 by one."""
    found = most_lost(ANSWERS, most=8)
    both = [25, 26, 27, 28, 29, 70, 71]
    assert [face.id for face in found] == [f"f{number:05}" for number in [*both, 10]]
    assert [face.lost for face in found] == [2] * 7 + [1]
    assert {face.runs for face in found} == {2}
    assert (found[0].truth, found[0].taken_for) == ("angry", "happy")
    assert (found[6].truth, found[6].taken_for) == ("happy", "angry")


def test_a_face_that_nobody_loses_is_not_named():
    """30 angry and 2 happy faces are lost by some run; more were asked for."""
    assert len(most_lost(ANSWERS, most=80)) == 32


def test_bold_classes_are_those_that_are_shown(study):
    """The recall of the confusion matrices with the words of the study."""
    confusions = {
        ("normal", "normal", 0, "best"): np.array([[40, 0], [8, 32]]),
        ("normal", "occluded", 0, "best"): np.array([[10, 30], [10, 30]]),
    }
    facts = make_facts(classes=CLASSES, confusions=confusions, studies={"best": study})
    angry, happy = recall_changes(facts, "normal", selection="best")
    assert (angry.lost, angry.shown) == (pytest.approx(0.75), True)
    assert (happy.lost, happy.shown) == (pytest.approx(0.05), False)
    unpaired = replace(facts, studies={})
    assert not any(one.shown for one in recall_changes(unpaired, "normal", selection="best"))


def test_the_spread_over_seeds():
    """58.5, 59.0 and 59.5 %: mean 59.0, sample deviation 0.5, range 58.5 to 59.5."""
    table = seed_table(make_matrix({("normal", "normal"): [2340, 2360, 2380]}, n=4000), "best")
    assert table.text.rows[0] == [
        "normal",
        "normal",
        "accuracy",
        "3",
        "59.0",
        "0.5",
        "58.5",
        "59.5",
    ]
    assert [row[2] for row in table.text.rows] == ["accuracy", "balanced accuracy", "macro F1"]
    assert seed_table(make_matrix({("normal", "normal"): [2340]}), "best").text.rows == []


def test_every_class_has_a_tip(study):
    """What it says when pointed at: recall, gap, p and faces."""
    figure, tips = class_gaps(study)
    assert len(tips) == 4
    assert tips[0].startswith("normal, angry: 100.0 to 25.0 %, +75.0 (")
    assert tips[0].endswith("p < 0.001, 40 faces")
    lost = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert lost == ["angry", "happy"]
