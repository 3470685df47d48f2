"""Tests of two cells on the same faces: exact McNemar, and Holm's correction over many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from occbench.errors import DataError
from occbench.matrix.statistics import NO_DIFFERENCE, Estimate, verdict
from occbench.training.predictions import Predictions


@dataclass(frozen=True)
class McNemar:
    """The faces on which two cells disagree about right and wrong, and the exact test on them.

    Attributes:
        only_first: faces that are right in the first cell and wrong in the second.
        only_second: faces that are right in the second cell and wrong in the first.
        p: two-sided p-value of "a discordant face is as likely to be the one as the other".
    """

    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True)
class PairedDifference:
    """A difference between two places of a matrix, with its interval and its test.

    Attributes:
        difference: first less second, a fraction.
        by_seed: McNemar's test of the two runs of each seed.
        adjusted: ``p`` after Holm's correction over its table.
    """

    difference: Estimate
    by_seed: tuple[McNemar, ...]
    adjusted: float

    @property
    def p(self) -> float:
        """The largest p-value of the seeds: small only if each seed shows a difference."""
        return largest_p(self.by_seed)

    @property
    def shown(self) -> bool:
        """Whether a difference is shown, by the interval and by the adjusted test together."""
        least = 1 - self.difference.confidence
        return not self.difference.holds_zero and self.adjusted <= least

    @property
    def verdict(self) -> str:
        """``4.2 points more`` or ``less``, of the first; or ``no difference shown``."""
        found = self.difference
        return verdict(found.value, found.low, found.high) if self.shown else NO_DIFFERENCE


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """McNemar's test without approximation, from the two counts of discordant faces.

    Under the hypothesis each discordant face falls on either side with probability 1/2
    (McNemar 1947, "Note on the sampling error of the difference between correlated proportions
    or percentages"; the exact form is the conditional test in Fagerland, Lydersen and Laake
    2013, "The McNemar test for binary matched-pairs data"). Without a discordant face p is 1.
    It takes faces as independent, so where several show one person it is too small.

    Raises:
        ValueError: a count is negative.
    """
    if min(only_first, only_second) < 0:
        raise ValueError(
            "Expected counts of faces. "
            f"Received: only_first={only_first}, only_second={only_second}"
        )
    n = only_first + only_second
    return McNemar(only_first, only_second, _binomial(only_first, n) if n else 1.0)


def mcnemar_right(first: ArrayLike, second: ArrayLike) -> McNemar:
    """McNemar's test from which faces are right.

    Args:
        first: bool ``(N,)``, of the first cell.
        second: bool ``(N,)``, the same faces in the same order in the second.

    Raises:
        ValueError: the arrays are no two bool vectors of one length.
    """
    one, other = np.asarray(first), np.asarray(second)
    if one.shape != other.shape or one.ndim != 1 or {one.dtype, other.dtype} != {np.dtype(bool)}:
        raise ValueError(
            "Expected two bool vectors of one length. Received: "
            f"first of {one.dtype} {one.shape}, second of {other.dtype} {other.shape}"
        )
    return mcnemar(int((one & ~other).sum()), int((other & ~one).sum()))


def mcnemar_of(first: Predictions, second: Predictions) -> McNemar:
    """McNemar's test of two files of predictions, face by face whatever their order.

    Two runs on one variant compare two rows of a matrix, two variants of one run two columns.

    Raises:
        DataError: they are not of the same faces, hold a face twice, or know other true classes.
    """
    for found, side in ((first, "first"), (second, "second")):
        if len(set(found.ids)) != len(found.ids):
            raise DataError(f"The {side} predictions hold a face twice; expected each once.")
    strange = sorted(set(first.ids) ^ set(second.ids))
    if strange:
        raise DataError(
            f"The face '{strange[0]}' stands in only one of two predictions; expected the same "
            "faces in both. Predict both again for the same test part."
        )
    second = second.of(first.ids)
    other = np.flatnonzero(first.labels != second.labels)
    if other.size:
        raise DataError(
            f"The face '{first.ids[other[0]]}' has another true class in the second predictions; "
            "expected both from one manifest. Predict both again."
        )
    return mcnemar_right(first.predicted == first.labels, second.predicted == second.labels)


def largest_p(by_seed: Sequence[McNemar]) -> float:
    """The p-value of several seeds together: the largest of theirs.

    It tests "some seed has no difference" and needs no independence of the seeds, which are
    tested on the same faces (intersection-union test: Berger 1982, "Multiparameter hypothesis
    testing and acceptance sampling").
    """
    return max(test.p for test in by_seed)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values of a family, adjusted so that one false claim in it is as rare as one alone.

    With m values in ascending order, the i-th is multiplied by m + 1 - i, is at least as large as
    those before it, and at most 1 (Holm 1979, "A simple sequentially rejective multiple test
    procedure"). It holds however the tests depend on each other.

    Args:
        p_values: of all comparisons that were made, also of those not worth telling.

    Returns:
        The adjusted ones, in the order given.

    Raises:
        ValueError: a value lies outside 0..1.
    """
    values = np.asarray(p_values, np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"Expected p-values in 0..1. Received: p_values={list(p_values)}")
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1)
    return tuple(adjusted.tolist())


def _binomial(successes: int, n: int) -> float:
    # SciPy takes a second to import, which no command should wait for that tests nothing.
    from scipy.stats import binomtest

    return float(binomtest(successes, n).pvalue)
