"""Newcombe's interval of a difference against its published values and its definition."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.matrix.statistics import wilson
from occbench.reference.difference import newcombe

COUNTS = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_published_intervals(counts, low, high):
    """The eight examples of Newcombe 1998, table II, method 10 (score, not corrected)."""
    assert newcombe(*counts) == pytest.approx((low, high), abs=5.1e-5)


@given(first=COUNTS, second=COUNTS)
def test_exchange_and_complement_mirror_the_interval(first, second):
    """Exchanging the shares, or taking the wrong faces for the right ones, turns its sign."""
    low, high = newcombe(*first, *second)
    assert newcombe(*second, *first) == pytest.approx((-high, -low), abs=1e-12)
    wrong = [(n - correct, n) for correct, n in (first, second)]
    assert newcombe(*wrong[0], *wrong[1]) == pytest.approx((-high, -low), abs=1e-12)


@given(first=COUNTS, second=COUNTS)
def test_it_holds_the_found_difference(first, second):
    """It lies within -1..1 and around the difference that was found."""
    low, high = newcombe(*first, *second)
    found = first[0] / first[1] - second[0] / second[1]
    assert -1 - 1e-12 <= low <= found <= high <= 1 + 1e-12


@given(counts=COUNTS)
def test_a_share_known_for_sure_leaves_its_own_interval(counts):
    """Against very many faces it is the Wilson interval less that share."""
    correct, n = counts
    low, high = newcombe(correct, n, 5 * 10**11, 10**12)
    assert (low, high) == pytest.approx([end - 0.5 for end in wilson(correct, n)], abs=1e-5)


def test_many_faces_have_the_normal_interval():
    """With 4,000 faces it is 1.96 standard errors of the difference to each side."""
    low, high = newcombe(2000, 4000, 2000, 4000)
    half = 1.959964 * sqrt(2 * 0.25 / 4000)
    assert (low, high) == pytest.approx((-half, half), abs=2e-5)


@pytest.mark.parametrize("counts", [(0, 0, 1, 2), (1, 2, 0, 0), (3, 2, 1, 2), (1, 2, -1, 2)])
def test_refused(counts):
    """No faces and counts outside 0..n."""
    with pytest.raises(ValueError, match="Received: correct="):
        newcombe(*counts)
