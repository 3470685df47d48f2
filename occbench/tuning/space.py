"""Search spaces: which keys of a recipe a search varies and what it minimises, read from TOML.

``docs/reference/file-formats.md`` lists the keys. A space is checked against a recipe, so that
every end of a range and every choice is one that the recipe can have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any

from occbench.core.spec import Spec, parse_spec
from occbench.core.toml_file import read_toml
from occbench.errors import DataError, OccbenchError
from occbench.training.recipe import Recipe, refuse_unknown
from occbench.tuning.parameters import Choice, Parameter, Range, read_parameter

SCHEMA = 1

Values = Mapping[str, Any]
"""A candidate: a value for each key of a space."""

# Column of a history by objective, and whether it is an accuracy, whose share of errors counts.
_COLUMNS = {
    "val-loss": ("val_loss", False),
    "val-error": ("val_accuracy", True),
    "balanced-val-error": ("val_balanced_accuracy", True),
}
OBJECTIVES = tuple(_COLUMNS)
"""What can be minimised, all of it of the validation faces and per face."""

EPOCHS = ("last", "best")

# The best of several seeds is luck, and the rule that chooses an epoch is no part of a training.
_FIXED = ("seed", "select")


@dataclass(frozen=True)
class Cooling:
    """How annealing cools down.

    Attributes:
        hottest: temperature of the first move, 10 in report 002.
        coldest: where the temperature would be after the last move, 0.1 there.
        units: the objective is multiplied by it before it meets the temperature. Report 002
            summed the mean loss of its validation batches; 22,967 faces in batches of 128 are
            180, so at 180 its temperatures mean here what they meant there, whatever the batch.
    """

    hottest: float = 10.0
    coldest: float = 0.1
    units: float = 180.0

    def __post_init__(self) -> None:
        values = asdict(self)
        for key, value in values.items():
            if type(value) not in (int, float) or not isfinite(value) or value <= 0:
                raise DataError(f"annealing.{key} is {value!r}; expected a number above 0.")
            object.__setattr__(self, key, float(value))
        if self.coldest > self.hottest:
            raise DataError("annealing.coldest is above annealing.hottest; exchange them.")


@dataclass(frozen=True)
class Space:
    """What a search varies, and what it minimises.

    Attributes:
        parameters: in the order of the file; no key stands there twice.
        objective: one of ``OBJECTIVES``.
        at: the epoch whose objective counts: the ``last`` one, as in report 002, or the one that
            the recipe's rule calls ``best``.
        cooling: of annealing.
    """

    parameters: tuple[Parameter, ...]
    objective: str = "val-loss"
    at: str = "last"
    cooling: Cooling = Cooling()

    @classmethod
    def load(cls, path: Path) -> Space:
        """Reads a space.

        Raises:
            DataError: missing, no TOML, another schema, an unknown key or a wrong value.
        """
        values = read_toml(path, "space", SCHEMA)
        try:
            return _from_mapping(values)
        except OccbenchError as error:
            raise DataError(f"The space '{path}': {error}") from error

    def describe(self) -> dict[str, Any]:
        """As plain values, for a record."""
        return {
            "objective": self.objective,
            "at": self.at,
            "annealing": asdict(self.cooling),
            "parameter": [parameter.describe() for parameter in self.parameters],
        }

    def measured(self, row: Mapping[str, Any]) -> float:
        """The objective of an epoch, a row of the history; less is better."""
        column, is_accuracy = _COLUMNS[self.objective]
        return float(1 - row[column]) if is_accuracy else float(row[column])

    def clean(self, values: Values) -> dict[str, Any]:
        """A candidate rounded as the space says."""
        return {
            one.key: one.clean(values[one.key]) if isinstance(one, Range) else values[one.key]
            for one in self.parameters
        }

    def applied(self, recipe: Recipe, values: Values) -> Recipe:
        """The recipe with a candidate's values.

        Raises:
            DataError, SpecError: no recipe can have them.
        """
        described = recipe.describe()
        for key, value in values.items():
            name, _, rest = key.partition(".")
            described[name] = _changed(described.get(name), key, rest, value) if rest else value
        return Recipe.from_mapping(described)

    def start(self, recipe: Recipe) -> dict[str, Any]:
        """The recipe's own values, where every search begins.

        Raises:
            DataError: the space has a key that the recipe lacks, or the recipe stands outside of
                the space, or no recipe can have an end of a range or a choice.
        """
        found = {}
        for one in self.parameters:
            value = _present(recipe, one.key)
            if isinstance(one, Choice):
                # A spec may be written shorter than the recipe describes it.
                same = [self._meant(recipe, one.key, choice) == value for choice in one.choices]
                value = one.choices[same.index(True)] if any(same) else value
            found[one.key] = value
            if not one.holds(value):
                raise DataError(
                    f"The recipe's {one.key} is {value!r}, which the space has not ({one}). "
                    "Widen the space or change the recipe: the search begins there."
                )
            for other in one.choices if isinstance(one, Choice) else (one.low, one.high):
                self.applied(recipe, {one.key: other})
        return found

    def _meant(self, recipe: Recipe, key: str, value: Any) -> Any:
        """A value of a key as the recipe would describe it."""
        return _present(self.applied(recipe, {key: value}), key)


def _from_mapping(values: Mapping[str, Any]) -> Space:
    refuse_unknown(values, ["objective", "at", "annealing", "parameter"])
    for key, known in (("objective", OBJECTIVES), ("at", EPOCHS)):
        if key in values and values[key] not in known:
            raise DataError(f"{key} is {values[key]!r}; expected {', '.join(known)}.")
    cooling = values.get("annealing", {})
    if not isinstance(cooling, Mapping):
        raise DataError(f"annealing is {cooling!r}; expected a table.")
    refuse_unknown(cooling, [each.name for each in fields(Cooling)], "annealing.")
    tables = values.get("parameter", [])
    if not isinstance(tables, list) or not tables:
        raise DataError("there is no [[parameter]]; expected one for each key to be varied.")
    parameters = tuple(map(read_parameter, tables))
    _check_keys([one.key for one in parameters])
    others = {key: values[key] for key in ("objective", "at") if key in values}
    return Space(parameters, cooling=Cooling(**cooling), **others)


def _check_keys(keys: list[str]) -> None:
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise DataError(f"'{key}' stands there twice.")
        if key in _FIXED:
            raise DataError(f"'{key}' cannot be searched for: it does not make a better network.")
        refuse_unknown([key.partition(".")[0]], [each.name for each in fields(Recipe)])
        whole = key.partition(".")[0]
        if whole != key and whole in keys:
            raise DataError(
                f"'{whole}' and '{key}' exclude each other: the one replaces the other."
            )


def _present(recipe: Recipe, key: str) -> Any:
    """The value that a recipe has for a key of a space."""
    name, _, rest = key.partition(".")
    # A key that came later is not described at its default.
    whole = recipe.describe().get(name, getattr(recipe, name))
    if not rest:
        return whole
    holder, inner = _holder(whole, key, rest)
    return holder.arguments[inner] if isinstance(holder, Spec) else holder[inner]


def _holder(whole: Any, key: str, rest: str) -> tuple[Spec | dict[str, Any], str]:
    """The spec or the table that holds a dotted key, and its name there.

    Raises:
        DataError: there is none.
    """
    inner = rest
    if isinstance(whole, list):
        word, _, inner = rest.partition(".")
        found = [spec for spec in map(str, whole) if spec.partition("(")[0] == word]
        whole = found[0] if len(found) == 1 else None
    holder = parse_spec(whole) if isinstance(whole, str) else whole
    known = holder.arguments if isinstance(holder, Spec) else holder
    if not isinstance(known, Mapping) or inner not in known:
        raise DataError(
            f"The recipe has nothing to vary as '{key}': {key.partition('.')[0]} lacks it."
        )
    return holder, inner


def _changed(whole: Any, key: str, rest: str, value: Any) -> Any:
    """The value of a recipe's key with one parameter in it changed."""
    holder, inner = _holder(whole, key, rest)
    if not isinstance(holder, Spec):
        return {**holder, inner: value}
    changed = str(Spec(holder.name, {**holder.arguments, inner: value}))
    if isinstance(whole, list):
        return [changed if spec.partition("(")[0] == holder.name else spec for spec in whole]
    return changed
