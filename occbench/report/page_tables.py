"""The tables of the page whose cells hold more than text."""

from __future__ import annotations

from dataclasses import dataclass

from occbench.matrix.cells import Matrix
from occbench.report.entries import Entry, change, entry, epochs, percent, spread
from occbench.report.facts import ReportFacts
from occbench.report.figures import heat
from occbench.report.heat_map import scale
from occbench.report.tables import EPOCH_WORDS, entry_note


@dataclass(frozen=True)
class HeatCell:
    """An entry on the page: its texts, its colour and its ink as hex; empty where missing."""

    accuracy: str
    spread: str
    change: str
    own: bool
    colour: str
    ink: str


@dataclass(frozen=True)
class HeatTable:
    """The train x test table of one selection with a coloured cell per entry.

    ``rows`` holds the train split, its epochs and its cells, None where one is missing.
    """

    selection: str
    title: str
    note: str
    tests: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[HeatCell | None, ...]], ...]


def heat_table(matrix: Matrix, selection: str) -> HeatTable:
    """The table of a selection; all selections share the colour scale of the heat map."""
    rows = tuple(
        (
            train,
            epochs(matrix, train, selection=selection),
            tuple(
                _cell(entry(matrix, train, test, selection=selection), scale(matrix))
                for test in matrix.tests
            ),
        )
        for train in matrix.trains
    )
    title = EPOCH_WORDS.get(selection, selection)
    return HeatTable(selection, title, entry_note(matrix, selection), matrix.tests, rows)


def left_out_rows(facts: ReportFacts) -> list[tuple[str, int, list[int]]]:
    """Reason, all faces and faces per class, in class order, of those that stand in no column."""
    return [
        (reason, sum(counts.values()), [counts.get(name, 0) for name in facts.classes])
        for reason, counts in facts.left_out.items()
    ]


def _cell(one: Entry | None, ends: tuple[float, float]) -> HeatCell | None:
    if one is None:
        return None
    low, high = ends
    colour, ink = heat((one.accuracy - low) / (high - low))
    return HeatCell(percent(one.accuracy), spread(one), change(one), one.own, colour, ink)
