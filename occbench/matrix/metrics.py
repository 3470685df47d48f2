"""Metrics of a confusion matrix: accuracy, recall, precision, F1 and their averages.

A confusion matrix here is int64 ``(K, K)``; row i, column j counts the faces of class i that
were taken for class j. Formulas: Sokolova and Lapalme 2009, "A systematic analysis of
performance measures for classification tasks", tables 2 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Confusion = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PerClass:
    """Precision, recall and F1 of each class, float64 ``(K,)``, NaN where undefined.

    Attributes:
        precision: right among the faces taken for the class; NaN where there are none.
        recall: right among the faces of the class; NaN where there are none.
        f1: harmonic mean of both, 0 for a class that occurs but is never right; NaN for a
            class that occurs neither in truth nor in prediction.
        support: faces of the class, int64 ``(K,)``.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


def confusion(labels: ArrayLike, predicted: ArrayLike, classes: int) -> Confusion:
    """Counts the faces of each class (rows) by the class they were taken for (columns).

    Args:
        labels: the true class numbers, integers ``(N,)`` from 0 to ``classes - 1``.
        predicted: the predicted class numbers, likewise.
        classes: how many classes there are.

    Raises:
        ValueError: the arrays differ in length, are no integers or hold an unknown class.
    """
    truth, guess = np.asarray(labels), np.asarray(predicted)
    if truth.ndim != 1 or truth.shape != guess.shape:
        raise ValueError(
            "Labels and predictions must be two vectors of one length. "
            f"Received: labels {truth.shape}, predicted {guess.shape}"
        )
    for name, numbers in (("labels", truth), ("predicted", guess)):
        if numbers.dtype.kind not in "iu":
            raise ValueError(f"Classes must be integers. Received: {name} of {numbers.dtype}")
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
            raise ValueError(
                f"Classes must lie in 0..{classes - 1}. "
                f"Received: {name} from {numbers.min()} to {numbers.max()}"
            )
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (truth.astype(np.int64), guess.astype(np.int64)), 1)
    return counts


def accuracy(confusion: Confusion) -> float:
    """Share of all faces that are right.

    Raises:
        ValueError: there is no face.
    """
    _require_faces(confusion)
    return int(np.trace(confusion)) / int(confusion.sum())


def recalls(confusion: Confusion) -> NDArray[np.float64]:
    """Share of each class's faces that are right, ``(K,)``; NaN for a class without a face."""
    return _share(np.diag(confusion), confusion.sum(axis=1))


def balanced_accuracy(confusion: Confusion) -> float:
    """Mean recall over the classes that have a face.

    Raises:
        ValueError: there is no face.
    """
    _require_faces(confusion)
    return float(np.nanmean(recalls(confusion)))


def macro_f1(confusion: Confusion) -> float:
    """Unweighted mean F1 over the classes that occur in truth or prediction.

    It is the mean of the F1 values, not the F1 of mean precision and mean recall (Opitz and
    Burst 2019, "Macro F1 and Macro F1").

    Raises:
        ValueError: there is no face.
    """
    _require_faces(confusion)
    return float(np.nanmean(_f1(confusion)))


def per_class(confusion: Confusion) -> PerClass:
    """Precision, recall, F1 and support of each class."""
    return PerClass(
        precision=_share(np.diag(confusion), confusion.sum(axis=0)),
        recall=recalls(confusion),
        f1=_f1(confusion),
        support=confusion.sum(axis=1),
    )


def weighted(confusion: Confusion) -> tuple[float, float, float]:
    """Precision, recall and F1, averaged over the classes weighted by support.

    A class that has faces but is never predicted counts with precision 0. The weighted recall
    is the accuracy.

    Raises:
        ValueError: there is no face.
    """
    _require_faces(confusion)
    scores = per_class(confusion)
    precision, recall, f1 = (
        float(np.average(np.nan_to_num(values), weights=scores.support))
        for values in (scores.precision, scores.recall, scores.f1)
    )
    return precision, recall, f1


def _f1(confusion: Confusion) -> NDArray[np.float64]:
    """F1 as 2 TP / (2 TP + FP + FN): defined for every class that occurs anywhere."""
    return _share(2 * np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1))


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = np.full(len(whole), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def _require_faces(confusion: Confusion) -> None:
    if not confusion.sum():
        raise ValueError("A metric needs at least one face. Received: an empty confusion matrix")
