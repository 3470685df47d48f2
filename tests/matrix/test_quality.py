"""What the scores of each cell are worth, as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from occbench.matrix.answers import Place
from occbench.matrix.quality import qualities
from tests.answers import make_answers

# Confidence is 0.8 throughout. Six faces: five right, and then only "happy" is ever answered.
ANSWERS = make_answers(
    [0, 0, 1, 1, 2, 2],
    {
        ("normal", "normal", 0): [0, 0, 1, 1, 2, 1],
        ("normal", "occluded", 0): [1, 1, 1, 1, 1, 1],
    },
)


def test_a_cell_by_hand():
    """5 of 6 right at confidence 0.8: error 1/30, risk 1/6 at any coverage, one answer moved."""
    found = qualities(ANSWERS)[0]
    assert found.place == Place("normal", "normal", 0)
    assert found.reliability.error == pytest.approx(5 / 6 - 0.8)
    assert found.reliability.overconfidence == pytest.approx(0.8 - 5 / 6)
    assert found.risk_coverage.area == pytest.approx(1 / 6)
    assert (found.collapse, found.dead, found.reason) == (pytest.approx(1 / 6), (), "")


def test_a_cell_that_answers_one_class():
    """2 of 6 right, two thirds of the answers would have to change, two classes are dead."""
    found = qualities(ANSWERS)[1]
    assert found.reliability.error == pytest.approx(0.8 - 1 / 3)
    assert found.collapse == pytest.approx(2 / 3)
    assert found.dead == ("angry", "sad")


def test_logits_keep_the_rest():
    """Without calibration, but with the reason, the curve and the classes."""
    found = qualities(replace(ANSWERS, scores=ANSWERS.scores * 10))
    assert [one.reliability for one in found] == [None, None]
    assert "Apply a softmax" in found[0].reason
    assert found[0].risk_coverage.area == pytest.approx(1 / 6)
    assert found[1].dead == ("angry", "sad")
