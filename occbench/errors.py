"""The errors a user can fix, printed as one sentence and without a traceback.

Everything else that goes wrong is a fault of the program and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class OccbenchError(Exception):
    """Something the user can put right; the message says what is wrong and what to do."""


class DataError(OccbenchError):
    """A file does not hold what it should; the message names the file and the place."""


class NoNumber(DataError):
    """The loss of a training was no number in its first epoch."""


class NothingToExplain(DataError):
    """A way to explain a network has no face or no layer to work on."""


class SpecError(OccbenchError):
    """A ``name(key=value)`` string cannot be read or has a value out of range."""


class UnknownName(OccbenchError):
    """A name that no component has; the message lists the known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        nearest = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
        super().__init__(f"Unknown {kind} '{name}'.{hint} Known: {', '.join(names) or 'none'}.")


class StaleState(OccbenchError):
    """A result on disk was made from other inputs; the message says which changed."""


class MissingCells(OccbenchError):
    """A table has gaps; the message says which and what fills them."""


class Busy(OccbenchError):
    """Another process is writing to the same place."""
