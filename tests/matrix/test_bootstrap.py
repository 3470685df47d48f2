"""The bootstrap against exact distributions, SciPy, closed forms and its promised coverage."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from occbench.errors import UnknownName
from occbench.matrix.bootstrap import (
    accuracies,
    balanced_accuracies,
    difference,
    macro_f1s,
    mean_over,
    recalls_each,
    relative_change,
    resample,
    score,
)
from occbench.matrix.metrics import accuracy, balanced_accuracy, confusion, macro_f1, recalls

FACES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40
)


def cells(n: int, *, right: float = 0.6, count: int = 2, classes: int = 4, seed: int = 0):
    """Labels (N,) and predictions (C, N) that are right for about that share of faces."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    other = (labels + rng.integers(1, classes, size=(count, n))) % classes
    return labels, np.where(rng.random((count, n)) < right, labels, other)


@given(faces=FACES)
def test_metrics_of_many_matrices_are_those_of_each(faces):
    """The functions over stacks agree with the functions of one confusion matrix."""
    labels, one, other = np.array(faces).T
    counts = [confusion(labels, guess, 4) for guess in (one, other)]
    stack = np.stack([counts, counts[::-1]])
    for many, single in (
        (accuracies, accuracy),
        (balanced_accuracies, balanced_accuracy),
        (macro_f1s, macro_f1),
    ):
        values = [single(each) for each in counts]
        assert many(stack) == pytest.approx(np.array([values, values[::-1]]))
    assert recalls_each(stack)[1, 0] == pytest.approx(recalls(counts[1]), nan_ok=True)


def test_every_draw_counts_as_many_faces_for_all_cells():
    """Each draw has N faces, and its true classes are the same in all cells."""
    labels, predicted = cells(60)
    faces = resample(labels, predicted, 4, draws=300)
    assert faces.drawn.shape == (300, 2, 4, 4)
    assert (faces.drawn.sum(axis=(2, 3)) == 60).all()
    truth = faces.drawn.sum(axis=3)
    assert (truth[:, 0] == truth[:, 1]).all()
    assert [each.tolist() for each in faces.found] == [
        confusion(labels, row, 4).tolist() for row in predicted
    ]


def test_a_draw_is_counted_as_its_faces_are():
    """Faces of three groups, drawn by hand from the same generator, give the same matrices."""
    labels, predicted = cells(7, classes=3)
    groups = np.array(["b", "a", "b", "c", "a", "c", "c"])
    faces = resample(labels, predicted, 3, groups=groups, draws=100, seed=5)
    rng = np.random.default_rng(5)
    for drawn in faces.drawn:
        chosen = np.array(["a", "b", "c"])[rng.integers(3, size=3)]
        rows = np.concatenate([np.flatnonzero(groups == name) for name in chosen])
        expected = [confusion(labels[rows], guess[rows], 3).tolist() for guess in predicted]
        assert drawn.tolist() == expected


def test_draws_in_portions_are_still_paired(monkeypatch):
    """However few draws fit into memory at a time, all cells see the same faces."""
    labels, predicted = cells(30)
    monkeypatch.setattr("occbench.matrix.bootstrap._AT_ONCE", 70)
    faces = resample(labels, np.stack([predicted[0], predicted[0]]), 4, draws=101)
    assert (faces.drawn[:, 0] == faces.drawn[:, 1]).all()
    assert (faces.drawn.sum(axis=(2, 3)) == 30).all()


def test_the_ends_are_percentiles_of_the_binomial():
    """12 right of 20: draws are binomial, with 8 and 16 right at 2.5 and 97.5 %."""
    labels = np.zeros(20, int)
    predicted = (np.arange(20) >= 12).astype(int)[None]
    found = score(resample(labels, predicted, 2, draws=20_000), [0])
    exact = stats.binom(20, 0.6).ppf([0.025, 0.975]) / 20
    assert (found.low, found.value, found.high) == pytest.approx((exact[0], 0.6, exact[1]))
    assert (found.draws, found.undefined, found.confidence) == (20_000, 0, 0.95)


