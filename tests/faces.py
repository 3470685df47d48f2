"""Random but plausible landmarks, typed by hand and turned, scaled and moved.

Nothing here is taken from the package, so that a fault there cannot hide in the test data.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import strategies as st

# A frontal face in half temple distances, from the point between the eyes: the viewer's left
# half, and the points on the midline.
_LEFT = {
    0: (-1.0, 0.05),
    1: (-0.98, 0.3),
    2: (-0.94, 0.55),
    3: (-0.87, 0.8),
    4: (-0.75, 1.05),
    5: (-0.6, 1.25),
    6: (-0.4, 1.42),
    7: (-0.2, 1.53),
    17: (-0.8, -0.2),
    18: (-0.68, -0.32),
    19: (-0.52, -0.36),
    20: (-0.35, -0.33),
    21: (-0.18, -0.27),
    31: (-0.2, 0.6),
    32: (-0.1, 0.63),
    36: (-0.62, 0.02),
    37: (-0.52, -0.06),
    38: (-0.38, -0.06),
    39: (-0.26, 0.03),
    40: (-0.38, 0.07),
    41: (-0.51, 0.07),
    48: (-0.4, 0.97),
    49: (-0.25, 0.9),
    50: (-0.1, 0.87),
    58: (-0.11, 1.16),
    59: (-0.27, 1.09),
    60: (-0.34, 0.97),
    61: (-0.12, 0.96),
    67: (-0.12, 1.0),
}
_MIDDLE = {8: 1.56, 27: 0.0, 28: 0.17, 29: 0.34, 30: 0.5, 33: 0.66, 51: 0.89, 57: 1.17}
_MIDDLE |= {62: 0.97, 66: 1.0}
_PARTNERS = (
    [(point, 16 - point) for point in range(8)]
    + [(17 + point, 26 - point) for point in range(5)]
    + [(31, 35), (32, 34), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    + [(48, 54), (49, 53), (50, 52), (58, 56), (59, 55), (60, 64), (61, 63), (67, 65)]
)


def _frontal() -> np.ndarray:
    points = np.full((68, 2), np.nan)
    for point, y in _MIDDLE.items():
        points[point] = 0.0, y
    for left, right in _PARTNERS:
        x, y = _LEFT[left]
        points[left], points[right] = (x, y), (-x, y)
    return points


FRONTAL = _frontal()


def face(
    rng: np.random.Generator,
    *,
    width: tuple[float, float] = (80, 200),
    roll: float = 0.5,
    centre: tuple[float, float] = (112, 90),
    spread: float = 20,
) -> np.ndarray:
    """One random face as float64 ``(68, 2)``.

    Args:
        rng: the source of chance.
        width: range of the temple distance in pixels, before noise.
        roll: largest turn in radians.
        centre: where the point between the eyes lies on average.
        spread: how far it may lie from there.
    """
    points = FRONTAL * rng.uniform((0.95, 0.9), (1.05, 1.1)) + rng.normal(0, 0.02, (68, 2))
    points = turned(points, rng.uniform(-roll, roll)) * rng.uniform(*width) / 2
    return points + centre + rng.uniform(-spread, spread, 2)


def faces(count: int, seed: int, **options: object) -> Iterator[np.ndarray]:
    """Random faces, the same for the same seed."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield face(rng, **options)


def turned(points: np.ndarray, angle: float, about: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Points turned clockwise on screen by an angle in radians, written out per coordinate."""
    x, y = points[..., 0] - about[0], points[..., 1] - about[1]
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack([about[0] + cosine * x - sine * y, about[1] + sine * x + cosine * y], axis=-1)


def quarter_turned(points: np.ndarray, size: int) -> np.ndarray:
    """Points of a square image of ``size`` pixels as ``np.rot90`` would move them: exactly."""
    return np.stack([points[..., 1], size - 1 - points[..., 0]], axis=-1)


def mirrored(points: np.ndarray, width: int) -> np.ndarray:
    """Points in the flipped image, not renumbered: what a careless augmentation makes."""
    return np.stack([width - 1 - points[..., 0], points[..., 1]], axis=-1)


def renumbered(points: np.ndarray) -> np.ndarray:
    """The points of a flipped face in the order that the scheme wants."""
    order = np.arange(68)
    for left, right in _PARTNERS:
        order[left], order[right] = right, left
    return points[order]


def level_face(width: float, centre: tuple[float, float]) -> np.ndarray:
    """A face without roll whose temple distance and eye centre are round numbers."""
    return FRONTAL * width / 2 + (centre[0], centre[1] - 0.02 * width / 2)


@st.composite
def random_faces(draw: st.DrawFn, **options: object) -> np.ndarray:
    """Hypothesis strategy of random faces."""
    return face(np.random.default_rng(draw(st.integers(0, 2**32 - 1))), **options)
