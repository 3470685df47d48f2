"""One thing that a search may vary: a range of numbers or a list of choices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from occbench.errors import DataError
from occbench.training.recipe import refuse_unknown

_SHARE = 0.1
"""Of a range's width, the largest move of annealing where the space names none."""

_RANGE = ("key", "low", "high", "log", "move", "digits")
_CHOICE = ("key", "choices")


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included.

    Attributes:
        key: of the recipe, such as ``learning_rate`` or ``optimizer.weight_decay``.
        low: the lowest value.
        high: the highest value.
        whole: whole numbers alone.
        log: drawn evenly in the logarithm.
        move: annealing goes at most so far to either side; with ``log`` it multiplies or divides
            by at most that, so it is above 1.
        digits: decimals that are kept; None keeps all.
    """

    key: str
    low: float
    high: float
    whole: bool
    log: bool
    move: float
    digits: int | None = None

    def clean(self, value: float) -> float | int:
        """The value rounded as the space says and put back between the ends."""
        if self.whole:
            return int(min(max(round(value), self.low), self.high))
        rounded = value if self.digits is None else round(value, self.digits)
        return float(min(max(rounded, self.low), self.high))

    def holds(self, value: Any) -> bool:
        """Whether a recipe's value lies in the range."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and self.low <= value <= self.high

    def moved(self, value: float, draw: float) -> float | int:
        """The value after a move of annealing.

        Args:
            value: where it begins.
            draw: uniform in 0..1, 1 excluded.
        """
        if self.log:
            return self.clean(value * self.move ** (2 * draw - 1))
        if self.whole:
            # Every whole step from -move to move is as likely as the others.
            return self.clean(value + int(draw * (2 * int(self.move) + 1)) - int(self.move))
        return self.clean(value + (2 * draw - 1) * self.move)

    def describe(self) -> dict[str, Any]:
        """As plain values, for a record."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{', log' if self.log else ''}"


@dataclass(frozen=True)
class Choice:
    """Some values of a key, whatever they are; annealing draws any of them at each move.

    Attributes:
        key: of the recipe, such as ``batch_size`` or ``optimizer``.
        choices: the values as TOML has them.
    """

    key: str
    choices: tuple[Any, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The choices as JSON, one text for each."""
        return tuple(json.dumps(choice, ensure_ascii=False) for choice in self.choices)

    def holds(self, value: Any) -> bool:
        """Whether a recipe's value is among the choices."""
        return json.dumps(value, ensure_ascii=False) in self.words

    def moved(self, draw: float) -> Any:
        """A choice by a draw that is uniform in 0..1, 1 excluded."""
        return self.choices[int(draw * len(self.choices))]

    def describe(self) -> dict[str, Any]:
        """As plain values, for a record."""
        return {"key": self.key, "choices": list(self.choices)}

    def __str__(self) -> str:
        return ", ".join(self.words)


Parameter = Range | Choice


def read_parameter(values: Any) -> Parameter:
    """A parameter from a table of a space.

    Raises:
        DataError: an unknown or missing key, or a value that makes no range and no choice.
    """
    if not isinstance(values, Mapping) or not isinstance(values.get("key"), str):
        raise DataError("a [[parameter]] lacks its key; expected one such as key = 'dropout'.")
    if "choices" in values:
        return _choice(values)
    return _range(values)


def _choice(values: Mapping[str, Any]) -> Choice:
    refuse_unknown(values, _CHOICE)
    key, choices = values["key"], values["choices"]
    if not isinstance(choices, list) or len(choices) < 2:
        raise DataError(f"the choices of '{key}' are {choices!r}; expected a list of two or more.")
    found = Choice(key, tuple(choices))
    if len(set(found.words)) < len(choices):
        raise DataError(f"the choices of '{key}' hold one value twice.")
    return found


def _range(values: Mapping[str, Any]) -> Range:
    refuse_unknown(values, _RANGE)
    key = values["key"]
    missing = [end for end in ("low", "high") if end not in values]
    if missing:
        raise DataError(f"'{key}' lacks {missing[0]}; expected low and high, or choices.")
    low, high = values["low"], values["high"]
    kinds = {type(end) for end in (low, high)}
    if not kinds <= {int, float} or not isfinite(low) or not isfinite(high) or not low < high:
        raise DataError(f"'{key}' goes from {low!r} to {high!r}; expected a number and a higher.")
    if len(kinds) > 1:
        raise DataError(
            f"'{key}' goes from {low!r} to {high!r}; write both ends as whole numbers, or both "
            "with a decimal point."
        )
    log, digits, whole = values.get("log", False), values.get("digits"), kinds == {int}
    if type(log) is not bool:
        raise DataError(f"log of '{key}' is {log!r}; expected true or false.")
    if log and low <= 0:
        raise DataError(f"low of '{key}' is {low!r}; with log = true it is above 0.")
    if digits is not None and (type(digits) is not int or whole or not 0 <= digits <= 12):
        raise DataError(f"digits of '{key}' is {digits!r}; expected 0 to 12, for a fraction.")
    move = values.get("move", _move(low, high, whole, log))
    _check_move(key, move, whole, log)
    return Range(key, low, high, whole, log, move, digits)


def _move(low: float, high: float, whole: bool, log: bool) -> float:
    """A tenth of the width."""
    if log:
        return float((high / low) ** _SHARE)
    return max(1, round(_SHARE * (high - low))) if whole else _SHARE * (high - low)


def _check_move(key: str, move: Any, whole: bool, log: bool) -> None:
    number = type(move) in (int, float) and isfinite(move)
    if log:
        if not number or move <= 1:
            raise DataError(f"move of '{key}' is {move!r}; with log it is a factor above 1.")
    elif whole:
        if type(move) is not int or move < 1:
            raise DataError(f"move of '{key}' is {move!r}; expected a whole number of 1 or more.")
    elif not number or move <= 0:
        raise DataError(f"move of '{key}' is {move!r}; expected a number above 0.")
