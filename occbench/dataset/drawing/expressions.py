"""The eight expressions as action units, and how a picture's intensities are chosen."""

import random
from dataclasses import dataclass

from occbench.dataset.drawing.action_units import MOVEMENTS, Activation

EXPRESSIONS: tuple[str, ...] = (
    "neutral",
    "happiness",
    "sadness",
    "surprise",
    "fear",
    "disgust",
    "anger",
    "contempt",
)


@dataclass(frozen=True)
class Component:
    """One action unit of an expression.

    Attributes:
        action_unit: Number in the Facial Action Coding System.
        strength: Intensity at the expression's full intensity, 0 to 1.
        chance: Probability that the action unit joins in.
    """

    action_unit: int
    strength: float
    chance: float = 1.0


# The action units of the six basic emotions are those of Du, Tao and Martinez, "Compound facial
# expressions of emotion" (PNAS 2014), Table 1; those which only some people show there join in
# more rarely. Action unit 1 in sadness, 5 in fear and anger, and the one-sided 12 and 14 of
# contempt follow EMFACS (Ekman and Friesen 1983) and Lucey et al., "The Extended Cohn-Kanade
# Dataset" (CVPRW 2010), Table 1. Action unit 7 in disgust and 17 in contempt are added here as
# variations; strengths and chances are chosen here too.
PROTOTYPES: dict[str, tuple[Component, ...]] = {
    "neutral": (),
    "happiness": (Component(12, 1.0), Component(25, 0.85, 0.75), Component(6, 0.9, 0.6)),
    "sadness": (
        Component(4, 0.7, 0.9),
        Component(15, 0.95, 0.75),
        Component(1, 0.95, 0.9),
        Component(17, 0.7, 0.45),
        Component(6, 0.3, 0.3),
        Component(11, 0.6, 0.25),
    ),
    "surprise": (
        Component(1, 1.0, 0.9),
        Component(2, 1.0, 0.9),
        Component(25, 0.9, 0.95),
        Component(26, 0.95, 0.9),
        Component(5, 0.8, 0.65),
    ),
    "fear": (
        Component(1, 0.95, 0.95),
        Component(4, 0.75, 0.9),
        Component(20, 0.9, 0.7),
        Component(25, 0.9, 0.8),
        Component(2, 0.6, 0.6),
        Component(5, 1.0, 0.8),
        Component(26, 0.4, 0.35),
    ),
    "disgust": (
        Component(9, 1.0, 0.9),
        Component(10, 0.95, 0.9),
        Component(17, 0.6, 0.7),
        Component(4, 0.4, 0.3),
        Component(7, 0.4, 0.3),
        Component(24, 0.4, 0.25),
    ),
    "anger": (
        Component(4, 1.0),
        Component(7, 0.8, 0.9),
        Component(24, 0.95, 0.7),
        Component(5, 0.6, 0.3),
        Component(17, 0.5, 0.45),
        Component(23, 0.7, 0.3),
        Component(10, 0.5, 0.25),
    ),
    "contempt": (Component(12, 0.85, 0.95), Component(14, 1.0, 0.9), Component(17, 0.3, 0.25)),
}
ONE_SIDED: frozenset[tuple[str, int]] = frozenset({("contempt", 12), ("contempt", 14)})

_WEAKEST_INTENSITY = 0.4
_BLEND_CHANCE = 0.4
_STRAY_CHANCE = 0.09


def sample_activation(expression: str, rng: random.Random) -> Activation:
    """Gives the intensities of the action units in one picture of an expression.

    The picture's intensity lies between 0.4 and 1; every action unit strays from it, the two
    sides of the face differ, and as in faces that are not posed a trace of a second expression or
    of single action units may join in.

    Args:
        expression: One of ``EXPRESSIONS``.
        rng: The picture's generator.

    Returns:
        For each action unit the intensity, 0 to 1, on the viewer's left and right.
    """
    activation: dict[int, tuple[float, float]] = {}
    for action_unit in MOVEMENTS:
        if rng.random() < _STRAY_CHANCE:
            stray = rng.uniform(0.05, 0.35)
            _strengthen(activation, action_unit, (stray, stray))
    if rng.random() < _BLEND_CHANCE:
        _express(activation, rng.choice(EXPRESSIONS), rng.uniform(0.1, 0.35), rng)
    _express(activation, expression, rng.uniform(_WEAKEST_INTENSITY, 1.0), rng)
    return activation


def _express(
    activation: dict[int, tuple[float, float]],
    expression: str,
    intensity: float,
    rng: random.Random,
) -> None:
    stronger_side = rng.choice((0, 1))
    for part in PROTOTYPES[expression]:
        joins, strength = rng.random() < part.chance, part.strength * rng.uniform(0.6, 1.2)
        sides = [intensity * strength * rng.uniform(0.85, 1.15) for _ in range(2)]
        if (expression, part.action_unit) in ONE_SIDED:
            sides[1 - stronger_side] *= rng.uniform(0.0, 0.3)
        if joins:
            _strengthen(activation, part.action_unit, (sides[0], sides[1]))


def _strengthen(
    activation: dict[int, tuple[float, float]], action_unit: int, by: tuple[float, float]
) -> None:
    left, right = activation.get(action_unit, (0.0, 0.0))
    activation[action_unit] = (min(left + by[0], 1.0), min(right + by[1], 1.0))
