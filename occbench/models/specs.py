"""What a recipe can choose from besides backbones: names, parameters and their ranges.

Nothing here imports Keras, so a recipe is checked in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """A parameter that is a number from ``low`` to ``high``."""

    default: float
    low: float
    high: float


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
    "brightness": {"fraction": Number(0.2, 0, 1)},
    "contrast": {"fraction": Number(0.2, 0, 0.99)},
}

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
    is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
    if not is_number or not allowed.low <= number <= allowed.high:
        raise SpecError(
            f"'{key}' of '{spec.name}' is {number!r}; expected a number from {allowed.low:g} to "
            f"{allowed.high:g}."
        )
    return float(number)
