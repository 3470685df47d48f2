"""Small statistics: the interval of a share, several seeds, and the words that numbers allow.

What compares cells face by face stands in ``paired``, ``bootstrap`` and ``gaps``, what looks at
scores in ``calibration``, and ``compare`` makes tables of all that from a finished matrix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean, stdev

NO_DIFFERENCE = "no difference shown"


@dataclass(frozen=True)
class Estimate:
    """A number computed from faces, and how far other faces of the same kind may move it.

    Attributes:
        value: of the faces at hand.
        low: lower end of the interval.
        high: upper end of it.
        confidence: how often such an interval is to hold the true value, 0..1.
        draws: resamples behind the interval.
        undefined: resamples that gave no value and are not among ``draws``.
    """

    value: float
    low: float
    high: float
    confidence: float
    draws: int
    undefined: int = 0

    @property
    def holds_zero(self) -> bool:
        """Whether the interval holds zero: then no difference is shown."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class SeedSpread:
    """What other seeds make of a number.

    Attributes:
        seeds: how many runs.
        mean: over them.
        sd: sample standard deviation (n - 1) of a single run; None with one seed.
        lowest: of the runs; None with one seed.
        highest: of the runs; None with one seed.
    """

    seeds: int
    mean: float
    sd: float | None
    lowest: float | None
    highest: float | None


@dataclass(frozen=True)
class ChoiceByTest:
    """What it is worth to choose an epoch by its test accuracy.

    Attributes:
        chosen: the epoch that was chosen without the test.
        best: the earliest of the epochs with the highest test accuracy.
        honest: test accuracy of ``chosen``, 0..1.
        flattered: test accuracy of ``best``.
    """

    chosen: int
    best: int
    honest: float
    flattered: float

    @property
    def gain(self) -> float:
        """``flattered`` less ``honest``, a fraction that is never negative."""
        return self.flattered - self.honest


def wilson(correct: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """The score interval of a share, (low, high) within 0..1.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference";
    method 3 in Newcombe 1998, "Two-sided confidence intervals for the single proportion".
    Its ends are the shares p for which the found share lies z standard errors
    sqrt(p (1 - p) / n) away.

    Args:
        correct: faces that are right.
        n: all faces.
        confidence: how often the interval is to hold the true share.

    Raises:
        ValueError: no faces, a count outside 0..n or a confidence outside 0..1.
    """
    if n <= 0 or not 0 <= correct <= n:
        raise ValueError(f"Expected 0 <= correct <= n, n > 0. Received: correct={correct}, n={n}")
    if not 0 < confidence < 1:
        raise ValueError(f"Expected 0 < confidence < 1. Received: confidence={confidence}")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    found = correct / n
    shrink = 1 + z**2 / n
    centre = (found + z**2 / (2 * n)) / shrink
    half = z / shrink * sqrt(found * (1 - found) / n + z**2 / (4 * n**2))
    # At the ends the closed form is exactly 0 or 1, but rounding is not.
    low = 0.0 if correct == 0 else centre - half
    high = 1.0 if correct == n else centre + half
    return low, high


def seed_spread(values: Sequence[float]) -> SeedSpread:
    """Mean, standard deviation and range of a number over its seeds.

    Args:
        values: one for each seed.

    Raises:
        ValueError: there is none.
    """
    if not values:
        raise ValueError("A spread needs the value of one seed or more. Received: values=[]")
    if len(values) == 1:
        return SeedSpread(1, float(values[0]), None, None, None)
    return SeedSpread(len(values), fmean(values), stdev(values), min(values), max(values))


def verdict(difference: float, low: float, high: float) -> str:
    """What an interval lets one say of a difference, such as ``4.2 points more``.

    It is ``no difference shown`` where the interval holds zero, its ends included: that says
    that these faces cannot tell, not that there is none.

    Args:
        difference: as a fraction; 0.042 is 4.2 points.
        low: lower end of its interval.
        high: upper end of it.

    Raises:
        ValueError: the ends are exchanged, or a number is not finite.
    """
    # A comparison with NaN is false, and infinities differ from themselves by NaN.
    if not (low <= high and difference - difference == 0):
        raise ValueError(
            "Expected low <= high and a finite difference. "
            f"Received: difference={difference}, low={low}, high={high}"
        )
    if low <= 0 <= high:
        return NO_DIFFERENCE
    points = f"{100 * abs(difference):.1f}"
    size = "less than 0.1" if points == "0.0" else points
    return f"{size} points {'more' if low > 0 else 'less'}"


def choice_by_test(accuracies: Mapping[int, float], chosen: int) -> ChoiceByTest:
    """What choosing among tested epochs by their test accuracy adds to the reported number.

    The highest of several accuracies on one test set is not an estimate of any epoch's accuracy
    on other faces: it is too high, and the more epochs were looked at, the more so.

    Args:
        accuracies: test accuracy, 0..1, by epoch, of every epoch that was looked at.
        chosen: the epoch that validation, or a rule fixed before, chose.

    Raises:
        ValueError: the chosen epoch has no accuracy.
    """
    if chosen not in accuracies:
        raise ValueError(
            f"The chosen epoch must be among those tested, {sorted(accuracies)}. "
            f"Received: chosen={chosen}"
        )
    best = min(accuracies, key=lambda epoch: (-accuracies[epoch], epoch))
    return ChoiceByTest(chosen, best, accuracies[chosen], accuracies[best])
