"""Given models and the leaderboard as tables of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from occbench.core import console
from occbench.foreign.board import Board
from occbench.foreign.standing import EXACT, GAP, OVERLAP, SIGNS, Standing
from occbench.foreign.stored import UNKNOWN, StoredModel, StoredModels
from occbench.matrix.bootstrap import DRAWS
from occbench.matrix.cell import Cell
from occbench.matrix.cell_files import csv_text
from occbench.report.entries import percent, signed
from occbench.report.text_table import TextTable
from occbench.report.words import epoch_words


def model_table(models: Sequence[StoredModel], tests: Sequence[str]) -> TextTable:
    """A row per given model, a column per test: ``38.1 (36.6-39.6) -35.3 %``.

    The change is that against the model's normal test. A star stands behind a model of which
    ``model_notes`` says something that does not hold for all.
    """
    rows = []
    for model in models:
        cells = {cell.test: cell for cell in model.cells}
        rows.append(
            [f"{model.name}{star(model.remarks)}", *(_entry(cells.get(test)) for test in tests)]
        )
    return TextTable(["model", *(f"test {test}" for test in tests)], rows)


def model_notes(models: Sequence[StoredModel]) -> tuple[str, ...]:
    """What has to stand below a table of given models, a sentence each."""
    if not models:
        return ()
    words = epoch_words("given")
    first = (
        f"Accuracy in %, {words}, n = {models[0].cells[0].n:,} faces; 95 % Wilson interval in "
        "brackets; change against normal."
    )
    return (first, *_remarks({model.name: model.remarks for model in models}))


def models_text(found: StoredModels, tests: Sequence[str]) -> str:
    """The given models for a terminal, with what has to be said of them; empty without one."""
    parts = []
    if found.models:
        heads, rows = model_table(found.models, tests)
        parts.append(console.table(heads, rows))
    parts += model_notes(found.models)
    parts += [f"'{name}' is left out: {why.rstrip('.')}." for name, why in found.unfit.items()]
    return "\n".join(parts)


def board_text(board: Board) -> str:
    """The leaderboard for a terminal."""
    numbers = ["occluded", "", "normal", "", "gap", "", "area", ""]
    head = ["model", "rank", "kind", *numbers, "parameters"]
    rows = [_line(row) for row in board.rows]
    notes = [*board_notes(board), *board.remarks, *board.left_out]
    return "\n".join([console.table(head, rows), *notes])


def board_notes(board: Board) -> tuple[str, ...]:
    """What the columns of the leaderboard mean, and what has to be said of its rows."""
    words = epoch_words(board.selection)
    notes = [
        f"Accuracy in % with its 95 % Wilson interval, trained rows: {words}"
        + (
            ", means over seeds with the lowest and the highest bound"
            if any(row.seeds > 1 for row in board.rows)
            else ""
        )
        + "; gap: normal less occluded, in points; area: mean of normal and occluded; each with "
        f"the 95 % interval of {DRAWS:,} draws of the faces, the same for both tests.",
        f"Ranked by {board.by}, the {'smallest' if board.by == GAP else 'highest'} first.",
    ]
    methods = {row.tie_by for row in board.rows if row.ties}
    how = {
        EXACT: "exact McNemar on the covered faces, Holm's correction, p of 0.05 or more",
        SIGNS: "exact test of signs over the faces, Holm's correction, p of 0.05 or more",
        OVERLAP: "predictions that are gone, intervals meet",
    }
    if methods:
        said = "; ".join(how[method] for method in how if method in methods)
        notes.append(f"= no difference to the next row in {board.by} is shown ({said}).")
    return (*notes, *_remarks({row.name: row.remarks for row in board.rows if row.remarks}))


_BOARD_COLUMNS = (
    "rank",
    "name",
    "kind",
    "seeds",
    "occluded",
    "occluded_low",
    "occluded_high",
    "normal",
    "normal_low",
    "normal_high",
    "gap",
    "gap_low",
    "gap_high",
    "area",
    "area_low",
    "area_high",
    "parameters",
    "ties",
    "tie_by",
    "p",
)


def board_csv(board: Board) -> str:
    """The leaderboard as CSV: plain fractions with all digits, what is unknown is empty."""
    rows = [[getattr(row, name) for name in _BOARD_COLUMNS] for row in board.rows]
    return csv_text([*_BOARD_COLUMNS, "remarks"], _with_remarks(board, rows))


def _with_remarks(board: Board, rows: list[list[object]]) -> list[list[object]]:
    return [[*values, "; ".join(row.remarks)] for values, row in zip(rows, board.rows, strict=True)]


def _line(row: Standing) -> list[str]:
    return [
        f"{row.name}{star(row.remarks)}",
        f"{row.rank}{'=' if row.ties else ''}",
        row.kind,
        percent(row.occluded),
        f"({percent(row.occluded_low)}-{percent(row.occluded_high)})",
        percent(row.normal),
        f"({percent(row.normal_low)}-{percent(row.normal_high)})",
        signed(row.gap),
        _between(row.gap_low, row.gap_high, signed),
        percent(row.area),
        _between(row.area_low, row.area_high, percent),
        "unknown" if row.parameters is None else f"{row.parameters:,}",
    ]


def _between(low: float | None, high: float | None, write: Callable[[float], str]) -> str:
    return "" if low is None or high is None else f"({write(low)} to {write(high)})"


def _entry(cell: Cell | None) -> str:
    if cell is None:
        return "missing"
    interval = f"({percent(cell.low)}-{percent(cell.high)})"
    if cell.test == "normal":
        return f"{percent(cell.accuracy)} {interval}"
    change = "" if cell.relative_change is None else f" {signed(cell.relative_change)} %"
    return f"{percent(cell.accuracy)} {interval}{change}"


def star(remarks: Sequence[str]) -> str:
    """A star behind the name of a row of which more is said than of every given model."""
    return "*" if any(remark != UNKNOWN for remark in remarks) else ""


def _remarks(by_name: dict[str, tuple[str, ...]]) -> list[str]:
    """What is said of every given model once, then what is said of single ones."""
    own = [
        f"* {name} {remark}."
        for name, found in by_name.items()
        for remark in found
        if remark != UNKNOWN
    ]
    common = any(UNKNOWN in found for found in by_name.values())
    return [*([f"Given models, {UNKNOWN}."] if common else []), *own]
