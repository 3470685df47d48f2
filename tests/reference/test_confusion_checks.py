"""Metrics recomputed from printed confusion matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from occbench.errors import DataError, UnknownName
from occbench.reference.check_files import check_file, check_report
from occbench.reference.confusion_checks import recompute
from occbench.reference.confusion_table import ConfusionTable

# Truth in rows: of 4 faces of a 3 are right, of 6 of b 2, and c is never said.
MATRIX = "truth,a,b,c\na,3,1,0\nb,4,2,0\nc,0,2,0\n"
EXACT = {
    ("accuracy", ""): 5 / 12,
    ("mean_class_accuracy", ""): (3 / 4 + 2 / 6 + 0) / 3,
    ("macro_precision", ""): (3 / 7 + 2 / 5 + 0) / 3,
    ("macro_f1", ""): (6 / 11 + 4 / 11 + 0) / 3,
    ("weighted_precision", ""): (4 * 3 / 7 + 6 * 2 / 5) / 12,
    ("weighted_recall", ""): 5 / 12,
    ("weighted_f1", ""): (4 * 6 / 11 + 6 * 4 / 11) / 12,
    ("precision", "a"): 3 / 7,
    ("precision", "b"): 2 / 5,
    ("recall", "a"): 3 / 4,
    ("recall", "b"): 1 / 3,
    ("recall", "c"): 0.0,
    ("f1", "a"): 6 / 11,
    ("f1", "b"): 4 / 11,
    ("f1", "c"): 0.0,
    ("correct", "a"): 3.0,
    ("wrong", "a"): 1.0,
    ("support", "b"): 6.0,
    ("wrong", "c"): 2.0,
}


@pytest.fixture
def check(tmp_path):
    """Checks a matrix and, if given, lines of metrics."""

    def made(matrix, *metrics, head="metric,class,value"):
        path, printed = tmp_path / "matrix.csv", tmp_path / "metrics.csv"
        path.write_text(matrix, encoding="utf-8")
        printed.write_text("\n".join([head, *metrics]) + "\n", encoding="utf-8")
        return check_file(path, printed if metrics else None)

    return made


@pytest.mark.parametrize(("report", "matrices", "metrics"), [(2, 3, 25), (4, 6, 23)])
def test_every_printed_metric_is_recomputed(report, matrices, metrics):
    """Of the matrices of reports 002 and 004 each metric is that of the matrix, digit by digit."""
    outcomes = check_report(f"report-{report:03}")
    assert [len(each.checks) for each in outcomes] == [metrics] * matrices
    for outcome in outcomes:
        assert outcome.findings == ()
        assert all(each.passed for each in outcome.checks)
        for each in outcome.checks:
            assert abs(each.printed - each.recomputed) <= each.tolerance + 1e-12


@pytest.mark.parametrize(
    ("name", "accuracy", "mean", "dead"),
    [
        ("report-004, R1", 3279 / 5383, 0.57944, ()),
        ("report-004, R2", 3051 / 5383, 0.47015, ("Never predicted: disgust.",)),
    ],
)
def test_report_004(name, accuracy, mean, dead):
    """Right faces counted by hand from the report's classes; R2 never says disgust."""
    (outcome,) = [each for each in check_report("report-004") if each.name == name]
    found = {(metric, label): value for metric, label, value in outcome.metrics}
    assert found["accuracy", ""] == pytest.approx(accuracy)
    assert found["mean_class_accuracy", ""] == pytest.approx(mean, abs=5e-6)
    assert outcome.remarks == dead


def test_metrics_by_hand(check):
    """Fractions of the counts, precision of a class that is never said counted as 0 in means."""
    outcome = check(MATRIX)
    found = {(metric, label): value for metric, label, value in outcome.metrics}
    assert {key: found[key] for key in EXACT} == pytest.approx(EXACT)
    assert np.isnan(found["precision", "c"])
    assert len(found) == 7 + 6 * 3
    assert outcome.remarks[0] == "Never predicted: c."
    assert "none was compared" in outcome.remarks[1]
    assert outcome.details[0] == ("class", "precision", "recall", "F1", "faces")
    assert outcome.details[3] == ("c", "-", "0.00000", "0.00000", "2")


