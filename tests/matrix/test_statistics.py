"""The Wilson interval against published values and its definition; seeds, words, choices."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from occbench.matrix.statistics import (
    NO_DIFFERENCE,
    Estimate,
    SeedSpread,
    choice_by_test,
    seed_spread,
    verdict,
    wilson,
)

COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(correct, n, low, high):
    """The four examples of Newcombe 1998, table I, method 3 (score, no continuity correction)."""
    assert wilson(correct, n) == pytest.approx((low, high), abs=5.1e-5)


@given(counts=COUNTS, confidence=st.floats(0.5, 0.999))
def test_the_ends_solve_the_score_equation(counts, confidence):
    """They are the roots of n (found - p)^2 = z^2 p (1 - p), found as roots of a polynomial."""
    correct, n = counts
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    found = correct / n
    roots = np.roots([n + z2, -(2 * n * found + z2), n * found**2])
    assert wilson(correct, n, confidence=confidence) == pytest.approx(sorted(roots), abs=1e-6)


@given(counts=COUNTS, confidence=st.floats(0.01, 0.999))
def test_the_interval_holds_the_estimate(counts, confidence):
    """It lies within 0..1 and holds the found share."""
    correct, n = counts
    low, high = wilson(correct, n, confidence=confidence)
    assert 0 <= low <= correct / n <= high <= 1


@given(counts=COUNTS)
def test_right_and_wrong_mirror_each_other(counts):
    """The interval of the wrong faces is one minus that of the right ones."""
    correct, n = counts
    low, high = wilson(correct, n)
    assert wilson(n - correct, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_none_and_all_right():
    """With all faces on one side that end is exact and the other is z^2 / (n + z^2) away."""
    z2 = 1.959963984540054**2
    assert wilson(0, 50)[0] == 0.0
    assert wilson(0, 50)[1] == pytest.approx(z2 / (50 + z2))
    assert wilson(50, 50)[1] == 1.0
    assert wilson(50, 50)[0] == pytest.approx(50 / (50 + z2))


def test_the_interval_is_that_of_scipy():
    """SciPy gives the same ends."""
    for correct, n in ((0, 1), (7, 9), (2111, 3999)):
        theirs = stats.binomtest(correct, n).proportion_ci(0.9, method="wilson")
        assert wilson(correct, n, confidence=0.9) == pytest.approx(tuple(theirs), abs=1e-12)


@pytest.mark.parametrize(
    ("correct", "n", "confidence"),
    [(0, 0, 0.95), (-1, 5, 0.95), (6, 5, 0.95), (0, -2, 0.95), (3, 5, 0.0), (3, 5, 1.0)],
)
def test_refused(correct, n, confidence):
    """No faces, counts outside 0..n and an impossible confidence are refused with the values."""
    received = f"confidence={confidence}" if confidence != 0.95 else f"correct={correct}, n={n}"
    with pytest.raises(ValueError, match=f"Received: {received}"):
        wilson(correct, n, confidence=confidence)


def test_the_spread_of_seeds():
    """2, 4, 4, 4, 5, 5, 7, 9 have the mean 5 and squared distances of 32, so s = sqrt(32 / 7)."""
    found = seed_spread([2, 4, 4, 4, 5, 5, 7, 9])
    assert found == SeedSpread(8, 5, pytest.approx((32 / 7) ** 0.5), 2, 9)


def test_one_seed_has_no_spread():
    """Its value is the mean; deviation and range are unknown, and no seed is refused."""
    assert seed_spread([0.25]) == SeedSpread(1, 0.25, None, None, None)
    with pytest.raises(ValueError, match=r"Received: values=\[\]"):
        seed_spread([])


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.042, 0.011, 0.073), "4.2 points more"),
        ((-0.208, -0.25, -0.16), "20.8 points less"),
        ((0.0004, 0.0001, 0.0008), "less than 0.1 points more"),
        ((0.3, -0.01, 0.6), NO_DIFFERENCE),
        ((0.3, 0.0, 0.6), NO_DIFFERENCE),
        ((-0.3, -0.6, 0.0), NO_DIFFERENCE),
        # The estimate of a skewed bootstrap may lie outside; the interval decides.
        ((-0.01, 0.02, 0.04), "1.0 points more"),
    ],
)
def test_words_follow_the_interval(numbers, words):
    """A difference is named only where the interval leaves zero out, ends included."""
    assert verdict(*numbers) == words
    assert Estimate(*numbers, 0.95, 2000).holds_zero == (words == NO_DIFFERENCE)


@pytest.mark.parametrize(
    "numbers",
    [(0.1, 0.2, 0.1), (float("nan"), 0.1, 0.2), (0.1, float("nan"), 0.2), (float("inf"), 0, 1)],
)
def test_words_need_numbers(numbers):
    """Exchanged ends and what is no number are refused."""
    with pytest.raises(ValueError, match="Received: difference="):
        verdict(*numbers)


def test_what_report_001_gained_by_choosing_on_test():
    """Normal training on normal test: epoch 5 by validation, 16 by test, 25 the last."""
    found = choice_by_test({5: 0.5279, 16: 0.5926, 25: 0.5889}, 5)
    assert (found.chosen, found.best) == (5, 16)
    assert (found.honest, found.flattered) == (0.5279, 0.5926)
    assert round(100 * found.gain, 2) == 6.47


@given(
    values=st.lists(st.integers(0, 100), min_size=1, max_size=8),
    place=st.integers(0, 7),
)
def test_choosing_by_test_never_loses(values, place):
    """The gain is the distance to the highest, and of equal ones the first epoch counts."""
    chosen = place % len(values) + 1
    found = choice_by_test({n: value / 100 for n, value in enumerate(values, 1)}, chosen)
    assert found.gain == pytest.approx((max(values) - values[chosen - 1]) / 100)
    assert found.best == values.index(max(values)) + 1


def test_the_chosen_epoch_must_be_tested():
    """Without its accuracy there is nothing to compare with."""
    with pytest.raises(ValueError, match=r"\[5, 16\]. Received: chosen=7"):
        choice_by_test({16: 0.5926, 5: 0.5279}, 7)
