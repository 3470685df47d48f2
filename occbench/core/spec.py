"""Component specs: ``name`` or ``name(key=value, ...)`` with literal values.

A spec is how a user names a configured component on the command line and in tables:
``headset(device="quest-2", scale=1.1)``. Only literals are read, nothing is evaluated.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from occbench.errors import SpecError

_FORM = "Expected a name or name(key=value, ...), for example headset(device='quest-2')."


@dataclass(frozen=True)
class Spec:
    """A component's name and its arguments."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.arguments:
            return self.name
        pairs = (f"{key}={_literal(value)}" for key, value in sorted(self.arguments.items()))
        return f"{self.name}({', '.join(pairs)})"


def parse_spec(text: str) -> Spec:
    """Reads a spec; names are written with ``-``, and ``_`` is taken for it.

    Raises:
        SpecError: the text has another form, a positional argument or a value that is no
            literal.
    """
    head, bracket, rest = text.strip().partition("(")
    name = head.strip().replace("_", "-")
    if not name or not all(part.isalnum() for part in name.split("-")):
        raise SpecError(f"Cannot read '{text}'. {_FORM}")
    if not bracket:
        return Spec(name)
    try:
        call = ast.parse(f"f({rest}", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise SpecError(f"Cannot read '{text}'. {_FORM}") from error
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
        raise SpecError(f"Cannot read '{text}'. {_FORM}")
    return Spec(name, _arguments(text, call))


def _arguments(text: str, call: ast.Call) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in arguments:
            raise SpecError(f"Cannot read '{text}'. {_FORM}")
        try:
            arguments[keyword.arg] = ast.literal_eval(keyword.value)
        except (ValueError, TypeError) as error:
            raise SpecError(
                f"In '{text}' the value of '{keyword.arg}' is no literal. "
                'Put text in quotes: headset(device="quest-2").'
            ) from error
    return arguments


def _literal(value: Any) -> str:
    if isinstance(value, str):
        # JSON's escapes are Python's too, and cover line ends.
        return json.dumps(value, ensure_ascii=False)
    return repr(value)
