"""The tables of a report: train x test, further scores, and recall per class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from occbench.core import console
from occbench.core.atomic import write_text
from occbench.matrix.cells import Matrix
from occbench.report.entries import Entry, entry, entry_text, epochs, percent, signed
from occbench.report.facts import ReportFacts
from occbench.report.other_tables import other_tables
from occbench.report.recall import recall_changes
from occbench.report.study_tables import seed_table, study_tables
from occbench.report.text_table import (
    ReportTable,
    TextTable,
    to_csv,
    to_latex,
    to_markdown,
)
from occbench.report.words import epoch_words


def train_test_table(matrix: Matrix, selection: str) -> TextTable:
    """Rows are train splits, columns test splits, entries accuracies in per cent.

    An entry is ``58.9 (57.4-60.4) -35.3 %``: accuracy, its 95 % Wilson interval (mean and
    sample standard deviation for several seeds), change against the row's own test split.
    """
    rows = [
        [
            train,
            epochs(matrix, train, selection=selection),
            *(entry_text(entry(matrix, train, test, selection=selection)) for test in matrix.tests),
        ]
        for train in matrix.trains
    ]
    return TextTable(["train", "epoch", *(f"test {test}" for test in matrix.tests)], rows)


def terminal_table(matrix: Matrix, selection: str) -> str:
    """The train x test table for a terminal, with a line below that explains the entries."""
    heads, rows = train_test_table(matrix, selection)
    return f"{console.table(heads, rows)}\n{entry_note(matrix, selection)}"


def entry_note(matrix: Matrix, selection: str) -> str:
    """What an entry of the train x test table says, in one sentence."""
    several = len(matrix.seeds) > 1
    band = f"mean ± standard deviation over {len(matrix.seeds)} seeds, " if several else ""
    band += "95 % Wilson interval in brackets" + (" where only one seed is there" * several)
    sizes = sorted({cell.n for cell in matrix.cells if cell.selection == selection})
    faces = f", n = {' or '.join(f'{n:,}' for n in sizes)} faces" if sizes else ""
    words = epoch_words(selection)
    return f"Accuracy in %, {words}{faces}; {band}; change against the row's own test split."


def score_table(matrix: Matrix, selection: str) -> TextTable:
    """Accuracy, balanced accuracy and macro F1 in per cent, a row per place that has a cell."""
    rows = [
        [*(f"{part:,}" if isinstance(part, int) else str(part) for part in row[:3])]
        + [percent(float(str(score))) for score in row[3:]]
        for row in _score_numbers(matrix, selection)
    ]
    return TextTable(["train", "test", "n", "accuracy", "balanced accuracy", "macro F1"], rows)


def per_class_table(facts: ReportFacts, selection: str) -> TextTable:
    """Recall per class in per cent, normal to occluded, and what is lost of it in points.

    A row per class, a column per train split: ``61.0 to 12.0 (+49.0*)``. The asterisk marks a
    difference that the faces show: by its interval and by its adjusted p-value.
    """
    shown = {
        train: {change.name: change for change in recall_changes(facts, train, selection=selection)}
        for train in facts.matrix.trains
    }
    shown = {train: changes for train, changes in shown.items() if changes}
    rows = []
    for name in facts.classes:
        row = [name]
        for changes in shown.values():
            one = changes.get(name)
            row.append(
                f"{percent(one.normal)} to {percent(one.occluded)} "
                f"({signed(one.lost)}{'*' if one.shown else ''})"
                if one is not None
                else "no face"
            )
        rows.append(row)
    return TextTable(["class", *shown], rows)


def all_tables(facts: ReportFacts) -> dict[str, ReportTable]:
    """Every table of a report by the name of its files.

    Those of a selection end in its name, such as ``matrix-best``.
    """
    found: dict[str, ReportTable] = {}
    for selection in facts.matrix.selections:
        words = epoch_words(selection)
        for kind, table in _of_selection(facts, selection).items():
            found[f"{kind}-{selection}"] = table._replace(caption=f"{table.caption} ({words})")
    return found | other_tables(facts)


def write_tables(tables: Mapping[str, ReportTable], title: str, folder: Path) -> tuple[Path, ...]:
    """Writes tables by the name of their files as CSV, Markdown and LaTeX into ``folder/tables``.

    The CSV files hold plain fractions with all digits; the others hold rounded text.
    """
    written = []
    for name, (caption, numbers, text) in tables.items():
        label = f"tab:{title}-{name}"
        forms = {
            "csv": numbers,
            "md": to_markdown(text),
            "tex": to_latex(text, caption=f"{title}: {caption}", label=label),
        }
        for suffix, content in forms.items():
            path = folder / "tables" / f"{name}.{suffix}"
            write_text(path, content)
            written.append(path)
    return tuple(written)


def _of_selection(facts: ReportFacts, selection: str) -> dict[str, ReportTable]:
    matrix = facts.matrix
    tables = {
        "matrix": ReportTable(
            "accuracy in % of each train split on each test split",
            to_csv(_MATRIX_HEADS, _matrix_numbers(matrix, selection)),
            train_test_table(matrix, selection),
        ),
        "per-class": ReportTable(
            "recall in % on normal and on occluded faces, and points lost, * where that is shown",
            to_csv(_RECALL_HEADS, _recall_numbers(facts, selection)),
            per_class_table(facts, selection),
        ),
        "scores": ReportTable(
            "accuracy, balanced accuracy and macro F1 in %",
            to_csv(_SCORE_HEADS, _score_numbers(matrix, selection)),
            score_table(matrix, selection),
        ),
    }
    if (seeds := seed_table(matrix, selection)).text.rows:
        tables["seeds"] = seeds
    if (study := facts.studies.get(selection)) is not None:
        tables |= study_tables(study, selection)
    return tables


_MATRIX_HEADS = ("train", "test", "n", "seeds", "accuracy", "sd", "low", "high", "relative_change")
_RECALL_HEADS = ("train", "class", "faces", "normal", "occluded", "lost", "shown")
_SCORE_HEADS = ("train", "test", "n", "accuracy", "balanced_accuracy", "macro_f1")


def _matrix_numbers(matrix: Matrix, selection: str) -> list[list[object]]:
    """A row of ``_MATRIX_HEADS`` per place; a mean over several seeds has no interval."""
    return [
        [train, test, one.n, one.seeds, one.accuracy, one.sd]
        + ([one.low, one.high] if one.seeds == 1 else [None, None])
        + [one.relative_change]
        for train, test, one in _entries(matrix, selection)
    ]


def _recall_numbers(facts: ReportFacts, selection: str) -> list[list[object]]:
    return [
        [train, one.name, *(getattr(one, name) for name in _RECALL_HEADS[2:])]
        for train in facts.matrix.trains
        for one in recall_changes(facts, train, selection=selection)
    ]


def _score_numbers(matrix: Matrix, selection: str) -> list[list[object]]:
    """A row of ``_SCORE_HEADS`` per place that has a cell, means over the seeds."""
    rows: list[list[object]] = []
    for train, test, one in _entries(matrix, selection):
        means = [
            matrix.over_seeds(train, test, selection=selection, field=field)
            for field in _SCORE_HEADS[3:]
        ]
        rows.append([train, test, one.n, *(mean[0] for mean in means if mean is not None)])
    return rows


def _entries(matrix: Matrix, selection: str) -> list[tuple[str, str, Entry]]:
    return [
        (train, test, one)
        for train in matrix.trains
        for test in matrix.tests
        if (one := entry(matrix, train, test, selection=selection)) is not None
    ]
