"""The outcome of one check of a printed number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Check:
    """What was printed, what it should be, and whether both agree.

    Attributes:
        kind: what was checked, such as ``relative change``.
        place: the row, or the metric and its class.
        printed: the number as printed, shares as fractions of 1; None where there is none.
        recomputed: what it should be, in the same unit.
        tolerance: how far they may lie apart; for mixed the standard error.
        passed: None where the check could not be made.
        text: a sentence that says it.
    """

    kind: str
    place: str
    printed: float | None
    recomputed: float | None
    tolerance: float | None
    passed: bool | None
    text: str

    def to_json(self) -> dict[str, object]:
        """The values by name; what JSON cannot hold is None."""
        numbers = {
            "printed": self.printed,
            "recomputed": self.recomputed,
            "tolerance": self.tolerance,
        }
        finite = {name: n if n is None or isfinite(n) else None for name, n in numbers.items()}
        known = {"check": self.kind, "place": self.place, **finite}
        return {**known, "passed": self.passed, "text": self.text}


def not_made(kind: str, place: str, reason: str) -> Check:
    """A check for which something is missing."""
    text = f"{place}: {reason}, so the {kind} was not checked."
    return Check(kind, place, None, None, None, None, text)


@dataclass(frozen=True)
class Outcome:
    """All checks of one table.

    Attributes:
        name: the file, or the name of the table.
        checks: in the order of the table.
        remarks: sentences on what was left alone.
        details: heads and rows of numbers that were recomputed, as text; empty if there are none.
        metrics: the same as metric, class and number, the class empty for those of all faces.
    """

    name: str
    checks: tuple[Check, ...]
    remarks: tuple[str, ...] = ()
    details: tuple[tuple[str, ...], ...] = ()
    metrics: tuple[tuple[str, str, float], ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """A sentence per check that failed."""
        return tuple(check.text for check in self.checks if check.passed is False)

    @property
    def not_made(self) -> tuple[str, ...]:
        """A sentence per kind of check of which some could not be made, the first reason in it."""
        sentences = []
        for kind, _, _, absent in self.summary():
            if absent:
                first = next(c.text for c in self.checks if c.kind == kind and c.passed is None)
                more = f" {absent - 1} more were not made." if absent > 1 else ""
                sentences.append(first + more)
        return tuple(sentences)

    def summary(self) -> list[tuple[str, int, int, int]]:
        """For each kind the numbers of checks that agreed, disagreed and could not be made."""
        kinds = dict.fromkeys(check.kind for check in self.checks)
        return [(kind, *_counts([c for c in self.checks if c.kind == kind])) for kind in kinds]

    def to_json(self) -> dict[str, object]:
        """The checks and findings by name."""
        return {
            "table": self.name,
            "findings": list(self.findings),
            "remarks": list(self.remarks),
            "checks": [check.to_json() for check in self.checks],
            "metrics": [
                {"metric": name, "class": label, "value": value if isfinite(value) else None}
                for name, label, value in self.metrics
            ],
        }


def _counts(checks: Sequence[Check]) -> tuple[int, int, int]:
    agreed, failed, absent = (
        sum(1 for check in checks if check.passed is state) for state in (True, False, None)
    )
    return agreed, failed, absent
