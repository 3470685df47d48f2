"""The statistics of a report as tables: gaps, comparisons, seeds and what scores are worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from occbench.matrix.calibration import Reliability
from occbench.matrix.cells import Matrix
from occbench.matrix.compare import ROWS, Comparison
from occbench.matrix.gaps import Recovery
from occbench.matrix.quality import Quality
from occbench.matrix.statistics import SeedSpread, seed_spread
from occbench.report.entries import p_value, percent, points, signed
from occbench.report.study import Study
from occbench.report.text_table import ReportTable, TextTable, to_csv

_METRIC_WORDS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
}


def study_tables(study: Study, selection: str) -> dict[str, ReportTable]:
    """The tables of one selection by kind; a kind without a row is left out.

    The CSV of those that name gains and losses carries the selection in each line, so that one
    that the test may have chosen is known as such wherever the line goes.
    """
    made = {
        "gaps": gap_table(study, selection),
        "class-gaps": class_gap_table(study, selection),
        "comparisons": comparison_table(study, selection),
        "scores-worth": quality_table(study),
        "reliability": reliability_table(study),
        "risk-coverage": risk_table(study),
    }
    return {kind: table for kind, table in made.items() if table.text.rows}


def gap_table(study: Study, selection: str) -> ReportTable:
    """What covering costs each train split, and the share of normal training's gap it closes."""
    heads = ["train", "gap, points", "recovered, %", "why not", "over seeds"]
    rows, numbers = [], []
    for row in study.gaps:
        share = row.recovery.share if row.recovery else None
        why = row.recovery.reason if row.recovery else ""
        rows.append(
            [row.train, points(row.gap), recovered(row.recovery), why, seeds_text(row.spread)]
        )
        ends = [None] * 3 if share is None else [share.value, share.low, share.high]
        gap = [row.gap.value, row.gap.low, row.gap.high]
        numbers.append([selection, row.train, *gap, row.spread.sd, *ends, why])
    if not any(row[3] for row in rows):
        heads, rows = _without(3, heads, rows)
    if not any(row[-1] for row in rows):
        heads, rows = _without(-1, heads, rows)
    head = ["selection", "train", "gap", "gap_low", "gap_high", "gap_sd"]
    head += ["recovery", "recovery_low", "recovery_high", "reason"]
    caption = "accuracy lost under cover, and the share of normal training's loss that is recovered"
    return ReportTable(caption, to_csv(head, numbers), TextTable(heads, rows))


def class_gap_table(study: Study, selection: str) -> ReportTable:
    """A row per train split and class that has a face."""
    heads = ["train", "class", "faces", "normal", "occluded", "normal less occluded, points"]
    heads += ["p", "verdict"]
    rows: list[list[str]] = []
    numbers: list[list[object]] = []
    for train, classes in study.classes.items():
        for one in classes:
            found, tested = one.tested.difference, one.tested
            row = [train, one.name, f"{one.faces:,}", percent(one.normal), percent(one.occluded)]
            rows.append([*row, points(found), p_value(tested.adjusted), tested.verdict])
            number = [selection, train, one.name, one.faces, one.normal, one.occluded]
            number += [found.value, found.low, found.high]
            numbers.append([*number, tested.p, tested.adjusted, tested.verdict])
    head = ["selection", "train", "class", "faces", "normal", "occluded"]
    head += ["gap", "gap_low", "gap_high", "p", "p_adjusted", "verdict"]
    caption = "recall in % per class, and what covering costs; p adjusted over the classes of a row"
    return ReportTable(caption, to_csv(head, numbers), TextTable(heads, rows))


def comparison_table(study: Study, selection: str) -> ReportTable:
    """A row per pair of places: the same column, or the same row."""
    heads = ["both", "first", "second", "first less second, points"]
    heads += ["right only in first / second", "p", "verdict"]
    rows: list[list[str]] = []
    numbers: list[list[object]] = []
    for one in study.comparisons.comparisons:
        tested, found = one.tested, one.tested.difference
        apart = "; ".join(f"{each.only_first:,} / {each.only_second:,}" for each in tested.by_seed)
        row = [*_sides(one), points(found), apart]
        rows.append([*row, p_value(tested.adjusted), tested.verdict])
        number = [selection, one.kind, *one.first, *one.second, found.value, found.low, found.high]
        numbers.append([*number, one.spread.sd, tested.p, tested.adjusted, tested.verdict])
    head = ["selection", "kind", "first_train", "first_test", "second_train", "second_test"]
    head += ["difference", "low", "high", "sd", "p", "p_adjusted", "verdict"]
    caption = "differences of accuracy on the same faces, first less second"
    return ReportTable(caption, to_csv(head, numbers), TextTable(heads, rows))


def _sides(one: Comparison) -> list[str]:
    """What two places have in common, and what the first and the second are."""
    ways, side = ("trained on", "tested on"), 0 if one.kind == ROWS else 1
    same = f"{ways[1 - side]} {one.first[1 - side]}"
    return [same, *(f"{ways[side]} {place[side]}" for place in (one.first, one.second))]


