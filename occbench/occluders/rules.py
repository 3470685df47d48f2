"""Checks that occluders share for their parameters."""

from __future__ import annotations

from typing import Any

from occbench.errors import SpecError
from occbench.occluders.base import FILLS, Fill


def checked_fill(value: Any) -> Fill:
    """A fill as the painter takes it; a list of three is taken for a colour.

    Raises:
        SpecError: neither the name of a fill nor a colour.
    """
    if isinstance(value, str) and value in FILLS:
        return value
    if isinstance(value, (tuple, list)) and len(value) == 3 and all(map(_is_level, value)):
        red, green, blue = value
        return red, green, blue
    raise SpecError(
        f"'fill' is {value!r}; expected {', '.join(FILLS)} or a colour such as (200, 200, 200)."
    )


def checked_number(name: str, value: Any, low: float, high: float) -> float:
    """A number in ``low <= value <= high``, as float.

    Raises:
        SpecError: not a number in that range.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        shown = repr(value)[:40]
        raise SpecError(f"'{name}' is {shown}; expected a number from {low:g} to {high:g}.")
    return float(value)


def checked_seed(value: Any) -> int:
    """A whole number of 0 or more.

    Raises:
        SpecError: anything else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SpecError(f"'seed' is {value!r}; expected a whole number of 0 or more.")
    return value


def _is_level(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255
