"""The person in a picture: proportions, colours and hair."""

import random
from dataclasses import dataclass

from occbench.dataset.drawing.anatomy import Proportions
from occbench.dataset.drawing.colours import (
    HAIR_COLOURS,
    IRIS_COLOURS,
    Colour,
    dim,
    mix,
    skin_tone,
    vary,
)
from occbench.dataset.drawing.randomness import random_for

_LONG_STYLES = ("long", "long", "bob", "bob", "tied", "parted", "curly")
_SHORT_STYLES = ("short", "short", "short", "parted", "parted", "shaved", "curly", "receding")


@dataclass(frozen=True)
class Identity:
    """What stays the same in all pictures of a person.

    Attributes:
        proportions: Shape of the resting face.
        skin: RGB, 0 to 255.
        lips: RGB, 0 to 255.
        hair: RGB, 0 to 255.
        iris: RGB, 0 to 255.
        hair_style: Name of a style in ``hair``.
        hairline: Height of the hairline above the eyes, in half face widths.
        parting: Where the hair is parted, -1 (viewer's left) to 1.
        brow_thickness: In half face widths.
        lashes: Strength of the upper lashes, 0 to 1.
        stubble: Strength of a shaven beard, 0 to 1.
        age: Depth of the lines of a resting face, 0 to 1.
        blush: Redness of the cheeks, 0 to 1.
    """

    proportions: Proportions
    skin: Colour
    lips: Colour
    hair: Colour
    iris: Colour
    hair_style: str
    hairline: float
    parting: float
    brow_thickness: float
    lashes: float
    stubble: float
    age: float
    blush: float


def sample_identity(*, identity: int, seed: int) -> Identity:
    """Gives the person that belongs to a number.

    Args:
        identity: Number of the person.
        seed: Number of the population.

    Returns:
        The same person for the same two numbers.
    """
    rng = random_for("identity", seed, identity)
    femininity = rng.random()
    darkness_fraction = rng.random()
    proportions = _sample_proportions(femininity, rng)
    skin = vary(skin_tone(darkness_fraction), 7, rng)
    hair = _sample_hair_colour(darkness_fraction, rng)
    style = rng.choice(_LONG_STYLES if femininity > 0.5 else _SHORT_STYLES)
    blood = (186, 62, 74) if femininity > 0.5 else (170, 74, 72)
    lips = mix(dim(skin, 0.86), blood, rng.uniform(0.3, 0.55) * (0.6 + 0.6 * femininity))
    dark_eyed = rng.random() < 0.35 + 1.3 * darkness_fraction
    beard_chance = 0.65 if femininity < 0.5 else 0.0
    return Identity(
        proportions=proportions,
        skin=skin,
        lips=lips,
        hair=hair,
        iris=vary(rng.choice(IRIS_COLOURS[:2] if dark_eyed else IRIS_COLOURS[2:]), 8, rng),
        hair_style=style,
        hairline=rng.uniform(0.86, 1.02),
        parting=rng.choice((-1, 1)) * rng.uniform(0.15, 0.5),
        brow_thickness=0.062 - 0.022 * femininity + rng.uniform(-0.008, 0.012),
        lashes=0.25 + 0.75 * femininity * rng.uniform(0.6, 1.0),
        stubble=rng.uniform(0.25, 1.0) if rng.random() < beard_chance else 0.0,
        age=rng.random() ** 1.6,
        blush=rng.uniform(0.3, 1.0),
    )


def _sample_proportions(femininity: float, rng: random.Random) -> Proportions:
    return Proportions(
        face_width=rng.uniform(0.95, 1.06) - 0.03 * femininity,
        jaw_width=rng.uniform(-0.06, 0.05) + 0.05 * (0.5 - femininity),
        chin_length=rng.uniform(-0.06, 0.06) + 0.06 * (0.5 - femininity),
        eye_size=rng.uniform(0.92, 1.08) + 0.10 * (femininity - 0.3),
        eye_spacing=rng.uniform(-0.02, 0.025),
        eye_tilt=rng.uniform(-0.012, 0.035),
        brow_height=rng.uniform(-0.03, 0.035) + 0.03 * (femininity - 0.5),
        brow_arch=rng.uniform(-0.02, 0.02) + 0.02 * (femininity - 0.5),
        nose_width=rng.uniform(0.85, 1.2),
        nose_length=rng.uniform(-0.05, 0.05),
        mouth_width=rng.uniform(0.88, 1.1),
        lip_fullness=rng.uniform(0.75, 1.12) + 0.15 * (femininity - 0.4),
        mouth_curve=rng.uniform(-0.024, 0.028),
    )


def _sample_hair_colour(darkness_fraction: float, rng: random.Random) -> Colour:
    grey_chance = 0.1
    if rng.random() < grey_chance:
        return vary(HAIR_COLOURS[-1], 5, rng)
    # Dark skin rarely comes with fair hair.
    fairest = max(2, round((1 - darkness_fraction) * 1.5 * (len(HAIR_COLOURS) - 1)))
    return vary(rng.choice(HAIR_COLOURS[: min(fairest, len(HAIR_COLOURS) - 1)]), 6, rng)
