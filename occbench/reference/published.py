"""Published results as they come with the package: cells with their protocol and its faults.

One TOML file per report says what was measured, ``data/NAME.csv`` has a line per accuracy, and
``tables/NAME*`` the tables in the form that ``occbench check-table`` reads.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from occbench.core.csv_rows import read_lines
from occbench.errors import UnknownName

# What each flag says of a number, as a clause.
FLAGS: Mapping[str, str] = {
    "leaked": "changed copies of its test faces stood in training",
    "contaminated": "it was measured on validation faces whose changed copies stood in training",
    "test-selected": "it was chosen by its test score",
    "unstated-set": "which faces it was measured on is not stated",
    "by-file-validation": "its validation shared faces with training",
    "single-run": "it is one training",
    "corrected": "the printed number is not the measured one",
}
# With one of these flags a number is not what its name says.
SPOILT = ("leaked", "contaminated", "test-selected", "unstated-set")


@dataclass(frozen=True)
class Comparable:
    """What one's own cell must be to stand beside a published one.

    Attributes:
        train: how the training faces were shown, a mode of ``occbench.splits.modes``.
        test: how the test faces were shown.
        selection: ``best`` by validation, ``last``; other words have no cell in a matrix.
        data_set: name of the adapter that reads it.
        classes: names in the words of that adapter.
        n: faces in the test, None if not stated.
        part: which faces these are, such as ``official``.
        occluder: spec of what covers faces, empty where none is covered.
    """

    train: str
    test: str
    selection: str
    data_set: str
    classes: tuple[str, ...]
    n: int | None
    part: str
    occluder: str


@dataclass(frozen=True)
class PublishedCell:
    """One published accuracy.

    Attributes:
        table: where it is printed.
        model: which network, in a few words.
        epoch: None if not stated.
        value: the accuracy, 0..1; the measured one where the printed one is wrong.
        as_printed: the text.
        flags: of ``FLAGS``.
        note: what else there is to say, empty if nothing.
        comparable_with: what may be compared with it.
    """

    table: str
    model: str
    epoch: int | None
    value: float
    as_printed: str
    flags: tuple[str, ...]
    note: str
    comparable_with: Comparable


@dataclass(frozen=True)
class Reference:
    """The accuracies of one report.

    Attributes:
        name: such as ``report-001``.
        title: what it is about.
        source: where it is from.
        notes: sentences on its protocol and on what is wrong in print.
        cells: in the order of its tables.
    """

    name: str
    title: str
    source: str
    notes: tuple[str, ...]
    cells: tuple[PublishedCell, ...]


def references() -> tuple[str, ...]:
    """The names of all reports, sorted."""
    names = (entry.name for entry in _files("data"))
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def load_reference(name: str) -> Reference:
    """One report by its name.

    Raises:
        UnknownName: there is none of that name.
    """
    known = references()
    if name not in known:
        raise UnknownName("reference", name, known)
    files = {entry.name: entry for entry in _files("data")}
    facts = tomllib.loads(files[f"{name}.toml"].read_text(encoding="utf-8"))
    _, lines = read_lines(files[f"{name}.csv"])
    return Reference(
        name=name,
        title=facts["title"],
        source=facts["source"],
        notes=tuple(facts["notes"]),
        cells=tuple(_cell(line.values, facts) for line in lines),
    )


@dataclass(frozen=True)
class ShippedTable:
    """A published table in the form that ``occbench check-table`` reads.

    Attributes:
        name: such as ``report-002, final network``.
        table: the file.
        printed: the file of the metrics printed beside a confusion matrix, None if there are none.
    """

    name: str
    table: Traversable
    printed: Traversable | None


def shipped_tables(name: str) -> tuple[ShippedTable, ...]:
    """The tables of a report that can be checked, none if it prints nothing that can be.

    Raises:
        UnknownName: there is no report of that name.
    """
    if name not in references():
        raise UnknownName("reference", name, references())
    files = {entry.name: entry for entry in _files("tables")}
    return tuple(
        ShippedTable(
            file.removesuffix(".csv").replace("_", ", ", 1).replace("_", " "),
            files[file],
            files.get(file.replace(".csv", ".metrics.csv")),
        )
        for file in sorted(files)
        if file.startswith(name) and not file.endswith(".metrics.csv")
    )


def _files(folder: str) -> tuple[Traversable, ...]:
    return tuple(resources.files(__package__).joinpath(folder).iterdir())


def _cell(row: Mapping[str, str], facts: Mapping[str, object]) -> PublishedCell:
    classes, n = facts["classes"], row["n"]
    assert isinstance(classes, list)
    shown = row["train"] != "normal" or row["test"] != "normal"
    return PublishedCell(
        table=row["table"],
        model=row["model"],
        epoch=int(row["epoch"]) if row["epoch"] else None,
        value=float(row["value"]),
        as_printed=row["as_printed"],
        flags=tuple(row["flags"].split()),
        note=row["note"],
        comparable_with=Comparable(
            train=row["train"],
            test=row["test"],
            selection=row["selection"],
            data_set=str(facts["data_set"]),
            classes=tuple(classes),
            n=int(n) if n else None,
            part=row["part"],
            occluder=str(facts["occluder"]) if shown else "",
        ),
    )
