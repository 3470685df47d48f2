"""Calibration, risk-coverage and collapse: cases by hand, closed forms and definitions."""

from __future__ import annotations

from itertools import chain, combinations, permutations
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.errors import DataError
from occbench.matrix.calibration import collapse, dead_classes, reliability, risk_coverage

# Report 004 (FER2013, 15 % test, rage to neutral), run R2: disgust is never predicted.
REPORT_004_R2 = np.array(
    [
        [303, 0, 65, 100, 123, 22, 130],
        [28, 0, 11, 15, 18, 5, 5],
        [71, 0, 185, 83, 194, 97, 138],
        [27, 0, 23, 1120, 92, 16, 70],
        [71, 0, 73, 84, 461, 19, 203],
        [16, 0, 49, 54, 13, 424, 45],
        [45, 0, 37, 100, 173, 17, 558],
    ]
)
# Whether a face is right, and its confidence, above 1/2 so that the class is clear.
ANSWERS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.51, 0.6, 0.7, 0.8, 0.93, 1.0])),
    min_size=1,
    max_size=30,
)


def binary(right, confidence):
    """Labels (N,) and scores (N, 2) of answers that name class 0 with that confidence."""
    sure = np.array(confidence, float)
    return np.where(right, 0, 1), np.stack([sure, 1 - sure], axis=1)


def test_calibration_by_hand():
    """Four faces in three of ten bins: 2/4 x 0.45 + 1/4 x 0.45 + 1/4 x 0.65 = 0.5."""
    found = reliability(*binary([1, 0, 1, 0], [0.95, 0.95, 0.55, 0.65]), bins=10)
    assert found.error == pytest.approx(0.5)
    assert found.faces.tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0, 2]
    assert found.confidence[[5, 6, 9]] == pytest.approx([0.55, 0.65, 0.95])
    assert found.accuracy[[5, 6, 9]] == pytest.approx([1, 0, 0.5])
    assert np.isnan(found.accuracy).tolist() == [n == 0 for n in found.faces]
    assert found.overconfidence == pytest.approx(3.1 / 4 - 1 / 2)
    assert found.edges == pytest.approx(np.arange(11) / 10)


def test_an_edge_belongs_to_the_bin_below():
    """Guo et al. 2017 close a bin above: 1/2 is in the lower of two, 1 in the upper."""
    labels, scores = binary([1, 1, 1], [0.5, 0.5001, 1.0])
    assert reliability(labels, scores, bins=2).faces.tolist() == [1, 2]
    assert reliability([0], [[0.0, 0.0]], bins=3).faces.tolist() == [1, 0, 0]


@given(answers=ANSWERS, bins=st.integers(1, 20))
def test_calibration_is_its_definition(answers, bins):
    """The sum over bins of |faces right - confidence in sum| / n, collected face by face."""
    right, confidence = zip(*answers, strict=True)
    expected = 0.0
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [(hit, sure) for hit, sure in answers if low < sure <= high]
        expected += abs(sum(hit - sure for hit, sure in inside)) / len(answers)
    found = reliability(*binary(right, confidence), bins=bins)
    assert found.error == pytest.approx(expected, abs=1e-9)
    assert found.error >= abs(found.overconfidence) - 1e-12


def test_calibration_of_confident_answers():
    """Whoever is always certain errs by the share of wrong answers; fifteen bins by default."""
    found = reliability(*binary([1, 1, 1, 0], [1.0] * 4))
    assert found.error == found.overconfidence == pytest.approx(1 / 4)
    assert found.faces.tolist() == [0] * 14 + [4]


def test_logits_have_no_calibration_but_a_curve():
    """Scores beyond 0..1 are refused with their range; rounding of half precision is not."""
    scores = [[4.25, -1.0], [-3.0, 2.5]]
    with pytest.raises(DataError, match=r"from 2\.5 to 4\.25.*Apply a softmax"):
        reliability([0, 1], scores)
    assert risk_coverage([0, 1], scores).area == 0
    assert reliability([0], [[1.0005, 0.0]]).error == 0


@pytest.mark.parametrize("function", [reliability, risk_coverage])
def test_refused_scores(function):
    """No face, other lengths, and what is no number."""
    with pytest.raises(ValueError, match=r"scores \(0, 2\)"):
        function([], np.zeros((0, 2)))
    with pytest.raises(ValueError, match=r"labels \(2,\), scores \(1, 2\)"):
        function([0, 1], [[0.5, 0.5]])
    with pytest.raises(DataError, match="NaN or infinity"):
        function([0], [[float("nan"), 0.5]])


