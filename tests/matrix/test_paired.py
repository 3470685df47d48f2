"""McNemar's exact test and Holm's correction against published examples and their definitions."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations, product
from math import comb
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.errors import DataError
from occbench.matrix.paired import (
    McNemar,
    PairedDifference,
    Trial,
    holm,
    mcnemar,
    mcnemar_of,
    mcnemar_right,
    signs_p,
    trial,
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


def by_all_signs(counts):
    """Twice the share of sign patterns whose sum is as low or lower, the lower side of the two."""
    least = -abs(sum(counts))
    sums = [sum(map(int.__mul__, counts, signs)) for signs in product((1, -1), repeat=len(counts))]
    return min(1.0, 2 * sum(found <= least for found in sums) / len(sums))


@given(counts=st.lists(st.integers(-4, 4), max_size=9))
def test_several_seeds_against_every_sign(counts):
    """Each face's sign is turned in every way; its size stays."""
    assert signs_p(np.array(counts, int)) == pytest.approx(by_all_signs(counts), abs=1e-12)


@given(one=st.integers(0, 400), other=st.integers(0, 400), same=st.integers(0, 9))
def test_one_seed_is_mcnemar(one, other, same):
    """Sizes of 0 and 1 leave one binomial."""
    counts = np.repeat([1, -1, 0], [one, other, same])
    assert signs_p(counts) == pytest.approx(mcnemar(one, other).p, abs=1e-12)


@given(one=st.integers(0, 60), other=st.integers(0, 60), seeds=st.integers(2, 6))
def test_equal_seeds_tell_no_more_than_one(one, other, seeds):
    """A face that every seed has alike is still one face."""
    counts = seeds * np.repeat([1, -1], [one, other])
    assert signs_p(counts) == pytest.approx(mcnemar(one, other).p, abs=1e-12)


def test_a_sum_of_several_sizes_by_hand():
    """2 + 1 + 1: of eight sums only 4 and -4 are as far away; 2 + 1 - 1 has six of eight."""
    assert signs_p(np.array([2, 1, 1])) == pytest.approx(2 / 8)
    assert signs_p(np.array([2, 1, -1])) == pytest.approx(6 / 8)
    assert signs_p(np.array([3, -2, -1])) == 1
    assert signs_p(np.array([], int)) == 1


def test_many_faces_of_every_size():
    """The normal law with the variance sum k^2 and half a step at the end, on 20,000 faces."""
    counts = np.repeat([1, -1, 2, -2, 3, -3], [5100, 4900, 3000, 2990, 2010, 2000])
    z = (int(counts.sum()) - 1) / float((counts**2).sum()) ** 0.5
    assert signs_p(counts) == pytest.approx(2 * NormalDist().cdf(-z), rel=0.01)


def test_seeds_are_tested_together():
    """Of four faces two seeds more have the first right in the first place, one, none, one less."""
    first = np.array([[True, True, True, False], [True, True, False, False]])
    second = np.array([[False, True, False, False], [False, False, True, True]])
    found = trial(first, second)
    assert found == Trial((mcnemar(2, 0), mcnemar(2, 2)), pytest.approx(6 / 8))


def test_no_seed_needs_to_show_it_alone():
    """Five faces each of two seeds, never the same face: p falls from 0.06 to 0.002."""
    first = np.eye(2, dtype=bool).repeat(5, axis=1)
    found = trial(first, np.zeros((2, 10), bool))
    assert [one.p for one in found.by_seed] == [2 / 2**5] * 2
    assert found.p == pytest.approx(2 / 2**10)


@pytest.mark.parametrize("shapes", [((1, 3), (2, 3)), ((3,), (3,)), ((0, 3), (0, 3))])
def test_refused_seeds(shapes):
    """Other seeds on either side, or none."""
    first, second = (np.zeros(shape, bool) for shape in shapes)
    with pytest.raises(ValueError, match="Expected two tables of bool of one shape"):
        trial(first, second)


@pytest.mark.parametrize("counts", [[0.5], [[1, 2]], [True]])
def test_refused_signs(counts):
    """Shares, tables, and right or wrong in place of whole numbers."""
    with pytest.raises(ValueError, match="Expected a whole number per face"):
        signs_p(np.array(counts))


@pytest.mark.parametrize(
    ("interval", "adjusted", "words"),
    [
        ((0.01, 0.05), 0.05, "3.0 points more"),
        ((0.01, 0.05), 0.08, "not shown after Holm's correction (p 0.080)"),
        ((0.0, 0.06), 0.001, NO_DIFFERENCE),
        ((-0.01, 0.07), 0.2, NO_DIFFERENCE),
    ],
)
def test_interval_and_adjusted_test_must_agree(interval, adjusted, words):
    """Either of them alone shows nothing."""
    found = Trial((mcnemar(3, 40),), 0.001)
    one = PairedDifference(Estimate(0.03, *interval, 0.95, 2000), found, adjusted)
    assert one.verdict == words
    assert one.shown == words.endswith("more")


def test_scipy_waits_for_a_test():
    """What builds, reads and reports a matrix imports it only when a test is computed."""
    names = ("job", "record", "answers", "compare", "gap_tables", "quality")
    modules = ", ".join(f"occbench.matrix.{name}" for name in names)
    text = f"import sys, {modules}; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
