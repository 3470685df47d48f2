"""Facial action units as movements of the 68 landmarks."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from occbench.dataset.drawing.curves import Points

Activation = Mapping[int, tuple[float, float]]

# The landmark on the other side of the face, in the order of iBUG 300-W (Sagonas et al. 2013).
MIRROR: tuple[int, ...] = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *(27, 28, 29, 30),
    *(35, 34, 33, 32, 31),
    *(45, 44, 43, 42, 47, 46),
    *(39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
)

# What each action unit moves is described in Ekman, Friesen and Hager, "Facial Action Coding
# System" (2002); the amounts are chosen here. Movement (x, y) of the viewer's left half and of
# the midline at full intensity, in half face widths; x points right and y down.
MOVEMENTS: Mapping[int, Mapping[int, tuple[float, float]]] = {
    1: {18: (0, -0.02), 19: (0, -0.08), 20: (0, -0.15), 21: (0, -0.19), 38: (0, -0.01)},
    2: {17: (0, -0.11), 18: (0, -0.16), 19: (0, -0.14), 20: (0, -0.07), 21: (0, -0.02)},
    4: {
        17: (0, 0.015), 18: (0.015, 0.045), 19: (0.03, 0.08), 20: (0.045, 0.10),
        21: (0.05, 0.10), 37: (0, 0.01), 38: (0, 0.015),
    },
    5: {37: (0, -0.052), 38: (0, -0.052), 40: (0, 0.012), 41: (0, 0.012)},
    6: {17: (0, 0.01), 37: (0, 0.016), 38: (0, 0.01), 40: (0, -0.034), 41: (0, -0.04)},
    7: {37: (0, 0.03), 38: (0, 0.032), 40: (0, -0.032), 41: (0, -0.03)},
    9: {
        18: (0, 0.02), 19: (0.01, 0.04), 20: (0.02, 0.06), 21: (0.03, 0.07), 29: (0, -0.02),
        30: (0, -0.03), 31: (-0.02, -0.05), 32: (-0.005, -0.045), 33: (0, -0.035),
        37: (0, 0.018), 38: (0, 0.02), 40: (0, -0.03), 41: (0, -0.022), 49: (-0.01, -0.04),
        50: (-0.01, -0.05), 51: (0, -0.04), 61: (0, -0.02), 62: (0, -0.02),
    },
    10: {
        31: (-0.03, -0.02), 32: (-0.01, -0.01), 48: (-0.02, 0.0), 49: (-0.03, -0.075),
        50: (-0.015, -0.08), 51: (0, -0.06), 60: (-0.01, -0.01), 61: (-0.01, -0.06),
        62: (0, -0.05),
    },
    11: {31: (-0.01, -0.01), 49: (-0.015, -0.02)},
    12: {
        3: (-0.02, -0.01), 4: (-0.025, -0.01), 31: (-0.02, -0.01), 40: (0, -0.01),
        41: (0, -0.012), 48: (-0.14, -0.18), 49: (-0.07, -0.075), 50: (-0.02, 0.0),
        51: (0, 0.015), 58: (-0.03, -0.015), 59: (-0.08, -0.095), 60: (-0.12, -0.16),
        61: (-0.03, -0.01), 62: (0, 0.012), 67: (-0.03, -0.015),
    },
    14: {48: (-0.06, -0.025), 49: (-0.02, 0.01), 59: (-0.03, -0.02), 60: (-0.05, -0.02)},
    15: {
        48: (-0.01, 0.11), 49: (0, 0.025), 58: (0, 0.02), 59: (0, 0.075), 60: (-0.005, 0.085),
        61: (0, 0.01), 67: (0, 0.01),
    },
    17: {
        6: (0, -0.02), 7: (0, -0.04), 8: (0, -0.05), 48: (0, 0.015), 49: (0, -0.015),
        50: (0, -0.03), 51: (0, -0.03), 57: (0, -0.05), 58: (0, -0.055), 59: (0, -0.02),
        60: (0, 0.01), 61: (0, -0.025), 62: (0, -0.028), 66: (0, -0.028), 67: (0, -0.025),
    },
    20: {
        4: (-0.02, 0), 48: (-0.13, 0.035), 49: (-0.06, 0.02), 50: (-0.02, 0.015),
        57: (0, 0.01), 58: (-0.03, 0.01), 59: (-0.07, 0.005), 60: (-0.115, 0.03),
        61: (-0.04, 0.01), 67: (-0.04, 0.01),
    },
    23: {
        48: (0.05, 0), 49: (0.03, 0.02), 50: (0.01, 0.03), 51: (0, 0.025), 57: (0, -0.04),
        58: (0.01, -0.04), 59: (0.03, -0.03), 60: (0.045, 0),
    },
    24: {
        48: (0.03, 0), 49: (0.015, 0.04), 50: (0, 0.06), 51: (0, 0.055), 57: (0, -0.11),
        58: (0, -0.105), 59: (0.015, -0.06), 60: (0.025, 0),
    },
    25: {
        50: (0, -0.012), 51: (0, -0.012), 57: (0, 0.045), 58: (0, 0.045), 59: (0, 0.02),
        61: (0, -0.025), 62: (0, -0.022), 66: (0, 0.055), 67: (0, 0.05),
    },
    26: {
        3: (0.005, 0.03), 4: (0.005, 0.09), 5: (0, 0.15), 6: (0, 0.19), 7: (0, 0.21),
        8: (0, 0.225), 48: (0.05, 0.09), 49: (0.03, 0.01), 57: (0, 0.265), 58: (-0.005, 0.26),
        59: (0.015, 0.215), 60: (0.05, 0.10), 61: (0.01, 0), 66: (0, 0.28), 67: (-0.015, 0.265),
    },
}  # fmt: skip


@cache
def _one_sided(action_unit: int) -> tuple[Points, Points]:
    left = np.zeros((68, 2))
    for point, movement in MOVEMENTS[action_unit].items():
        # Each half of the face moves a point of the midline by half.
        left[point] = np.asarray(movement) / (2 if MIRROR[point] == point else 1)
    right = left[list(MIRROR)] * (-1, 1)
    return left, right


def action_unit_displacement(activation: Activation) -> Points:
    """Gives where the muscles move the landmarks of a face seen from the front.

    Args:
        activation: For each action unit the intensity, 0 to 1, on the viewer's left and right.

    Returns:
        Shape ``(68, 2)``, float64, in half face widths; x points right and y down.
    """
    displacement = np.zeros((68, 2))
    for action_unit, (on_left, on_right) in activation.items():
        left, right = _one_sided(action_unit)
        displacement += on_left * left + on_right * right
    return displacement


def keep_in_order(points: Points) -> Points:
    """Gives landmarks whose lids, lips and brows do not pass through each other.

    Args:
        points: Shape ``(68, d)``, x and y first, in half face widths, seen from the front.

    Returns:
        A copy of the same shape: lips touch at least, eyes stay open a little, brows stay above
        the eyes and on their side.
    """
    p = points.copy()
    _spread(p, upper=[61, 62, 63], lower=[67, 66, 65], gap=0.006)
    _spread(p, upper=[37, 38, 43, 44], lower=[41, 40, 47, 46], gap=0.05)
    p[[49, 50, 52, 53], 1] = np.minimum(p[[49, 50, 52, 53], 1], p[[61, 61, 63, 63], 1] - 0.022)
    p[51, 1] = min(p[51, 1], p[62, 1] - 0.022)
    p[[58, 57, 56], 1] = np.maximum(p[[58, 57, 56], 1], p[[67, 66, 65], 1] + 0.03)
    lids = p[[37, 37, 37, 38, 38, 43, 43, 44, 44, 44], 1]
    p[17:27, 1] = np.minimum(p[17:27, 1], lids - 0.07)
    p[21, 0], p[22, 0] = min(p[21, 0], -0.05), max(p[22, 0], 0.05)
    return p


def _spread(points: Points, *, upper: list[int], lower: list[int], gap: float) -> None:
    missing = np.maximum(0.0, gap - (points[lower, 1] - points[upper, 1]))
    points[upper, 1] -= missing / 2
    points[lower, 1] += missing / 2