def test_refused_bins():
    """There is one at least."""
    with pytest.raises(ValueError, match="Received: bins=0"):
        reliability([0], [[0.5, 0.5]], bins=0)


def test_a_curve_by_hand():
    """Right, wrong, right in falling confidence: 0, 1/2 and 1/3 of the answers are wrong."""
    found = risk_coverage(*binary([1, 1, 0], [0.9, 0.6, 0.8]))
    assert found.coverage == pytest.approx([1 / 3, 2 / 3, 1])
    assert found.risk == pytest.approx([0, 1 / 2, 1 / 3])
    assert found.area == pytest.approx(5 / 18)
    assert found.least == pytest.approx(1 / 9)


def test_equal_confidence_tells_nothing():
    """Without an order the risk is the share of wrong answers at every coverage."""
    found = risk_coverage(*binary([1, 0, 1, 1, 0], [0.75] * 5))
    assert found.risk == pytest.approx([2 / 5] * 5)
    assert found.area == pytest.approx(2 / 5)


def test_perfect_and_worst_order():
    """Wrong ones last: sum of i / (n - e + i) over n. Wrong ones first: e + sum of e / j."""
    n, wrong = 12, 5
    sure = np.linspace(0.95, 0.55, n)
    best = risk_coverage(*binary(np.arange(n) < n - wrong, sure))
    worst = risk_coverage(*binary(np.arange(n) >= wrong, sure))
    assert best.area == pytest.approx(sum(i / (n - wrong + i) for i in range(1, wrong + 1)) / n)
    assert best.area == best.least == worst.least
    assert worst.area == pytest.approx(
        (wrong + sum(wrong / j for j in range(wrong + 1, n + 1))) / n
    )


def test_the_least_area_of_many_faces():
    """It tends to r + (1 - r) ln(1 - r) (Geifman, Uziel and El-Yaniv 2019)."""
    found = risk_coverage(*binary(np.arange(20_000) < 14_000, np.linspace(0.99, 0.51, 20_000)))
    assert found.least == pytest.approx(0.3 + 0.7 * log(0.7), abs=1e-4)


def test_ties_are_the_mean_of_all_orders():
    """Five faces, three of one confidence: the curve is the mean over their 3! orders."""
    right, sure = np.array([1, 0, 1, 0, 0]), np.array([0.9, 0.7, 0.7, 0.7, 0.6])
    curves = [
        np.cumsum(1 - right[[0, *order, 4]]) / np.arange(1, 6) for order in permutations((1, 2, 3))
    ]
    found = risk_coverage(*binary(right, sure))
    assert found.risk == pytest.approx(np.mean(curves, axis=0))


@given(answers=ANSWERS, order=st.randoms())
def test_the_order_of_faces_changes_no_curve(answers, order):
    """It goes by confidence alone, and no order beats the least area."""
    mixed = list(answers)
    order.shuffle(mixed)
    one, other = (risk_coverage(*binary(*zip(*each, strict=True))) for each in (answers, mixed))
    assert one.risk == pytest.approx(other.risk)
    assert one.least <= one.area + 1e-12
    assert one.risk[-1] == pytest.approx(sum(not hit for hit, _ in answers) / len(answers))


@given(counts=st.lists(st.integers(0, 9), min_size=16, max_size=16).filter(any))
def test_collapse_is_the_largest_difference_of_any_set_of_classes(counts):
    """Total variation by its definition: the set on which the two shares differ most."""
    matrix = np.array(counts).reshape(4, 4)
    truth, said = (matrix.sum(axis=axis) / matrix.sum() for axis in (1, 0))
    sets = chain.from_iterable(combinations(range(4), size) for size in range(5))
    largest = max(abs(sum(truth[i] - said[i] for i in some)) for some in map(list, sets))
    assert collapse(matrix) == pytest.approx(largest, abs=1e-12)


def test_collapse_of_one_answer():
    """All of 8 equal classes taken for one gives 7/8; all right gives 0."""
    constant = np.zeros((8, 8), int)
    constant[:, 1] = 500
    assert collapse(constant) == 7 / 8
    assert dead_classes(constant) == (0, 2, 3, 4, 5, 6, 7)
    assert collapse(np.diag([5, 1, 3])) == 0


def test_collapse_needs_faces():
    """Nothing has no shares."""
    with pytest.raises(ValueError, match="empty confusion matrix"):
        collapse(np.zeros((3, 3), int))


def test_the_dead_class_of_report_004():
    """Run R2 never answers disgust; a class without faces would not count as dead."""
    assert dead_classes(REPORT_004_R2) == (1,)
    assert dead_classes(np.array([[3, 0], [0, 0]])) == ()
