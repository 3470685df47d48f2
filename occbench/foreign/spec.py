"""What a model from elsewhere takes and gives, read from a small TOML file.

``docs/reference/file-formats.md`` lists the keys. Nothing that could be wrong without an error is
guessed: size, colour, preprocessing, what the numbers mean, and the order of the classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from occbench.core.toml_file import read_toml
from occbench.errors import DataError, OccbenchError
from occbench.models.specs import COLOUR, PREPROCESSINGS
from occbench.training.recipe import refuse_unknown

SCHEMA = 1
NONE = "none"
PROBABILITIES, LOGITS, SCORES = OUTPUTS = ("probabilities", "logits", "scores")
NHWC, NCHW = LAYOUTS = ("NHWC", "NCHW")
NEVER = "never predicted"

_LARGEST, _MOST = 4096, 65536
_NEEDED = ("size", "channels", "preprocessing", "output", "classes")
# Names that only count the outputs: 3, class_3, label-3.
_POSITIONAL = re.compile(r"(class|label|output|emotion)?[ _-]?\d+\Z", re.IGNORECASE)


@dataclass(frozen=True)
class ModelSpec:
    """What a model takes and gives.

    Attributes:
        size: side of its square input in pixels.
        channels: 1 grey, 3 RGB.
        preprocessing: one of ``PREPROCESSINGS``, done before the model sees a face; ``none`` feeds
            it levels 0..255.
        output: ``probabilities``, ``logits``, or ``scores`` of which only the highest counts.
        classes: the model's own names of its outputs, in their order.
        layout: ``NHWC``, or ``NCHW`` for ONNX files from PyTorch.
        batch_size: faces at once; 0 leaves it to the toolkit.
        map: pairs of a model's class and the data set's it means; empty text drops it.
        missing: ``never predicted`` if classes of the data set may have no output, else empty.
    """

    size: int
    channels: int
    preprocessing: str
    output: str
    classes: tuple[str, ...]
    layout: str = NHWC
    batch_size: int = 0
    map: tuple[tuple[str, str], ...] = ()
    missing: str = ""

    def __post_init__(self) -> None:
        if self.channels == 1 and self.preprocessing in COLOUR:
            raise DataError(
                f"the preprocessing '{self.preprocessing}' needs channels = 3; it is 1."
            )

    def describe(self) -> dict[str, Any]:
        """All keys as plain values, for ``model.json``."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**values, "classes": list(self.classes), "map": dict(self.map)}


def load_spec(path: Path | None, known: Mapping[str, Any]) -> ModelSpec:
    """The spec of a model: what is known of it, and what a file adds.

    Args:
        path: a TOML file, or None.
        known: keys that the model itself settles; the file may repeat but not change them.

    Raises:
        DataError: the file cannot be read, has an unknown key or a wrong value, contradicts what
            is known, or a key that nothing settles is missing.
    """
    values = read_toml(path, "spec", SCHEMA) if path else {}
    place = f"The spec '{path}': " if path else "Without --spec, "
    try:
        refuse_unknown(values, list(_CHECKS))
        given = {key: _CHECKS[key](key, value) for key, value in values.items()}
        for key in given.keys() & known.keys():
            if given[key] != known[key]:
                raise DataError(
                    f"{key} is {_shown(given[key])}, but the model says {_shown(known[key])}."
                )
        given = {**given, **known}
        absent = [key for key in _NEEDED if key not in given]
        if absent:
            raise DataError(
                f"the key '{absent[0]}' is missing. A spec says {', '.join(_NEEDED)}; nothing of "
                "it is guessed."
            )
        return ModelSpec(**given)
    except OccbenchError as error:
        raise DataError(f"{place}{error}") from error


def is_positional(name: str) -> bool:
    """Whether a class's name only says which output it is."""
    return bool(_POSITIONAL.match(name))


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _whole(most: int) -> Callable[[str, Any], int]:
    def check(key: str, value: Any) -> int:
        if type(value) is not int or not 1 <= value <= most:
            raise DataError(f"{key} is {value!r}; expected a whole number from 1 to {most}.")
        return value

    return check


def _one_of(*known: Any) -> Callable[[str, Any], Any]:
    def check(key: str, value: Any) -> Any:
        # TOML's switches are numbers to Python.
        if value not in known or isinstance(value, bool):
            raise DataError(f"{key} is {value!r}; expected {', '.join(map(str, known))}.")
        return value

    return check


def _names(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise DataError(
            f"{key} is {value!r}; expected the names of the model's outputs, in their order."
        )
    return tuple(value)


def _pairs(key: str, value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise DataError(
            f'[{key}] is {value!r}; expected lines such as happiness = "happy", or "" to drop one.'
        )
    return tuple(value.items())


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "size": _whole(_LARGEST),
    "channels": _one_of(1, 3),
    "preprocessing": _one_of(*PREPROCESSINGS, NONE),
    "output": _one_of(*OUTPUTS),
    "classes": _names,
    "layout": _one_of(*LAYOUTS),
    "batch_size": _whole(_MOST),
    "map": _pairs,
    "missing": _one_of(NEVER),
}