def quality_table(study: Study) -> ReportTable:
    """A row per cell: calibration, risk and coverage, and what is answered too often."""
    heads = ["train", "test", "seed", "calibration error, %", "overconfidence, points"]
    heads += ["risk-coverage area, %", "least area, %", "collapse, %", "dead classes"]
    rows: list[list[str]] = []
    numbers: list[list[object]] = []
    for one in study.qualities:
        found, curve = one.reliability, one.risk_coverage
        sure = ["none", "none"]
        if found is not None:
            sure = [percent(found.error), signed(found.overconfidence)]
        shares = [curve.area, curve.least, one.collapse]
        dead = ", ".join(one.dead) or "none"
        rows.append([*map(str, _place(one)), *sure, *map(percent, shares), dead])
        error = [None, None] if found is None else [found.error, found.overconfidence]
        numbers.append([*_place(one), *error, *shares, "; ".join(one.dead)])
    head = ["train", "test", "seed", "calibration_error", "overconfidence", "risk_coverage_area"]
    head += ["least_area", "collapse", "dead_classes"]
    return ReportTable("what the scores are worth", to_csv(head, numbers), TextTable(heads, rows))


def reliability_table(study: Study) -> ReportTable:
    """The reliability diagram: a row per cell and bin that holds a face."""
    heads = ["train", "test", "seed", "bin, %", "faces", "confidence", "accuracy"]
    rows: list[list[str]] = []
    numbers: list[list[object]] = []
    for one in study.qualities:
        for ends, faces, shares in _bins(one.reliability):
            bin_ = "-".join(map(percent, ends))
            rows.append([*map(str, _place(one)), bin_, f"{faces:,}", *map(percent, shares)])
            numbers.append([*_place(one), *ends, faces, *shares])
    head = ["train", "test", "seed", "confidence_from", "confidence_to", "faces"]
    head += ["confidence", "accuracy"]
    caption = "accuracy by confidence, %"
    return ReportTable(caption, to_csv(head, numbers), TextTable(heads, rows))


def _bins(found: Reliability | None) -> Iterator[tuple[list[float], int, list[float]]]:
    """Ends, faces, and confidence and accuracy of each bin that holds a face."""
    if found is None:
        return
    for place in found.faces.nonzero()[0].tolist():
        shares = [float(found.confidence[place]), float(found.accuracy[place])]
        yield found.edges[place : place + 2].tolist(), int(found.faces[place]), shares


def risk_table(study: Study) -> ReportTable:
    """The risk-coverage curve of each cell at every tenth of the faces."""
    head = ["train", "test", "seed", "coverage", "risk"]
    rows: list[list[str]] = []
    numbers: list[list[object]] = []
    for one in study.qualities:
        for tenth in range(1, 11):
            shares = [tenth / 10, float(one.risk_coverage.risk[_last(one, tenth)])]
            rows.append([*map(str, _place(one)), *map(percent, shares)])
            numbers.append([*_place(one), *shares])
    caption = "share of wrong answers if only the most confident faces get one, %"
    return ReportTable(caption, to_csv(head, numbers), TextTable(head, rows))


def seed_table(matrix: Matrix, selection: str) -> ReportTable:
    """Mean, standard deviation and range over the seeds, a row per place and metric."""
    heads = ["train", "test", "metric", "seeds", "mean", "sd", "lowest", "highest"]
    rows: list[list[str]] = []
    numbers: list[list[object]] = []
    for train, test, metric, one in _spreads(matrix, selection):
        shares = [one.mean, one.sd, one.lowest, one.highest]
        texts = [percent(share) for share in shares if share is not None]
        rows.append([train, test, _METRIC_WORDS[metric], str(one.seeds), *texts])
        numbers.append([train, test, metric, one.seeds, *shares])
    caption = "mean, standard deviation and range over the seeds, %"
    return ReportTable(caption, to_csv(heads, numbers), TextTable(heads, rows))


def recovered(recovery: Recovery | None) -> str:
    """A recovery in per cent with its interval; a word where there is none."""
    if recovery is None:
        return "base"
    if recovery.share is None:
        return "none"
    share = recovery.share
    return f"{100 * share.value:.0f} ({100 * share.low:.0f} to {100 * share.high:.0f})"


def seeds_text(spread: SeedSpread) -> str:
    """Standard deviation and range of a difference in points; empty for one seed."""
    if spread.sd is None or spread.lowest is None or spread.highest is None:
        return ""
    return f"sd {percent(spread.sd)}, {signed(spread.lowest)} to {signed(spread.highest)}"


def _spreads(matrix: Matrix, selection: str) -> Iterator[tuple[str, str, str, SeedSpread]]:
    for train in matrix.trains:
        for test in matrix.tests:
            cells = [matrix.cell(train, test, seed=s, selection=selection) for s in matrix.seeds]
            known = [cell for cell in cells if cell is not None]
            if len(known) > 1:
                for metric in _METRIC_WORDS:
                    spread = seed_spread([getattr(cell, metric) for cell in known])
                    yield train, test, metric, spread


def _last(one: Quality, tenth: int) -> int:
    """The face at which a tenth of the coverage is reached."""
    return -(-len(one.risk_coverage.risk) * tenth // 10) - 1


def _place(one: Quality) -> tuple[str, str, int]:
    return one.place.train, one.place.test, one.place.seed


def _without(
    column: int, heads: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[list[str], list[list[str]]]:
    """The table without a column that says nothing."""
    place = column % len(heads)
    kept = [number for number in range(len(heads)) if number != place]
    return [heads[n] for n in kept], [[row[n] for n in kept] for row in rows]
