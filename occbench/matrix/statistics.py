"""Intervals: how far an accuracy on n faces may lie from the accuracy on all faces."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


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
