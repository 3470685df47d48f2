"""Metrics of confusion matrices: published figures, cases by hand and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.matrix.metrics import (
    accuracy,
    balanced_accuracy,
    confusion,
    macro_f1,
    per_class,
    recalls,
    weighted,
)

# Report 002 (FER2013, public and private test, angry to neutral), final network.
REPORT_002 = np.array(
    [
        [581, 11, 99, 38, 133, 13, 83],
        [22, 69, 9, 1, 5, 1, 4],
        [111, 2, 554, 26, 157, 74, 100],
        [29, 1, 37, 1545, 37, 32, 93],
        [123, 3, 164, 42, 705, 18, 192],
        [22, 1, 69, 30, 19, 666, 24],
        [58, 0, 85, 74, 197, 14, 805],
    ]
)
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
# Four classes of which the last never occurs: 3 + 2 + 1 faces.
SMALL = confusion([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 0], 4)

FACES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=80)


def test_rows_are_the_truth():
    """Row i, column j counts the faces of class i taken for class j, as int64."""
    expected = [[2, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert SMALL.tolist() == expected
    assert SMALL.dtype == np.int64
    large = confusion(np.full(300, 1, np.uint8), np.full(300, 0, np.uint8), 2)
    assert large.tolist() == [[0, 0], [300, 0]]


def test_no_faces_give_an_empty_matrix():
    """Its recalls are undefined, and every average refuses it."""
    none = confusion(np.zeros(0, int), np.zeros(0, int), 3)
    assert none.tolist() == [[0] * 3] * 3
    assert np.isnan(recalls(none)).all()
    for metric in (accuracy, balanced_accuracy, macro_f1, weighted):
        with pytest.raises(ValueError, match="at least one face"):
            metric(none)


@pytest.mark.parametrize(
    ("labels", "predicted", "received"),
    [
        ([0, 1], [0], r"labels \(2,\), predicted \(1,\)"),
        ([[0], [1]], [[0], [1]], r"labels \(2, 1\)"),
        ([0, 1], [0.0, 1.0], "predicted of float64"),
        ([True, False], [0, 1], "labels of bool"),
        ([0, 3], [0, 1], "labels from 0 to 3"),
        ([0, 1], [-1, 1], "predicted from -1 to 1"),
    ],
)
def test_refused_classes(labels, predicted, received):
    """Other lengths, scores in place of classes and unknown classes are refused."""
    with pytest.raises(ValueError, match=f"Received: {received}"):
        confusion(labels, predicted, 3)


def test_a_small_case_by_hand():
    """Recalls 2/3, 1/2, 0; precisions 2/4, 1/2; F1 4/7, 1/2, 0; the absent class is NaN."""
    nan = float("nan")
    scores = per_class(SMALL)
    assert accuracy(SMALL) == 3 / 6
    assert recalls(SMALL) == pytest.approx([2 / 3, 1 / 2, 0, nan], nan_ok=True)
    assert scores.recall == pytest.approx([2 / 3, 1 / 2, 0, nan], nan_ok=True)
    assert scores.precision == pytest.approx([1 / 2, 1 / 2, nan, nan], nan_ok=True)
    assert scores.f1 == pytest.approx([4 / 7, 1 / 2, 0, nan], nan_ok=True)
    assert scores.support.tolist() == [3, 2, 1, 0]
    assert balanced_accuracy(SMALL) == pytest.approx(7 / 18)
    assert macro_f1(SMALL) == pytest.approx((4 / 7 + 1 / 2) / 3)
    assert weighted(SMALL) == pytest.approx((5 / 12, 1 / 2, (12 / 7 + 1) / 6))


def test_a_class_that_is_only_predicted():
    """It has no recall and stays out of balanced accuracy, but pulls macro F1 down with 0."""
    counts = confusion([0, 0, 0, 0], [0, 0, 0, 1], 2)
    assert recalls(counts) == pytest.approx([3 / 4, float("nan")], nan_ok=True)
    assert balanced_accuracy(counts) == 3 / 4
    assert macro_f1(counts) == pytest.approx((6 / 7 + 0) / 2)
    assert weighted(counts) == pytest.approx((1, 3 / 4, 6 / 7))


def test_report_002():
    """Precision, recall, F1 and their weighted means are those the report prints."""
    scores = per_class(REPORT_002)
    assert scores.precision == pytest.approx(
        [0.6141649, 0.79310345, 0.54473943, 0.87984055, 0.56264964, 0.81418093, 0.6187548],
        abs=6e-9,
    )
    assert scores.recall == pytest.approx(
        [0.60647182, 0.62162162, 0.54101562, 0.87091319, 0.56535686, 0.80144404, 0.65287916],
        abs=6e-9,
    )
    assert scores.f1 == pytest.approx(
        [0.61029412, 0.6969697, 0.54287114, 0.87535411, 0.564, 0.80776228, 0.63535912], abs=6e-9
    )
    assert weighted(REPORT_002) == pytest.approx((0.6877, 0.6861, 0.6866), abs=5.1e-5)
    assert accuracy(REPORT_002) == pytest.approx(0.6861, abs=5.1e-5)
    # FER2013's test counts per class (Goodfellow et al. 2013).
    assert scores.support.tolist() == [958, 111, 1024, 1774, 1247, 831, 1233]


def test_report_004():
    """Class accuracies and their mean are those of run R2, with a class it never predicts."""
    assert recalls(REPORT_004_R2) == pytest.approx(
        [0.407806, 0.0, 0.240885, 0.830861, 0.506037, 0.705491, 0.6], abs=5.1e-7
    )
    assert accuracy(REPORT_004_R2) == pytest.approx(0.56678, abs=5.1e-6)
    assert balanced_accuracy(REPORT_004_R2) == pytest.approx(0.47015, abs=5.1e-6)
    scores = per_class(REPORT_004_R2)
    assert np.isnan(scores.precision).tolist() == [False, True] + [False] * 5
    assert scores.f1[1] == 0


@given(faces=FACES, order=st.permutations(range(5)))
def test_the_order_of_classes_changes_no_average(faces, order):
    """Renumbered classes have the same accuracy, balanced accuracy and macro F1."""
    labels, predicted = np.array(faces).T
    renumbered = np.array(order)
    one = confusion(labels, predicted, 5)
    other = confusion(renumbered[labels], renumbered[predicted], 5)
    assert accuracy(other) == accuracy(one)
    for metric in (balanced_accuracy, macro_f1):
        assert metric(other) == pytest.approx(metric(one), abs=1e-12)


@given(faces=FACES)
def test_metrics_face_by_face(faces):
    """Counting over the faces without a matrix gives the same numbers."""
    labels, predicted = zip(*faces, strict=True)
    counts = confusion(labels, predicted, 5)
    right = sum(truth == guess for truth, guess in faces)
    recall, f1 = [], []
    for name in range(5):
        hit = faces.count((name, name))
        if name in labels:
            recall.append(hit / labels.count(name))
        if name in labels + predicted:
            wrong = sum((truth == name) != (guess == name) for truth, guess in faces)
            f1.append(2 * hit / (2 * hit + wrong))
    assert accuracy(counts) == right / len(faces)
    assert balanced_accuracy(counts) == pytest.approx(sum(recall) / len(recall))
    assert macro_f1(counts) == pytest.approx(sum(f1) / len(f1))
    assert weighted(counts)[1] == pytest.approx(right / len(faces))


@given(faces=FACES)
def test_metrics_are_those_of_scikit_learn(faces):
    """Its functions, told that undefined means 0, agree on every metric."""
    sklearn = pytest.importorskip("sklearn.metrics")
    labels, predicted = zip(*faces, strict=True)
    counts = confusion(labels, predicted, 5)
    assert counts.tolist() == sklearn.confusion_matrix(labels, predicted, labels=range(5)).tolist()
    assert macro_f1(counts) == pytest.approx(
        sklearn.f1_score(labels, predicted, average="macro", zero_division=0)
    )
    theirs = sklearn.precision_recall_fscore_support(
        labels, predicted, average="weighted", zero_division=0
    )
    assert weighted(counts) == pytest.approx(theirs[:3])


def test_equal_classes_make_balanced_accuracy_accuracy():
    """With as many faces in each class both are one number, here 5 of 8."""
    counts = confusion([0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 0, 0, 0], 2)
    assert accuracy(counts) == balanced_accuracy(counts) == 5 / 8