@pytest.mark.parametrize("key", list(EXACT))
def test_a_metric_is_compared_to_its_last_digit(check, key):
    """Rounded it agrees; one unit of the last digit off it does not."""
    metric, label = key
    digits = 0 if metric in ("correct", "wrong", "support") else 4
    right = f"{EXACT[key]:.{digits}f}"
    off = f"{EXACT[key] + 10.0**-digits:.{digits}f}"
    assert check(MATRIX, f"{metric},{label},{right}").findings == ()
    (finding,) = check(MATRIX, f"{metric},{label},{off}").findings
    assert f"printed is {off}." in finding
    assert metric in finding


def test_percent_and_undefined_values(check):
    """A percent sign is understood, and 0 stands for a precision that is not defined."""
    printed = ("accuracy,,41.7%", "precision,c,0.0", "recall,b,33.33 %")
    assert check(MATRIX, *printed).findings == ()
    assert len(check(MATRIX, "precision,c,0.5", "accuracy,,41.6%").findings) == 2


@given(counts=arrays(np.int64, (4, 4), elements=st.integers(0, 50)), seed=st.integers(0, 2**16))
def test_the_order_of_classes_does_not_matter(counts, seed):
    """Rows and columns put in another order give each class and all faces the same metrics."""
    counts[0, 0] += 1
    names = np.array(["a", "b", "c", "d"])
    order = np.random.default_rng(seed).permutation(4)
    first = recompute(ConfusionTable("x", tuple(names), counts))
    other = recompute(ConfusionTable("x", tuple(names[order]), counts[np.ix_(order, order)]))
    assert other == pytest.approx(first, nan_ok=True)


def test_metrics_are_those_of_scikit_learn():
    """Where scikit-learn is at hand, with precision 0 for a class that is never predicted."""
    sklearn = pytest.importorskip("sklearn.metrics")
    counts = np.array([[3, 1, 0], [4, 2, 0], [0, 2, 0]])
    truth, said = np.nonzero(counts)
    repeats = counts[truth, said]
    labels, guesses = np.repeat(truth, repeats), np.repeat(said, repeats)
    found = recompute(ConfusionTable("x", ("a", "b", "c"), counts))
    for average in ("macro", "weighted"):
        precision, _, f1, _ = sklearn.precision_recall_fscore_support(
            labels, guesses, average=average, zero_division=0
        )
        assert found[f"{average}_precision", ""] == pytest.approx(precision)
        assert found[f"{average}_f1", ""] == pytest.approx(f1)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ("truth,a,b\na,1,0\n", "the rows are a; expected those of the header in its order, a, b"),
        ("truth,a,b\nb,1,0\na,0,1\n", "the rows are b, a; expected"),
        ("truth,a,b\na,1,0\nb,0,-1\n", "line 3: b is '-1'; expected a whole number of 0 or more"),
        ("truth,a,b\na,1,0\nb,0,0.5\n", "line 3: b is '0.5'"),
        (f"truth,a,b\na,1,0\nb,0,{'9' * 20}\n", "line 3: b is '9+'; expected 15 digits at most"),
        ("truth,a,b\na,0,0\nb,0,0\n", "all counts are 0"),
        ("row,a,b\na,1,0\nb,0,1\n", "line 1: expected the columns train, test and accuracy"),
    ],
)
def test_refused_matrices(check, matrix, message):
    """Rows that do not fit the header, and counts that are none."""
    with pytest.raises(DataError, match=message):
        check(matrix)


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("acuracy,,0.5", UnknownName, "Unknown metric 'acuracy'. Did you mean 'accuracy'"),
        ("recall,d,0.5", UnknownName, "Unknown class 'd'"),
        ("recall,,0.5", UnknownName, "Unknown class ''"),
        ("accuracy,a,0.5", DataError, "accuracy is of all faces; expected no class"),
        ("accuracy,,41.7", DataError, "accuracy is '41.7'; expected 0 to 1, or 0% to 100%"),
        ("accuracy,,", DataError, "the value is empty"),
        ("support,a,4.5", DataError, "support is '4.5'; expected a whole number"),
    ],
)
def test_refused_metrics(check, line, error, message):
    """Mistyped names and values out of range."""
    with pytest.raises(error, match=message):
        check(MATRIX, line)


def test_refused_files_of_metrics(check, tmp_path):
    """Without its columns, or beside a table of accuracies."""
    with pytest.raises(DataError, match="the column class is missing; expected metric, class"):
        check(MATRIX, "accuracy,0.5", head="metric,value")
    table = tmp_path / "table.csv"
    table.write_text("train,test,accuracy\nnormal,normal,0.5\n", encoding="utf-8")
    with pytest.raises(DataError, match="is a table of accuracies; metrics are compared with"):
        check_file(table, tmp_path / "metrics.csv")
