"""The tables of the page whose cells hold more than text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from occbench.foreign.stored import UNKNOWN, StoredModel
from occbench.matrix.cell import GIVEN
from occbench.matrix.cells import Matrix
from occbench.report.entries import Entry, change, entry, epochs, percent, spread
from occbench.report.facts import ReportFacts
from occbench.report.figures import heat
from occbench.report.heat_map import scale
from occbench.report.model_rows import model_notes, star
from occbench.report.tables import entry_note
from occbench.report.words import epoch_words


@dataclass(frozen=True)
class HeatCell:
    """An entry on the page: its texts, its colour and its ink as hex; empty where missing.

    ``tip`` has the counts, for who points at it.
    """

    tip: str
    accuracy: str
    spread: str
    change: str
    own: bool
    colour: str
    ink: str


HeatRow = tuple[str, str, tuple[HeatCell | None, ...]]


@dataclass(frozen=True)
class HeatTable:
    """The train x test table of one selection with a coloured cell per entry.

    ``rows`` holds the train split, its epochs and its cells, None where one is missing.
    ``given`` holds rows of models from elsewhere likewise, with a star behind a name of which
    ``notes`` say something of its own.
    """

    selection: str
    title: str
    note: str
    tests: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    given: tuple[HeatRow, ...] = ()
    notes: tuple[str, ...] = ()


def heat_tables(facts: ReportFacts) -> list[HeatTable]:
    """A table per selection, given models below the trained rows of each."""
    return [_heat_table(facts, selection) for selection in facts.matrix.selections]


def _heat_table(facts: ReportFacts, selection: str) -> HeatTable:
    """The table of a selection; all selections share the colour scale of the heat map."""
    matrix, models = facts.matrix, facts.models.models
    ends = scale(matrix)
    given = Matrix.of(cell for model in models for cell in model.cells)
    return HeatTable(
        selection=selection,
        title=epoch_words(selection),
        note=entry_note(matrix, selection),
        tests=matrix.tests,
        rows=tuple(
            (
                train,
                epochs(matrix, train, selection=selection),
                _cells(matrix, train, matrix.tests, selection, ends),
            )
            for train in matrix.trains
        ),
        given=tuple(
            (
                f"{model.name}{star(model.remarks)}",
                _chosen(model),
                _cells(given, model.name, matrix.tests, GIVEN, ends),
            )
            for model in models
        ),
        notes=given_notes(facts),
    )


def given_notes(facts: ReportFacts) -> tuple[str, ...]:
    """What has to be said of the given models, and of those that do not fit."""
    unfit = facts.models.unfit.items()
    return (
        *model_notes(facts.models.models),
        *(f"The model '{name}' is left out: {why.rstrip('.')}." for name, why in unfit),
    )


def _chosen(model: StoredModel) -> str:
    """How the weights of a given model were chosen, as far as it is known."""
    return "selection unknown" if UNKNOWN in model.remarks else "chosen by validation"


def _cells(
    matrix: Matrix, train: str, tests: Sequence[str], selection: str, ends: tuple[float, float]
) -> tuple[HeatCell | None, ...]:
    return tuple(_cell(entry(matrix, train, t, selection=selection), ends) for t in tests)


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
    return HeatCell(
        tip=_tip(one),
        accuracy=percent(one.accuracy),
        spread=spread(one),
        change=change(one),
        own=one.own,
        colour=colour,
        ink=ink,
    )


def _tip(one: Entry) -> str:
    """The counts behind an entry."""
    if one.seeds > 1:
        return f"{one.seeds} seeds, {percent(one.low)}-{percent(one.high)} % with their intervals"
    return f"{round(one.accuracy * one.n):,} of {one.n:,} faces right"