def test_an_interval_of_differences_is_that_of_scipy():
    """Its percentile bootstrap of 40 paired differences has the same ends but for chance."""
    labels, predicted = cells(40)
    right = (predicted == labels).astype(float)
    theirs = stats.bootstrap(
        (right[0] - right[1],), np.mean, method="percentile", n_resamples=9999, rng=1
    ).confidence_interval
    found = difference(resample(labels, predicted, 4, draws=10_000), [0], [1])
    assert found.value == pytest.approx(np.mean(right[0] - right[1]))
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1.01 / 40)


def test_an_interval_of_macro_f1_is_that_of_scipy():
    """Its percentile bootstrap over the numbers of the faces agrees to a point."""
    labels, predicted = cells(80, classes=3)

    def by_faces(rows: np.ndarray) -> float:
        return macro_f1(confusion(labels[rows], predicted[0][rows], 3))

    theirs = stats.bootstrap(
        (np.arange(80),), by_faces, vectorized=False, method="percentile", n_resamples=1999, rng=1
    ).confidence_interval
    found = score(resample(labels, predicted, 3), [0], metric="macro_f1")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """Of 400 samples of 150 faces, about 95 % have the true difference of 0.2 in their interval."""
    rng = np.random.default_rng(7)
    labels, held = np.zeros(150, int), 0
    for sample in range(400):
        # Right in both 0.4, only in the first 0.3, only in the second 0.1, in none 0.2.
        kind = rng.choice(4, size=150, p=[0.4, 0.3, 0.1, 0.2])
        predicted = np.stack([~np.isin(kind, [0, 1]), ~np.isin(kind, [0, 2])]).astype(int)
        found = difference(resample(labels, predicted, 2, draws=400, seed=sample), [0], [1])
        held += found.low <= 0.2 <= found.high
    # The standard deviation of the share is sqrt(0.95 x 0.05 / 400), 1.1 points.
    assert 0.92 <= held / 400 <= 0.98


def test_pairing_narrows_a_difference():
    """Two cells that are wrong together differ less than two that are wrong apart."""
    labels = np.zeros(100, int)
    wrong = np.arange(100) < 40
    together = np.stack([wrong, wrong ^ (np.arange(100) < 2)]).astype(int)
    apart = np.stack([wrong, np.roll(wrong, 40)]).astype(int)
    narrow, wide = (difference(resample(labels, each, 2), [0], [1]) for each in (together, apart))
    # Standard deviations sqrt(d - difference^2) / 10 with 2 and with 80 discordant faces of 100.
    assert narrow.high - narrow.low == pytest.approx(2 * 1.96 * 0.0140, rel=0.25)
    assert wide.high - wide.low == pytest.approx(2 * 1.96 * 0.0894, rel=0.1)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1"])
def test_copies_in_groups_tell_nothing_new(metric):
    """Every face five times, grouped: exactly the interval of each face once."""
    labels, predicted = cells(50)
    once = difference(resample(labels, predicted, 4), [0], [1], metric=metric)
    copies = resample(
        np.tile(labels, 5), np.tile(predicted, 5), 4, groups=np.tile(np.arange(50), 5)
    )
    assert difference(copies, [0], [1], metric=metric) == once


def test_copies_taken_for_faces_narrow_the_interval():
    """Ungrouped, four copies halve the deviation of an accuracy: sqrt(p (1 - p) / 4 n)."""
    labels, predicted = cells(200)
    tiled = np.tile(labels, 4), np.tile(predicted, 4)
    share = accuracies(resample(labels, predicted, 4).found)[0]
    exact = np.sqrt(share * (1 - share) / 200)
    for faces, expected in (
        (resample(*tiled, 4), exact / 2),
        (resample(*tiled, 4, groups=np.tile(np.arange(200), 4)), exact),
    ):
        assert accuracies(faces.drawn)[:, 0].std() == pytest.approx(expected, rel=0.06)


