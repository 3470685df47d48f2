"""Tables that stand beside the matrix: published results, given models, faces that are lost."""

from __future__ import annotations

from dataclasses import astuple, fields

from occbench.matrix.cell_files import COLUMNS, csv_text
from occbench.reference.compare import NOT_COMPARABLE, Comparison, Share
from occbench.report.entries import percent, signed
from occbench.report.facts import Published, ReportFacts
from occbench.report.lost_faces import LostFace
from occbench.report.model_rows import model_table
from occbench.report.text_table import ReportTable, TextTable, to_csv


def other_tables(facts: ReportFacts) -> dict[str, ReportTable]:
    """These tables by the name of their files; those without a row are left out."""
    made = {f"reference-{one.reference.name}": reference_table(one) for one in facts.published}
    made["models"] = given_table(facts)
    made["lost-faces"] = lost_table(facts.lost)
    return {name: table for name, table in made.items() if table.text.rows}


def reference_table(published: Published, *, comparable: bool | None = None) -> ReportTable:
    """One's own accuracies beside the published ones.

    Args:
        published: a report.
        comparable: only the rows that can be compared, or only those that cannot; all if None.
    """
    heads = ["table", "network", "train", "test", "epoch", "own", "published"]
    heads += ["difference, points", "verdict", "why, and what to keep in mind"]
    shown = [
        one
        for one in published.rows
        if comparable is None or (one.verdict != NOT_COMPARABLE) is comparable
    ]
    caption = f"own accuracies in % beside those of {published.reference.name}"
    return ReportTable(
        caption, _reference_csv(published), TextTable(heads, list(map(_line, shown)))
    )


def given_table(facts: ReportFacts) -> ReportTable:
    """The given models, a row each."""
    models = facts.models.models
    lines = [astuple(cell) for model in models for cell in model.cells]
    table = model_table(models, facts.matrix.tests)
    caption = "accuracy in % of given models, selection unknown"
    return ReportTable(caption, csv_text(COLUMNS, lines), table)


def lost_table(lost: tuple[LostFace, ...]) -> ReportTable:
    """The faces that covering takes from the most runs."""
    heads = ["face", "class", "taken for", "runs that lose it", "runs"]
    found = [[one.id, one.truth, one.taken_for, one.lost, one.runs] for one in lost]
    rows = [[str(part) for part in row] for row in found]
    caption = "faces that are right as they are and wrong when covered"
    return ReportTable(caption, to_csv(heads, found), TextTable(heads, rows))


def _line(one: Comparison) -> list[str]:
    row = [one.table, one.model, one.train, one.test, one.selection, _share(one.own)]
    row += [_share(one.published) or percent(one.value), _difference(one), one.verdict]
    return [*row, _flags(one)]


def _share(one: Share | None) -> str:
    if one is None:
        return ""
    return f"{percent(one.accuracy)} ({percent(one.low)}-{percent(one.high)})"


def _difference(one: Comparison) -> str:
    if one.difference is None:
        return ""
    value, low, high = map(signed, one.difference)
    return f"{value} ({low} to {high})"


def _flags(one: Comparison) -> str:
    """The reason, and the flags of the published number where it does not name them."""
    flags = f"[{', '.join(one.flags)}]" if one.flags else ""
    return " ".join(part for part in (flags, one.why) if part)


def _reference_csv(published: Published) -> str:
    share = [field.name for field in fields(Share)]
    heads = ["table", "network", "train", "test", "selection", "seeds"]
    heads += [f"own_{name}" for name in share] + ["published"]
    heads += [f"published_{name}" for name in share[1:]]
    heads += ["difference", "low", "high", "verdict", "why", "flags"]
    rows: list[list[object]] = []
    for one in published.rows:
        row: list[object] = [one.table, one.model, one.train, one.test, one.selection, one.seeds]
        row += astuple(one.own) if one.own else [None] * len(share)
        row += [one.value, *(astuple(one.published)[1:] if one.published else [None] * 3)]
        row += [*(one.difference or [None] * 3), one.verdict, one.why, " ".join(one.flags)]
        rows.append(row)
    return to_csv(heads, rows)
