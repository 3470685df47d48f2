"""What a recipe can choose from besides backbones: names, parameters and their ranges.

Nothing here imports Keras, so a recipe is checked in milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from occbench.core.spec import Spec, parse_spec
from occbench.errors import SpecError, UnknownName

PREPROCESSINGS = ("unit", "centered", "imagenet-caffe", "vggface1", "vggface2")
COLOUR = PREPROCESSINGS[2:]
"""Those that subtract a mean from each of three channels."""

ALL, HEAD = "all", "head"
"""What is trained besides naming a stage: the whole network, or its head alone."""

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
FILLS = ("constant", "reflect", "nearest", "wrap")


@dataclass(frozen=True)
class Number:
    """A parameter that is a number from ``low`` to ``high``, a whole one if ``whole``."""

    default: float
    low: float
    high: float
    whole: bool = False


@dataclass(frozen=True)
class Choice:
    """A parameter that is one of some words or switches; the first is the default."""

    values: tuple[str | bool, ...]


Parameters = Mapping[str, Number | Choice]

# Ranges of augmentations are shares of the image, of a full turn or of the grey scale, in both
# directions, as Keras takes them.
AUGMENTATIONS: Mapping[str, Parameters] = {
    "flip": {"axis": Choice(("horizontal", "vertical", "both"))},
    "rotate": {"turns": Number(0.03, 0, 0.5), "fill": Choice(FILLS)},
    "shift": {"fraction": Number(0.1, 0, 1), "fill": Choice(FILLS)},
    "zoom": {"fraction": Number(0.1, 0, 0.9), "fill": Choice(FILLS)},
    "crop": {"fraction": Number(0.1, 0, 0.9)},
    "brightness": {"fraction": Number(0.2, 0, 1)},
    "contrast": {"fraction": Number(0.2, 0, 0.99)},
    "stretch": {"fraction": Number(0.1, 0, 0.4)},
    "saturation": {"fraction": Number(0.2, 0, 1)},
}

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R Rec. 601), as OpenCV turns colour into grey."""

# What is computed from an image and shown to the network in its place, see ``models.planes``.
PLANES: Mapping[str, Parameters] = {
    "image": {},
    "luma": {},
    "sobel": {},
    "sobel-x": {},
    "sobel-y": {},
    "contrast": {},
    "gamma": {"exponent": Number(2, 0.1, 10)},
    "mirror": {},
    "rotate": {"degrees": Number(20, -180, 180)},
}

# What fixed copies of training images are made by, see ``training.alterations``.
COPIES: Mapping[str, Parameters] = {
    "mirror": {},
    "shift": {"pixels": Number(1, 1, 1024, whole=True)},
    "move": {"right": Number(0, -1024, 1024, whole=True), "down": Number(0, -1024, 1024, True)},
    "rotate": {"degrees": Number(10, -180, 180)},
}

NO_BALANCE, BALANCE = "none", "augment"
"""Whether classes are filled up to the largest with altered copies."""

# Defaults are those of Keras, AdamW's weight decay included.
OPTIMIZERS: Mapping[str, Parameters] = {
    "sgd": {
        "momentum": Number(0.9, 0, 0.9999),
        "nesterov": Choice((True, False)),
        "weight_decay": Number(0, 0, 1),
    },
    "rmsprop": {"rho": Number(0.9, 0, 0.9999), "momentum": Number(0, 0, 0.9999)},
    "adam": {"beta_1": Number(0.9, 0, 0.9999), "beta_2": Number(0.999, 0, 0.999999)},
    "adamw": {
        "beta_1": Number(0.9, 0, 0.9999),
        "beta_2": Number(0.999, 0, 0.999999),
        "weight_decay": Number(0.004, 0, 1),
    },
}

# Both from logits; with gamma = 0 the focal loss (Lin et al. 2017, equation 4) is the first.
LOSSES: Mapping[str, Parameters] = {
    "cross-entropy": {},
    "focal": {"gamma": Number(2, 0, 10)},
}

# The plateau's defaults are Keras' except for its patience of 10.
SCHEDULES: Mapping[str, Parameters] = {
    "constant": {},
    "plateau": {
        "factor": Number(0.2, 0.001, 0.999),
        "patience": Number(5, 1, 10_000),
        "minimum": Number(0, 0, 1),
        "min_delta": Number(1e-4, 0, 1),
    },
    "cosine": {"warmup": Number(0.1, 0, 0.9), "start": Number(0.03, 0, 1)},
}


@dataclass(frozen=True)
class Chain:
    """Specs that act one after the other, written ``mirror+shift(pixels=1)``."""

    steps: tuple[Spec, ...]

    def __str__(self) -> str:
        return "+".join(map(str, self.steps))


def checked_chain(kind: str, text: str, known: Mapping[str, Parameters]) -> Chain:
    """The specs of a text that joins them by ``+``, each as ``checked`` gives it.

    Raises:
        UnknownName, SpecError: as ``checked``.
    """
    # A plus inside brackets belongs to a number.
    return Chain(tuple(checked(kind, part, known) for part in re.split(r"\+(?![^(]*\))", text)))


def plane_channels(planes: Sequence[Spec], channels: int) -> int:
    """How many channels a network gets: those of the image where there are no planes."""
    if not planes:
        return channels
    return sum(channels if plane.name == "image" else 1 for plane in planes)


def checked(kind: str, text: str, known: Mapping[str, Parameters]) -> Spec:
    """A spec with all its parameters, those left out at their default.

    Args:
        kind: what it is called in messages.
        text: the spec.
        known: what there is.

    Raises:
        UnknownName: there is nothing of that name.
        SpecError: unreadable, an unknown parameter, or a value out of range.
    """
    spec = parse_spec(text)
    if spec.name not in known:
        raise UnknownName(kind, spec.name, known)
    parameters = known[spec.name]
    unknown = sorted(set(spec.arguments) - set(parameters))
    if unknown:
        names = ", ".join(sorted(parameters)) or "none"
        raise SpecError(f"'{spec.name}' has no parameter '{unknown[0]}'. Known: {names}.")
    return Spec(
        spec.name,
        {key: _value(spec, key, allowed) for key, allowed in parameters.items()},
    )


def _value(spec: Spec, key: str, allowed: Number | Choice) -> float | str | bool:
    if isinstance(allowed, Choice):
        value: str | bool = spec.arguments.get(key, allowed.values[0])
        if not any(type(value) is type(known) and value == known for known in allowed.values):
            names = ", ".join(map(repr, allowed.values))
            raise SpecError(f"'{key}' of '{spec.name}' is {value!r}; expected {names}.")
        return value
    number = spec.arguments.get(key, allowed.default)
    is_number = isinstance(number, int if allowed.whole else (int, float))
    if not is_number or isinstance(number, bool) or not allowed.low <= number <= allowed.high:
        kind = "a whole number" if allowed.whole else "a number"
        raise SpecError(
            f"'{key}' of '{spec.name}' is {number!r}; expected {kind} from {allowed.low:g} to "
            f"{allowed.high:g}."
        )
    return number if allowed.whole else float(number)
