"""Recipes: everything that decides a training, read from TOML.

``docs/reference/recipes.md`` lists the keys. A recipe is checked as far as it can be without
Keras and without the data.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from occbench.core.spec import Spec
from occbench.errors import DataError, OccbenchError, UnknownName
from occbench.models.base import checked_backbone
from occbench.models.specs import (
    AUGMENTATIONS,
    LOSSES,
    OPTIMIZERS,
    PRECISIONS,
    PREPROCESSINGS,
    SCHEDULES,
    checked,
)

SCHEMA = 1
BUILT_IN = Path(__file__).parents[1] / "recipes"

CLASS_WEIGHTS = ("balanced", "none", "inverse-sum-1")
MONITORS = ("val-loss", "val-accuracy", "balanced-val-accuracy")
SELECTIONS = (
    "best-balanced-val-accuracy",
    "best-val-accuracy",
    "best-val-loss",
    "last",
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training but the split and the seed.

    Attributes:
        backbone: spec of the network.
        size: side of the square input in pixels.
        channels: 1 grey, 3 RGB.
        preprocessing: one of ``PREPROCESSINGS``.
        augment: specs, applied in order in training.
        head: units of hidden layers before the logits.
        dropout: before each layer of the head, 0..1.
        trainable: ``all``, ``head`` or the first trained stage.
        loss: spec; computed from logits.
        label_smoothing: 0..1.
        class_weights: ``balanced`` is N / (K n_k); ``inverse-sum-1`` is 1 / n_k with sum 1, as in
            the AffectNet study; ``none``.
        optimizer: spec.
        learning_rate: the rate, or the highest one of a schedule.
        schedule: spec.
        batch_size: images per step.
        epochs: at most.
        early_stopping: epochs without a better ``monitor`` after which training ends; 0 never.
        monitor: what early stopping and the plateau schedule watch.
        select: which epoch is called best.
        precision: Keras dtype policy.
        steps_per_execution: as Keras' ``compile``.
        xla: compile the step with XLA.
        seed: of initial weights, order and augmentation.
    """

    backbone: Spec
    size: int
    channels: int
    preprocessing: str = "centered"
    augment: tuple[Spec, ...] = ()
    head: tuple[int, ...] = ()
    dropout: float = 0.0
    trainable: str = "all"
    loss: Spec = field(default_factory=lambda: checked("loss", "cross-entropy", LOSSES))
    label_smoothing: float = 0.0
    class_weights: str = "balanced"
    optimizer: Spec = field(default_factory=lambda: checked("optimizer", "adam", OPTIMIZERS))
    learning_rate: float = 0.001
    schedule: Spec = field(default_factory=lambda: checked("schedule", "constant", SCHEDULES))
    batch_size: int = 64
    epochs: int = 20
    early_stopping: int = 0
    monitor: str = "val-loss"
    select: str = "best-balanced-val-accuracy"
    precision: str = "float32"
    steps_per_execution: int = 1
    xla: bool = False
    seed: int = 0

    @classmethod
    def load(cls, name: str | Path) -> Recipe:
        """Reads a recipe: a TOML file, or the name of a built-in recipe.

        Raises:
            UnknownName: neither a file nor a built-in recipe.
            DataError: no TOML, another schema, an unknown or missing key, a wrong value.
        """
        path = recipe_path(name)
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DataError(f"The recipe '{path}' is no valid TOML: {error}.") from error
        if values.pop("schema", None) != SCHEMA:
            raise DataError(f"The recipe '{path}' needs the line 'schema = {SCHEMA}'.")
        try:
            return cls.from_mapping(values)
        except OccbenchError as error:
            raise DataError(f"The recipe '{path}': {error}") from error

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Recipe:
        """A recipe from plain values, as in TOML or JSON.

        Raises:
            DataError: an unknown or missing key, or a wrong value.
        """
        refuse_unknown(values, [each.name for each in fields(cls)])
        missing = [key for key in ("backbone", "size", "channels") if key not in values]
        if missing:
            raise DataError(f"the key '{missing[0]}' is missing.")
        return cls(**{key: _CHECKS[key](key, value) for key, value in values.items()})

    def describe(self) -> dict[str, Any]:
        """All keys as plain values, defaults included: ``from_mapping`` gives the recipe again."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {key: _plain(value) for key, value in values.items()}

    def to_toml(self) -> str:
        """The recipe as TOML that ``load`` reads."""
        import tomlkit

        return tomlkit.dumps({"schema": SCHEMA, **self.describe()})


def refuse_unknown(values: Iterable[str], known: Sequence[str], where: str = "") -> None:
    """Refuses a key that is not known and suggests the nearest; ``where`` stands before both.

    Raises:
        DataError: there is such a key.
    """
    for key in values:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean '{where}{nearest[0]}'?" if nearest else ""
            raise DataError(f"unknown key '{where}{key}'.{hint} Known: {', '.join(known)}.")


def recipe_names() -> tuple[str, ...]:
    """The built-in recipes."""
    return tuple(sorted(path.stem for path in BUILT_IN.glob("*.toml")))


def recipe_summaries() -> dict[str, str]:
    """The built-in recipes with the first sentence of the comment each begins with."""
    found = {}
    for name in recipe_names():
        lines = recipe_path(name).read_text(encoding="utf-8").splitlines()
        comment = " ".join(line[1:].strip() for line in lines if line.startswith("#"))
        found[name] = comment.partition(": ")[0].rstrip(".")
    return found


def recipe_path(name: str | Path) -> Path:
    """The file of a recipe, which is a path or the name of a built-in recipe.

    Raises:
        UnknownName: neither.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        if not path.is_file():
            raise DataError(f"The recipe '{path}' is no file.")
        return path
    if str(name) not in recipe_names():
        raise UnknownName("recipe", str(name), recipe_names())
    return BUILT_IN / f"{name}.toml"


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Spec) else value


