"""The Wilson interval against its published values and its definition."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.matrix.statistics import wilson

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
    stats = pytest.importorskip("scipy.stats")
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
