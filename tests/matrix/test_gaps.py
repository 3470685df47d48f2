"""Gap and recovery: values by hand, what must hold of any faces, and when there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.matrix.bootstrap import accuracies, resample
from occbench.matrix.gaps import class_gaps, gap, recovery

# Cells of row A on normal and occluded faces, and of row B on occluded ones.
NORMAL, OCCLUDED, HELPED = [0], [1], [2]


def cells_with(n: int, *right: int, draws: int = 2000):
    """Draws of ``n`` faces of one class, of which each cell has its first so many right."""
    predicted = [(np.arange(n) >= count).astype(int) for count in right]
    return resample(np.zeros(n, int), np.stack(predicted), 2, draws=draws)


def recover(faces, **how):
    """The recovery of the three cells."""
    return recovery(faces, normal=NORMAL, occluded=OCCLUDED, helped=HELPED, **how)


def test_gap_and_recovery_by_hand():
    """80, 40 and 70 of 100 right: a gap of 40 points, of which 30 come back."""
    faces = cells_with(100, 80, 40, 70)
    found = recover(faces)
    assert gap(faces, NORMAL, OCCLUDED).value == found.gap.value == pytest.approx(0.4)
    assert found.share.value == pytest.approx(3 / 4)
    assert found.reason == ""
    # Of the 40 faces lost 10 stay lost: the share of a binomial with 40 faces.
    half = 1.96 * np.sqrt(0.75 * 0.25 / 40)
    assert (found.share.low, found.share.high) == pytest.approx(
        (0.75 - half, 0.75 + half), abs=0.02
    )


def test_no_help_and_full_help():
    """A row like A recovers nothing and one like uncovered faces all, in every draw."""
    for helped, expected in ((40, 0), (80, 1)):
        share = recover(cells_with(100, 80, 40, helped)).share
        assert (share.low, share.value, share.high) == pytest.approx((expected,) * 3)


def test_recovery_may_exceed_the_gap_or_be_negative():
    """More than A uncovered is more than 1, less than A covered is less than 0."""
    assert recover(cells_with(100, 80, 40, 90)).share.value == pytest.approx(5 / 4)
    assert recover(cells_with(100, 80, 40, 20)).share.value == pytest.approx(-1 / 2)


@pytest.mark.parametrize(
    ("normal", "occluded", "reason"),
    [
        (41, 40, "The interval of normal training's gap holds zero: no gap is shown."),
        (40, 40, "The interval of normal training's gap holds zero: no gap is shown."),
        (40, 41, "The interval of normal training's gap holds zero: no gap is shown."),
        (40, 80, "After normal training occluded faces score higher: there is no gap to close."),
    ],
)
def test_without_a_gap_there_is_no_recovery(normal, occluded, reason):
    """It is None, with the reason and the gap it was judged by."""
    found = recover(cells_with(100, normal, occluded, 60))
    assert (found.share, found.reason) == (None, reason)
    assert found.gap.value == pytest.approx((normal - occluded) / 100)


@given(
    lost=st.integers(1, 30),
    won=st.integers(0, 30),
    helped=st.integers(0, 60),
    seed=st.integers(0, 5),
)
def test_a_recovery_that_is_told_is_finite(lost, won, helped, seed):
    """However near to zero the gap of some draws is: too few of them reach an end."""
    normal = np.arange(60) < 20 + lost
    occluded = np.arange(60) < 20
    occluded[60 - won :] = True
    right = np.stack([normal, occluded, np.arange(60) < helped])
    faces = resample(np.zeros(60, int), (~right).astype(int), 2, draws=200, seed=seed)
    found = recover(faces)
    assert (found.share is None) == (found.gap.low <= 0)
    if found.share is not None:
        assert np.isfinite([found.share.low, found.share.value, found.share.high]).all()
        assert found.share.low <= found.share.high
        assert found.share.draws == 200


def test_the_ends_agree_with_fieller():
    """An end r is where B - A - r gap is below zero in 2.5 % of the draws, gaps of zero or not."""
    right = np.zeros((3, 60), bool)
    # Eight faces are lost under cover and one is won; B has ten more right than A covered.
    right[0, :28] = right[1, 8:29] = right[2, 8:39] = True
    faces = resample(np.zeros(60, int), (~right).astype(int), 2)
    found = recover(faces)
    normal, occluded, helped = accuracies(faces.drawn).T
    assert (normal <= occluded).any()
    for end, share in ((found.share.low, 0.025), (found.share.high, 0.975)):
        below = helped - occluded - end * (normal - occluded) < -1e-12
        at_most = helped - occluded - end * (normal - occluded) <= 1e-12
        assert below.mean() <= share <= at_most.mean()


def test_a_gap_over_two_seeds():
    """It is that of the mean accuracies: (80 + 60) / 2 - (40 + 30) / 2 of 100."""
    faces = cells_with(100, 80, 60, 40, 30)
    assert gap(faces, [0, 1], [2, 3]).value == pytest.approx(0.35)
    # B closes 10 and 20 points of its seeds' 40 and 30: 15 of 35 by the means.
    found = recovery(
        cells_with(100, 80, 60, 40, 30, 50, 50), normal=[0, 1], occluded=[2, 3], helped=[4, 5]
    )
    assert found.share.value == pytest.approx(15 / 35)


def test_gaps_by_class():
    """Class 0 loses 6 of 10, class 1 none of 10, class 2 gains 3 of 10, class 3 has no face."""
    labels = np.repeat([0, 1, 2], 10)
    normal, occluded = labels.copy(), labels.copy()
    occluded[:6] = 3
    normal[20:23] = 3
    found = class_gaps(resample(labels, [normal, occluded], 4), NORMAL, OCCLUDED)
    assert [one and one.value for one in found] == [0.6, 0, pytest.approx(-0.3), None]
    lost, same, won, _ = found
    assert 0 < lost.low < 0.6 < lost.high < 1
    assert (same.low, same.high) == (0, 0)
    assert won.high <= 0
    assert not lost.holds_zero


def test_a_gap_of_balanced_accuracy():
    """Classes of 30 and 10 faces count alike: recalls fall by 1/3 and 1/2, 5/12 on the mean."""
    labels = np.repeat([0, 1], [30, 10])
    occluded = labels.copy()
    occluded[:10] = 1
    occluded[30:35] = 0
    found = gap(
        resample(labels, [labels, occluded], 2), NORMAL, OCCLUDED, metric="balanced_accuracy"
    )
    assert found.value == pytest.approx(5 / 12)