def _whole(low: int, high: int) -> Callable[[str, Any], int]:
    def check(key: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise DataError(f"{key} is {value!r}; expected a whole number from {low} to {high}.")
        return value

    return check


def _number(low: float, high: float) -> Callable[[str, Any], float]:
    def check(key: str, value: Any) -> float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise DataError(f"{key} is {value!r}; expected a number from {low:g} to {high:g}.")
        return float(value)

    return check


def _one_of(*known: Any) -> Callable[[str, Any], Any]:
    def check(key: str, value: Any) -> Any:
        for word in known:
            if type(value) is type(word) and value == word:
                return value
        raise DataError(f"{key} is {value!r}; expected {', '.join(map(repr, known))}.")

    return check


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise DataError(f"{key} is {value!r}; expected text.")
    return value


def _list(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise DataError(f"{key} is {value!r}; expected a list.")
    return value


def _spec(kind: str, table: Mapping[str, Any]) -> Callable[[str, Any], Spec]:
    return lambda key, value: checked(kind, _text(key, value), table)


def _augment(key: str, value: Any) -> tuple[Spec, ...]:
    return tuple(
        checked("augmentation", _text(key, item), AUGMENTATIONS) for item in _list(key, value)
    )


def _head(key: str, value: Any) -> tuple[int, ...]:
    return tuple(_whole(1, 65_536)(key, units) for units in _list(key, value))


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "backbone": lambda key, value: checked_backbone(_text(key, value)),
    "size": _whole(8, 1024),
    "channels": _one_of(1, 3),
    "preprocessing": _one_of(*PREPROCESSINGS),
    "augment": _augment,
    "head": _head,
    "dropout": _number(0, 0.99),
    "trainable": _text,
    "loss": _spec("loss", LOSSES),
    "label_smoothing": _number(0, 0.99),
    "class_weights": _one_of(*CLASS_WEIGHTS),
    "optimizer": _spec("optimizer", OPTIMIZERS),
    "learning_rate": _number(1e-12, 1e3),
    "schedule": _spec("schedule", SCHEDULES),
    "batch_size": _whole(1, 65_536),
    "epochs": _whole(1, 100_000),
    "early_stopping": _whole(0, 100_000),
    "monitor": _one_of(*MONITORS),
    "select": _one_of(*SELECTIONS),
    "precision": _one_of(*PRECISIONS),
    "steps_per_execution": _whole(1, 10_000),
    "xla": _one_of(False, True),
    "seed": _whole(0, 2**31 - 1),
}
