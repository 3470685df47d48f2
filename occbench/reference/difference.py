"""The interval of the difference of two independent shares."""

from __future__ import annotations

from math import sqrt

from occbench.matrix.statistics import wilson


def newcombe(
    correct: int, n: int, other_correct: int, other_n: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """The interval of ``correct / n - other_correct / other_n``, (low, high) within -1..1.

    Newcombe 1998, "Interval estimation for the difference between independent proportions:
    comparison of eleven methods", method 10: with Wilson intervals (l1, u1) and (l2, u2) around p1
    and p2 it reaches from ``p1 - p2 - sqrt((p1 - l1)^2 + (u2 - p2)^2)`` to
    ``p1 - p2 + sqrt((u1 - p1)^2 + (p2 - l2)^2)``.

    The two numbers of faces are taken as drawn apart. Two networks on the same faces are right
    together more often than that, so for them the interval is wider than it need be.

    Args:
        correct: faces that are right.
        n: all faces.
        other_correct: likewise for the share that is taken off.
        other_n: likewise.
        confidence: how often the interval is to hold the true difference.

    Raises:
        ValueError: no faces, a count outside 0..n or a confidence outside 0..1.
    """
    first, second = correct / n if n else 0.0, other_correct / other_n if other_n else 0.0
    low, high = wilson(correct, n, confidence=confidence)
    other_low, other_high = wilson(other_correct, other_n, confidence=confidence)
    below = sqrt((first - low) ** 2 + (other_high - second) ** 2)
    above = sqrt((high - first) ** 2 + (second - other_low) ** 2)
    return first - second - below, first - second + above
