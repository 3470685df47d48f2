"""Tests of two places on the same faces: exact McNemar, several seeds together, and Holm.

McNemar's test is that of one seed. Of several seeds a face has a whole number, how many of them
have it right in the first place less in the second, and one exact test takes all faces together.
"""

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
class Trial:
    """The test of two places of a matrix on the same faces.

    Attributes:
        by_seed: McNemar's test of the two runs of each seed.
        p: two-sided p-value of all seeds together; with one seed that of McNemar's test.
    """

    by_seed: tuple[McNemar, ...]
    p: float


@dataclass(frozen=True)
class PairedDifference:
    """A difference between two places of a matrix, with its interval and its test.

    Attributes:
        difference: first less second, a fraction.
        trial: the test of it.
        adjusted: the trial's p after Holm's correction over its table.
    """

    difference: Estimate
    trial: Trial
    adjusted: float

    @property
    def by_seed(self) -> tuple[McNemar, ...]:
        """McNemar's test of the two runs of each seed."""
        return self.trial.by_seed

    @property
    def p(self) -> float:
        """The p-value of all seeds together, before the correction."""
        return self.trial.p

    @property
    def shown(self) -> bool:
        """Whether a difference is shown, by the interval and by the adjusted test together."""
        least = 1 - self.difference.confidence
        return not self.difference.holds_zero and self.adjusted <= least

    @property
    def verdict(self) -> str:
        """``4.2 points more`` or ``less``, of the first; else why no difference is named.

        That is ``no difference shown`` where the interval holds zero, and ``not shown after
        Holm's correction (p 0.080)`` where only the adjusted test does not show one.
        """
        found = self.difference
        if self.shown:
            return verdict(found.value, found.low, found.high)
        if found.holds_zero:
            return NO_DIFFERENCE
        return f"not shown after Holm's correction (p {self.adjusted:.3f})"


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


def trial(first: ArrayLike, second: ArrayLike) -> Trial:
    """The test of two places over their seeds, from which faces are right.

    Args:
        first: bool ``(S, N)``, the runs of S seeds in the first place.
        second: bool ``(S, N)``, the same seeds and faces in the same order in the second.

    Raises:
        ValueError: the arrays are no two tables of bool of one shape with a seed.
    """
    one, other = np.asarray(first), np.asarray(second)
    if one.shape != other.shape or one.ndim != 2 or not len(one):
        raise ValueError(
            "Expected two tables of bool of one shape, a row per seed. Received: "
            f"first of {one.shape}, second of {other.shape}"
        )
    by_seed = tuple(mcnemar_right(a, b) for a, b in zip(one, other, strict=True))
    return Trial(by_seed, signs_p(one.sum(axis=0) - other.sum(axis=0)))


def signs_p(counts: ArrayLike) -> float:
    """The exact p-value of "each face favours either place alike", from a count per face.

    A face counts how many seeds have it right in the first place less how many in the second. If
    the places were equally good, the sign of each count would fall like a coin, its size given,
    so the sum of the counts has a known distribution (the test of randomised signs: Fisher 1935,
    "The Design of Experiments", section 21). The n faces of size m add m (2 B - n), B being
    binomial; sizes are independent. p is twice the smaller tail, at most 1. With one seed all
    sizes are 0 or 1, and this is McNemar's test. The seeds of a face need not be independent,
    faces are taken to be.

    Args:
        counts: int ``(N,)``.

    Raises:
        ValueError: the counts are no whole numbers.
    """
    found = np.asarray(counts)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise ValueError(f"Expected a whole number per face. Received: {found.dtype} {found.shape}")
    sizes = np.bincount(np.abs(found))
    # Half the distance from the least sum: how much the faces of the rarer sign make up.
    low = int(np.abs(found).sum() - abs(int(found.sum()))) // 2
    return min(1.0, 2 * _lower_tail(sizes.tolist(), low))


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


def _lower_tail(sizes: Sequence[int], low: int) -> float:
    """P(sum over m of m B_m <= low), each B_m binomial of ``sizes[m]`` faces and 1/2."""
    # SciPy takes a second to import, which no command should wait for that tests nothing.
    from scipy.stats import binom

    ones = sizes[1] if len(sizes) > 1 else 0
    larger = np.ones(1)
    for size, faces in enumerate(sizes[2:], start=2):
        if faces:
            few = np.arange(min(faces, low // size) + 1)
            steps = np.zeros(size * len(few))
            steps[few * size] = binom.pmf(few, faces, 0.5)
            larger = np.convolve(larger, steps)[: low + 1]
    return float(larger @ binom.cdf(low - np.arange(len(larger)), ones, 0.5))