def test_the_order_of_grouped_faces_changes_nothing():
    """Draws go by the names of the groups."""
    labels, predicted = cells(40)
    names = np.array([f"g{number % 17}" for number in range(40)])
    order = np.random.default_rng(3).permutation(40)
    one = resample(labels, predicted, 4, groups=names)
    other = resample(labels[order], predicted[:, order], 4, groups=names[order])
    assert (one.drawn == other.drawn).all()


def test_the_seed_decides():
    """The same seed gives the same draws, another one others."""
    labels, predicted = cells(40)
    one, again, other = (resample(labels, predicted, 4, seed=seed).drawn for seed in (0, 0, 1))
    assert (one == again).all()
    assert (one != other).any()


def test_a_mean_over_seeds():
    """Two seeds of each place: the difference of the means, and its draws, are means of both."""
    labels, predicted = cells(60, count=4)
    faces = resample(labels, predicted, 4)
    values = accuracies(faces.drawn)
    found = difference(faces, [0, 1], [2, 3])
    means = values[:, :2].mean(axis=1) - values[:, 2:].mean(axis=1)
    right = (predicted == labels).mean(axis=1)
    assert found.value == pytest.approx((right[0] + right[1] - right[2] - right[3]) / 2)
    assert found.low == pytest.approx(np.quantile(means, 0.025), abs=1e-2)
    assert found.high == pytest.approx(np.quantile(means, 0.975), abs=1e-2)


def test_a_relative_change():
    """From 30 of 50 right to 15 of 50 it is -1/2; against nothing right there is none."""
    labels = np.zeros(50, int)
    predicted = np.stack([np.arange(50) >= right for right in (30, 15, 0)]).astype(int)
    faces = resample(labels, predicted, 2)
    found = relative_change(faces, [1], [0])
    assert found.value == pytest.approx(-1 / 2)
    assert -0.8 < found.low < -1 / 2 < found.high < -0.2
    assert relative_change(faces, [0], [2]) is None


def test_draws_without_a_value_are_counted():
    """A class with one face of ten is missing from (9/10)^10 of the draws, about 35 %."""
    labels = np.array([1] + [0] * 9)
    faces = resample(labels, labels[None], 2)
    found = faces.estimate(lambda counts: recalls_each(counts)[..., 0, 1])
    assert (found.value, found.low, found.high) == (1, 1, 1)
    assert found.draws + found.undefined == 2000
    assert found.undefined / 2000 == pytest.approx(0.9**10, abs=0.03)


def test_an_undefined_statistic_is_refused():
    """The recall of a class without a face has no value."""
    faces = resample([0, 0], [[0, 1]], 2)
    with pytest.raises(ValueError, match="undefined for these faces"):
        faces.estimate(lambda counts: recalls_each(counts)[..., 0, 1])


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (partial(resample, [], np.zeros((1, 0), int), 2), r"predicted \(1, 0\)"),
        (partial(resample, [0, 1], [0, 1], 2), r"predicted \(2,\)"),
        (partial(resample, [0, 1], [[0, 1, 0]], 2), r"labels \(2,\), predicted \(1, 3\)"),
        (partial(resample, [0, 1], [[0, 2]], 2), "predicted from 0 to 2"),
        (partial(resample, [0, 1], [[0, 1]], 2, groups=["a"]), r"each of 2 faces.*\(1,\)"),
        (partial(resample, [0, 1], [[0, 1]], 2, draws=99), "draws=99"),
        (partial(mean_over, []), r"cells=\[\]"),
    ],
)
def test_refused(attempt, message):
    """What cannot be drawn, with what was received."""
    with pytest.raises(ValueError, match=message):
        attempt()


def test_refused_confidence_and_metric():
    """Certainty has no interval, and a mistyped metric is met with the nearest one."""
    faces = resample([0, 1], [[0, 1]], 2)
    with pytest.raises(ValueError, match="Received: confidence=1"):
        score(faces, [0], confidence=1)
    with pytest.raises(UnknownName, match="Did you mean 'macro_f1'"):
        score(faces, [0], metric="macro_f")
