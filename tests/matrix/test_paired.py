"""McNemar's exact test and Holm's correction against published examples and their definitions."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.errors import DataError
from occbench.matrix.paired import (
    McNemar,
    PairedDifference,
    holm,
    largest_p,
    mcnemar,
    mcnemar_of,
    mcnemar_right,
)
from occbench.matrix.statistics import NO_DIFFERENCE, Estimate
from tests.runs import TESTED, make_predictions

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def test_a_published_example():
    """Fagerland, Lydersen and Laake 2013, table 1: 1 and 7 discordant children, p = 0.0703."""
    assert mcnemar(1, 7) == McNemar(1, 7, pytest.approx(0.0703125, abs=1e-12))


@given(one=st.integers(0, 60), other=st.integers(0, 60))
def test_p_is_twice_the_smaller_tail(one, other):
    """Counted in whole numbers: ways to have as few or fewer on one side, at most certain."""
    n = one + other
    ways = sum(comb(n, few) for few in range(min(one, other) + 1))
    expected = min(Fraction(2 * ways, 2**n), Fraction(1))
    assert mcnemar(one, other).p == pytest.approx(float(expected), rel=1e-9)
    assert mcnemar(other, one).p == mcnemar(one, other).p


def test_extremes():
    """No discordant face proves nothing; all of a thousand on one side give 2^-999."""
    assert mcnemar(0, 0).p == 1
    assert mcnemar(0, 1000).p == pytest.approx(2.0**-999, rel=1e-6)


def test_right_and_wrong_face_by_face():
    """Of five faces, one is right in both, two only in the first, one only in the second."""
    first = np.array([True, True, True, False, False])
    second = np.array([True, False, False, True, False])
    found = mcnemar_right(first, second)
    assert (found.only_first, found.only_second, found.p) == (2, 1, 1.0)


@pytest.mark.parametrize(
    ("first", "second", "received"),
    [
        ([True], [True, False], r"first of bool \(1,\), second of bool \(2,\)"),
        ([1, 0], [True, False], r"first of int64 \(2,\)"),
        ([[True]], [[True]], r"first of bool \(1, 1\)"),
    ],
)
def test_refused_arrays(first, second, received):
    """Other lengths and classes in place of right and wrong."""
    with pytest.raises(ValueError, match=f"Received: {received}"):
        mcnemar_right(first, second)


def test_refused_counts():
    """No count is negative."""
    with pytest.raises(ValueError, match="Received: only_first=3, only_second=-1"):
        mcnemar(3, -1)


def test_predictions_are_compared_by_face():
    """Two rows of one column, the second stored in another order: f18 and f19 against f23."""
    first = make_predictions({"f18", "f19", "f20"})
    second = make_predictions({"f20", "f23"}, ids=TESTED[::-1], variant="headset")
    assert mcnemar_of(first, second) == McNemar(2, 1, 1.0)
    assert mcnemar_of(second, first) == McNemar(1, 2, 1.0)


def test_other_faces_are_refused():
    """A face more or less on either side is named."""
    first, fewer = make_predictions(set()), make_predictions(set(), ids=TESTED[:-1])
    for pair in ((first, fewer), (fewer, first)):
        with pytest.raises(DataError, match=r"face 'f23' stands in only one.*Predict both again"):
            mcnemar_of(*pair)


def test_a_face_twice_is_refused():
    """It would count twice."""
    first, double = make_predictions(set()), make_predictions(set(), ids=(*TESTED, "f18"))
    with pytest.raises(DataError, match="second predictions hold a face twice"):
        mcnemar_of(first, double)


def test_another_truth_is_refused():
    """Labels that were changed between two predictions are no test of them."""
    first = make_predictions(set())
    changed = first.labels.copy()
    changed[2] = (changed[2] + 1) % 3
    with pytest.raises(DataError, match="face 'f20' has another true class"):
        mcnemar_of(first, replace(first, labels=changed))


@pytest.mark.parametrize(
    ("raw", "adjusted"),
    [
        # The documentation of pingouin.multicomp, method "holm".
        ([0.5, 0.003, 0.32, 0.054, 0.0003], [0.64, 0.012, 0.64, 0.162, 0.0015]),
        # The documentation of @stdlib/stats/padjust, method "holm"; R's p.adjust agrees.
        ([0.319, 0.201, 0.4, 0.374, 0.113], [0.957, 0.804, 0.957, 0.957, 0.565]),
        # By hand: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 1 x 0.04 raised to the one before.
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.9, 0.8], [1, 1]),
        ([0.04], [0.04]),
        ([], []),
    ],
)
def test_holm_examples(raw, adjusted):
    """Published adjusted values, in the order of the raw ones."""
    assert holm(raw) == pytest.approx(adjusted, abs=1e-12)


@given(raw=P_VALUES)
def test_holm_is_the_closed_test_of_bonferroni(raw):
    """A hypothesis falls with every set that holds it: the worst of |set| x the set's least p."""
    places = range(len(raw))
    sets = list(chain.from_iterable(combinations(places, size + 1) for size in places))
    for place, found in enumerate(holm(raw)):
        worst = max(len(some) * min(raw[i] for i in some) for some in sets if place in some)
        assert found == pytest.approx(min(worst, 1), abs=1e-12)


@pytest.mark.parametrize("raw", [[-0.1], [0.5, 1.5], [float("nan")]])
def test_holm_takes_p_values_only(raw):
    """Numbers outside 0..1 are refused."""
    with pytest.raises(ValueError, match="Received: p_values="):
        holm(raw)


def test_several_seeds_have_the_largest_p():
    """One seed without a difference is enough to doubt it."""
    assert largest_p([mcnemar(0, 10), mcnemar(3, 3), mcnemar(1, 7)]) == 1


@pytest.mark.parametrize(
    ("interval", "adjusted", "words"),
    [
        ((0.01, 0.05), 0.05, "3.0 points more"),
        ((0.01, 0.05), 0.051, NO_DIFFERENCE),
        ((0.0, 0.06), 0.001, NO_DIFFERENCE),
        ((-0.01, 0.07), 0.2, NO_DIFFERENCE),
    ],
)
def test_interval_and_adjusted_test_must_agree(interval, adjusted, words):
    """Either of them alone shows nothing."""
    one = PairedDifference(Estimate(0.03, *interval, 0.95, 2000), (mcnemar(3, 40),), adjusted)
    assert one.verdict == words
    assert one.shown == (words != NO_DIFFERENCE)


def test_scipy_waits_for_a_test():
    """What builds, reads and reports a matrix imports it only when a test is computed."""
    names = ("job", "record", "answers", "compare", "gap_tables", "quality")
    modules = ", ".join(f"occbench.matrix.{name}" for name in names)
    text = f"import sys, {modules}; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
