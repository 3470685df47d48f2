"""What scores are worth: calibration, selective prediction, and classes that are never named.

Scores are float ``(N, K)``. A face's confidence is its highest score, and the class that has it
is the answer; of equal ones the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from occbench.errors import DataError
from occbench.matrix.metrics import Confusion

BINS = 15
# Probabilities in half precision may exceed 1 by rounding.
_ROUNDING = 1e-3


@dataclass(frozen=True, eq=False)
class Reliability:
    """How often answers of each confidence are right: the numbers of a reliability diagram.

    Attributes:
        edges: float64 ``(M + 1,)`` from 0 to 1; bin m goes from above edge m to edge m + 1, and
            the first one holds 0 too.
        faces: int64 ``(M,)``, faces in each bin.
        confidence: float64 ``(M,)``, their mean confidence; NaN in an empty bin.
        accuracy: float64 ``(M,)``, the share of them that is right; NaN in an empty bin.
        error: expected calibration error, 0..1: the mean over all faces of the distance between
            accuracy and confidence of their bin.
        overconfidence: mean confidence less accuracy of all faces; negative is too modest.
    """

    edges: NDArray[np.float64]
    faces: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    error: float
    overconfidence: float


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """What share of answers is wrong if only the most confident ones are given.

    Attributes:
        coverage: float64 ``(N,)``, the share of faces that get an answer, 1/N to 1.
        risk: float64 ``(N,)``, the share of these answers that is wrong.
        area: mean of ``risk``, the area under the curve; smaller is better.
        least: the area if every wrong answer were less confident than every right one. What
            ``area`` has above it is what confidence fails to tell.
    """

    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]
    area: float
    least: float


def reliability(labels: ArrayLike, scores: ArrayLike, *, bins: int = BINS) -> Reliability:
    """Expected calibration error and reliability diagram over bins of equal width.

    Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks", equation 3
    and, for 15 bins, section 5. It depends on the number of bins, and few faces make it larger:
    compare it between columns of the same faces, and at the same number of bins.

    Args:
        labels: true class numbers, integers ``(N,)``.
        scores: probabilities ``(N, K)``.
        bins: M.

    Raises:
        DataError: the highest scores are no probabilities, as logits are not, or no numbers.
        ValueError: there is no face, the arrays do not fit together, or no bin.
    """
    confidence, right = _answers(labels, scores)
    if bins < 1:
        raise ValueError(f"Expected one bin or more. Received: bins={bins}")
    if confidence.min() < 0 or confidence.max() > 1 + _ROUNDING:
        raise DataError(
            f"The highest scores go from {confidence.min():.3g} to {confidence.max():.3g}; "
            "calibration needs probabilities of 0 to 1. Apply a softmax to the scores."
        )
    confidence = np.minimum(confidence, 1)
    edges = np.linspace(0, 1, bins + 1)
    place = np.maximum(np.searchsorted(edges, confidence, side="left") - 1, 0)
    faces = np.bincount(place, minlength=bins)
    means = np.full((2, bins), np.nan)
    for row, values in enumerate((confidence, right)):
        total = np.bincount(place, weights=values, minlength=bins)
        np.divide(total, faces, out=means[row], where=faces > 0)
    distance = np.abs(means[1] - means[0])[faces > 0]
    return Reliability(
        edges=edges,
        faces=faces.astype(np.int64),
        confidence=means[0],
        accuracy=means[1],
        error=float(distance @ faces[faces > 0] / faces.sum()),
        overconfidence=float(confidence.mean() - right.mean()),
    )


def risk_coverage(labels: ArrayLike, scores: ArrayLike) -> RiskCoverage:
    """The risk-coverage curve and the area under it.

    Geifman and El-Yaniv 2017, "Selective classification for deep neural networks", with the
    highest score as confidence; the area and its least value: Geifman, Uziel and El-Yaniv 2019,
    "Bias-reduced uncertainty estimation for deep neural classifiers". Faces of equal confidence
    stand in no order: a curve that takes some of them shows the mean over all orders.

    Args:
        labels: true class numbers, integers ``(N,)``.
        scores: ``(N, K)``, on any scale.

    Raises:
        DataError: a score is no number.
        ValueError: there is no face, or the arrays do not fit together.
    """
    confidence, right = _answers(labels, scores)
    levels, level = np.unique(-confidence, return_inverse=True)
    faces = np.bincount(level, minlength=len(levels))
    wrong = np.bincount(level, weights=1 - right, minlength=len(levels))
    taken = np.arange(1, right.size + 1)
    risk = np.cumsum(np.repeat(wrong / faces, faces)) / taken
    misses = round(float(wrong.sum()))
    best = np.maximum(taken - (right.size - misses), 0) / taken
    return RiskCoverage(taken / right.size, risk, float(risk.mean()), float(best.mean()))


def collapse(confusion: Confusion) -> float:
    """How far the answers are from the true shares of the classes, 0..1.

    It is the total variation distance, half the sum over the classes of the absolute difference
    between the share of answers and the share of faces (Levin, Peres and Wilmer 2009, "Markov
    chains and mixing times", proposition 4.2): the share of answers that would have to change
    to give every class as many as it has faces. Always answering one of K classes of equal size
    gives 1 - 1 / K. It says nothing of which answers are right.

    Raises:
        ValueError: there is no face.
    """
    n = int(confusion.sum())
    if not n:
        raise ValueError("Expected one face or more. Received: an empty confusion matrix")
    moved = np.abs(confusion.sum(axis=0) - confusion.sum(axis=1)).sum()
    return int(moved) / (2 * n)


def dead_classes(confusion: Confusion) -> tuple[int, ...]:
    """The numbers of the classes that have a face but are never the answer."""
    dead = (confusion.sum(axis=1) > 0) & (confusion.sum(axis=0) == 0)
    return tuple(np.flatnonzero(dead).tolist())


def _answers(
    labels: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The confidence of each face, and 1 where its answer is right, else 0."""
    truth, found = np.asarray(labels), np.asarray(scores, np.float64)
    if found.ndim != 2 or not found.size or truth.shape != found.shape[:1]:
        raise ValueError(
            "Expected labels (N,) and scores (N, K) with one face or more. "
            f"Received: labels {truth.shape}, scores {found.shape}"
        )
    if not np.isfinite(found).all():
        raise DataError(
            "The scores hold NaN or infinity; expected numbers. Look at the alarms of the run, and "
            "train it again."
        )
    return found.max(axis=1), (found.argmax(axis=1) == truth).astype(np.float64)
