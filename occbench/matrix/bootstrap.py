"""The bootstrap over faces: what other faces of the same kind would have given.

Faces are drawn with replacement, and every cell is computed anew from the same draw, so that
differences between cells are paired. Faces of one group (an identity, copies of one photo) are
drawn together. An interval goes from the one percentile of the draws to the other: Efron and
Tibshirani 1993, "An introduction to the bootstrap", section 13.3; whole groups: Davison and
Hinkley 1997, "Bootstrap methods and their application", section 3.8.

All that is needed of a draw are the confusion matrices of the cells, so they are computed once
(``resample``), and any number of statistics is then read from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from occbench.errors import UnknownName
from occbench.matrix.metrics import confusion
from occbench.matrix.statistics import Estimate

# See ``resample`` for what chance their number leaves in an interval.
DRAWS = 2000
SEED = 0
_FEWEST_DRAWS = 100
# Weights of faces that are held at a time: 16 MB as float32.
_AT_ONCE = 4_000_000

Confusions = NDArray[Any]
Values = NDArray[np.float64]
Metric = Callable[[Confusions], Values]


@dataclass(frozen=True, eq=False)
class Resampled:
    """The confusion matrices of C cells on the same faces, as found and in each of B draws.

    Attributes:
        found: int64 ``(C, K, K)``, rows are the truth.
        drawn: int32 ``(B, C, K, K)``; entry b of all cells counts the same drawn faces.
    """

    found: Confusions
    drawn: Confusions

    def estimate(self, statistic: Metric, *, confidence: float = 0.95) -> Estimate:
        """A statistic of the cells with its percentile interval.

        The ends are values of draws; where a percentile falls between two draws, the outer one.

        Args:
            statistic: takes confusion matrices ``(..., C, K, K)`` to values ``(...)``, NaN where
                undefined. Draws without a value are left out and counted.
            confidence: how often the interval is to hold the true value.

        Raises:
            ValueError: the statistic is undefined for the faces at hand, or a confidence outside
                0..1.
        """
        if not 0 < confidence < 1:
            raise ValueError(f"Expected 0 < confidence < 1. Received: confidence={confidence}")
        value, values = float(statistic(self.found)), statistic(self.drawn)
        defined = np.sort(values[~np.isnan(values)])
        if np.isnan(value) or not defined.size:
            raise ValueError(f"The statistic is undefined for these faces. Received: {value}")
        tail = (1 - confidence) / 2 * (defined.size - 1)
        return Estimate(
            value=value,
            low=float(defined[floor(tail)]),
            high=float(defined[ceil(defined.size - 1 - tail)]),
            confidence=confidence,
            draws=defined.size,
            undefined=values.size - defined.size,
        )


def resample(
    labels: ArrayLike,
    predicted: ArrayLike,
    classes: int,
    *,
    groups: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Resampled:
    """Draws the faces of some cells again and again, the same faces for all cells.

    Args:
        labels: true class numbers, integers ``(N,)``.
        predicted: predicted class numbers, integers ``(C, N)``, a row for each cell.
        classes: how many classes there are.
        groups: ``(N,)``, equal for faces that are drawn together; each face alone if None. As
            many groups are drawn as there are, in the order of their sorted names: the order of
            the faces changes nothing then.
        draws: B; 2,000 leave the ends of a 95 % interval a standard deviation of about 1.5 % of
            its width: sqrt(q (1 - q) / B) / phi(z), q = 0.025, z = 1.96, over 2 z.
        seed: of the draws.

    Raises:
        ValueError: there is no face, the arrays do not fit together, or fewer than 100 draws.
    """
    truth, guesses = np.asarray(labels), np.asarray(predicted)
    if guesses.ndim != 2 or not guesses.size or truth.shape != guesses.shape[1:]:
        raise ValueError(
            "Expected labels (N,) and predicted (C, N) with one face and one cell or more. "
            f"Received: labels {truth.shape}, predicted {guesses.shape}"
        )
    if draws < _FEWEST_DRAWS:
        raise ValueError(f"Expected {_FEWEST_DRAWS} draws or more. Received: draws={draws}")
    found = np.stack([confusion(truth, row, classes) for row in guesses])
    group_of, number = _group_numbers(groups, truth.size)
    # Sorted by class, the faces of a class are one slice, and only its row of counts needs them.
    order = np.argsort(truth, kind="stable")
    ends = np.cumsum(np.bincount(truth, minlength=classes))
    # Counts of faces are exact in float32 below 2^24, and only floats are multiplied quickly.
    marks = np.eye(classes, dtype=np.float32)[guesses.T[order]].reshape(truth.size, -1)
    drawn = np.empty((draws, *found.shape), np.int32)
    start = 0
    for times in _times_drawn(number, draws, seed, most=max(1, _AT_ONCE // truth.size)):
        weights = times[:, group_of[order]]
        for row, (begin, end) in enumerate(zip((0, *ends[:-1]), ends, strict=True)):
            counts = weights[:, begin:end] @ marks[begin:end]
            drawn[start : start + len(times), :, row] = counts.reshape(len(times), -1, classes)
        start += len(times)
    return Resampled(found, drawn)


def accuracies(confusions: Confusions) -> Values:
    """The accuracy of each of ``(..., K, K)`` confusion matrices, ``(...)``."""
    right = np.trace(confusions, axis1=-2, axis2=-1)
    return _share(right, confusions.sum(axis=(-2, -1)))


def balanced_accuracies(confusions: Confusions) -> Values:
    """The mean recall of each matrix, over the classes that have a face in it, ``(...)``."""
    means: Values = np.nanmean(recalls_each(confusions), axis=-1)
    return means


def macro_f1s(confusions: Confusions) -> Values:
    """The mean F1 of each matrix, over the classes that occur in it, ``(...)``."""
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    both = confusions.sum(axis=-1) + confusions.sum(axis=-2)
    means: Values = np.nanmean(_share(2 * hits, both), axis=-1)
    return means


def recalls_each(confusions: Confusions) -> Values:
    """The recall of each class in each matrix, ``(..., K)``; NaN for a class without a face."""
    return _share(np.diagonal(confusions, axis1=-2, axis2=-1), confusions.sum(axis=-1))


METRICS: dict[str, Metric] = {
    "accuracy": accuracies,
    "balanced_accuracy": balanced_accuracies,
    "macro_f1": macro_f1s,
}


def mean_over(cells: Sequence[int], metric: str | Metric = "accuracy") -> Metric:
    """The statistic "mean of a metric over some cells", for ``Resampled.estimate``.

    Args:
        cells: numbers of the cells, such as the same place of the matrix with every seed.
        metric: a name of ``METRICS`` or a function like those.

    Raises:
        UnknownName: there is no such metric.
        ValueError: there is no cell.
    """
    if not len(cells):
        raise ValueError("A mean needs one cell or more. Received: cells=[]")
    if isinstance(metric, str) and metric not in METRICS:
        raise UnknownName("metric", metric, METRICS)
    each = METRICS[metric] if isinstance(metric, str) else metric
    chosen = list(cells)

    def mean(confusions: Confusions) -> Values:
        values: Values = np.mean(each(confusions[..., chosen, :, :]), axis=-1)
        return values

    return mean


def score(
    faces: Resampled,
    cells: Sequence[int],
    *,
    metric: str | Metric = "accuracy",
    confidence: float = 0.95,
) -> Estimate:
    """A metric of one place of the matrix, the mean over its cells."""
    return faces.estimate(mean_over(cells, metric), confidence=confidence)


def difference(
    faces: Resampled,
    first: Sequence[int],
    second: Sequence[int],
    *,
    metric: str | Metric = "accuracy",
    confidence: float = 0.95,
) -> Estimate:
    """A metric of one place less that of another, each the mean over its cells."""
    one, other = mean_over(first, metric), mean_over(second, metric)
    return faces.estimate(lambda found: one(found) - other(found), confidence=confidence)


def relative_change(
    faces: Resampled,
    cells: Sequence[int],
    base: Sequence[int],
    *,
    metric: str | Metric = "accuracy",
    confidence: float = 0.95,
) -> Estimate | None:
    """A metric of one place over that of another, less 1; None where the base is 0."""
    one, other = mean_over(cells, metric), mean_over(base, metric)
    if not other(faces.found) > 0:
        return None
    return faces.estimate(lambda found: _share(one(found), other(found)) - 1, confidence=confidence)


def _group_numbers(groups: ArrayLike | None, faces: int) -> tuple[NDArray[np.intp], int]:
    """The number of each face's group, and how many there are."""
    if groups is None:
        return np.arange(faces), faces
    names = np.asarray(groups)
    if names.shape != (faces,):
        raise ValueError(f"Expected a group for each of {faces} faces. Received: {names.shape}")
    known, numbers = np.unique(names, return_inverse=True)
    return numbers, len(known)


def _times_drawn(groups: int, draws: int, seed: int, *, most: int) -> Iterator[NDArray[np.float32]]:
    """How often each draw holds each group, ``(b, groups)`` for ``most`` draws at a time."""
    rng = np.random.default_rng(seed)
    for start in range(0, draws, most):
        some = min(most, draws - start)
        chosen = rng.integers(groups, size=(some, groups)) + groups * np.arange(some)[:, None]
        times = np.bincount(chosen.ravel(), minlength=some * groups)
        yield times.reshape(some, groups).astype(np.float32)


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Values:
    """The quotient, NaN where the whole is 0."""
    shares = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=shares, where=np.asarray(whole) > 0)
    return shares
