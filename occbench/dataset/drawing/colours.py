"""Colours of skin, hair, eyes and cloth, and how to mix them."""

import random

Colour = tuple[int, int, int]

# From light to dark, spread like the ten steps of the Monk Skin Tone scale (Monk 2019), with
# the tones chosen here.
SKIN_TONES: tuple[Colour, ...] = (
    (252, 222, 198),
    (246, 208, 180),
    (236, 190, 156),
    (222, 170, 132),
    (198, 148, 112),
    (172, 121, 88),
    (143, 97, 68),
    (114, 75, 52),
    (96, 63, 46),
    (80, 53, 41),
)
HAIR_COLOURS: tuple[Colour, ...] = (
    (32, 26, 25),
    (46, 33, 27),
    (74, 50, 36),
    (112, 76, 48),
    (150, 106, 64),
    (205, 165, 105),
    (150, 72, 38),
    (150, 146, 142),
)
IRIS_COLOURS: tuple[Colour, ...] = (
    (70, 44, 28),
    (98, 62, 34),
    (120, 92, 50),
    (92, 112, 70),
    (84, 122, 152),
    (110, 124, 136),
)
CLOTH_COLOURS: tuple[Colour, ...] = (
    (44, 62, 92),
    (120, 44, 52),
    (58, 92, 78),
    (206, 200, 188),
    (52, 52, 56),
    (186, 132, 60),
    (110, 128, 158),
    (150, 96, 120),
)


def mix(first: Colour, second: Colour, second_fraction: float) -> Colour:
    """Gives the colour between two colours.

    Args:
        first: RGB, 0 to 255.
        second: RGB, 0 to 255.
        second_fraction: 0 gives the first colour, 1 the second.

    Returns:
        RGB, 0 to 255.
    """
    r, g, b = (round(a + (b - a) * second_fraction) for a, b in zip(first, second, strict=True))
    return (r, g, b)


def dim(colour: Colour, factor: float) -> Colour:
    """Gives a colour made darker (factor below 1) or brighter (above 1).

    Args:
        colour: RGB, 0 to 255.
        factor: What each channel is multiplied with.

    Returns:
        RGB, held to 0 to 255.
    """
    r, g, b = (max(0, min(255, round(channel * factor))) for channel in colour)
    return (r, g, b)


def vary(colour: Colour, spread: float, rng: random.Random) -> Colour:
    """Gives a colour near another one.

    Args:
        colour: RGB, 0 to 255.
        spread: Largest change of a channel.
        rng: Source of the change.

    Returns:
        RGB, held to 0 to 255.
    """
    r, g, b = (
        max(0, min(255, round(channel + rng.uniform(-spread, spread)))) for channel in colour
    )
    return (r, g, b)


def skin_tone(darkness_fraction: float) -> Colour:
    """Gives the skin tone at a place on the scale from light to dark.

    Args:
        darkness_fraction: 0 (lightest) to 1 (darkest).

    Returns:
        RGB, 0 to 255.
    """
    place = darkness_fraction * (len(SKIN_TONES) - 1)
    step = min(int(place), len(SKIN_TONES) - 2)
    return mix(SKIN_TONES[step], SKIN_TONES[step + 1], place - step)
