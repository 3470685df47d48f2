"""What an adapter is: one file in this package that turns a data set into a manifest.

The file binds ``SUMMARY`` (one line for the help text), ``EXAMPLE`` (a command), ``OPTIONS``
(what it takes beyond the source), ``NEEDS_SOURCE`` and ``scan``. The name on the command line
is the file's. ``docs/how-to/add-a-data-set.md`` walks through one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from occbench.core.registry import Registry
from occbench.dataset.manifest import Manifest


@dataclass(frozen=True)
class Option:
    """One thing an adapter can be told, as ``--name`` on the command line.

    ``kind`` is int, float, str, bool (a flag) or Path; ``choices`` limits a str.
    """

    name: str
    kind: type
    default: Any
    help: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Problem:
    """An item of the source that could not be taken, and why."""

    item: str
    reason: str


@dataclass(frozen=True, eq=False)
class Scan:
    """What an adapter found.

    Attributes:
        manifest: the faces, in natural order of their source.
        root: the folder that the manifest's images lie in.
        problems: broken or missing items, each named; sorted.
        warnings: sentences for the user, such as counts that differ from the published ones.
    """

    manifest: Manifest
    root: Path
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()

    def rows(self) -> list[tuple[object, ...]]:
        """Per class its name, its faces in each partition and how many have landmarks."""
        counts, usable = self.manifest.counts(), self.manifest.usable
        labels = self.manifest.faces["label"]
        return [
            (name, *row, int(usable[labels == name].sum()))
            for name, row in zip(counts.index, counts.to_numpy().tolist(), strict=True)
        ]


class Adapter(Protocol):
    """The module of an adapter."""

    SUMMARY: str
    EXAMPLE: str
    NEEDS_SOURCE: bool
    OPTIONS: tuple[Option, ...]

    def scan(
        self, source: Path | None, *, name: str, room: Path, workers: int, **options: Any
    ) -> Scan:
        """Reads the data set at ``source``.

        Args:
            source: where the data set lies; None where ``NEEDS_SOURCE`` is false.
            name: the data set's name in the workspace.
            room: a folder of the workspace to unpack or draw into, in a folder named by the
                digest of what decides its content; data that comes as image files stays
                where it is.
            workers: how many threads may read at once.
            options: the values of ``OPTIONS`` by name.

        Raises:
            DataError: the source is not of the expected form.
        """
        ...


REGISTRY = Registry("data set adapter", __package__, Path(__file__).parent, without=("base",))


def adapter(name: str) -> Adapter:
    """The adapter of a name.

    Raises:
        UnknownName: there is none.
    """
    return cast("Adapter", REGISTRY.module(name))
