"""One line of a diagnosis, and how lines are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from occbench.errors import OccbenchError

OK, NOTE, OPEN, MISSING, STALE, BROKEN = "ok", "note", "open", "missing", "stale", "broken"
"""As it should be; worth knowing; begun and able to go on; not there; made from other inputs;
unreadable."""

_WIDTH = len(MISSING)

# What reading a file raises that somebody has cut short, edited or taken for another one.
_UNREADABLE = (OccbenchError, OSError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class Finding:
    """What was found out about one thing.

    Attributes:
        area: what kind of thing it is, such as ``runs``.
        status: one of the words above.
        text: the thing and what is to say of it.
        todo: what to do; empty where nothing is.
        needed: whether nothing works without it.
    """

    area: str
    status: str
    text: str
    todo: str = ""
    needed: bool = False

    @property
    def blocks(self) -> bool:
        """Whether it keeps what was asked for from working."""
        return self.needed and self.status in (MISSING, STALE, BROKEN)

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def guarded(
    area: str,
    subject: str,
    look: Callable[..., Finding | Iterable[Finding]],
    *given: Any,
    needed: bool = False,
) -> list[Finding]:
    """What ``look`` finds in what is given; where it cannot read something, that is the finding.

    Args:
        area: of that finding.
        subject: what could not be read.
        look: gives one finding or several.
        given: its arguments.
        needed: of that finding.
    """
    try:
        found = look(*given)
        return [found] if isinstance(found, Finding) else list(found)
    except _UNREADABLE as error:
        reason = str(error) or type(error).__name__
        return [Finding(area, BROKEN, f"{subject}: {reason}", needed=needed)]


def as_text(findings: Sequence[Finding]) -> str:
    """The findings below a heading for each area, what to do in the line below."""
    lines = []
    for area in dict.fromkeys(found.area for found in findings):
        lines.append(f"{area}:")
        for found in (each for each in findings if each.area == area):
            lines.append(f"  {found.status:<{_WIDTH}}  {found.text}")
            if found.todo:
                lines.append(f"  {'':<{_WIDTH}}  -> {found.todo}")
    return "\n".join(lines)
