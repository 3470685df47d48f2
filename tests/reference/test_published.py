"""The published results that come with the package."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest

from occbench.dataset.labels import AFFECTNET, FER2013
from occbench.errors import UnknownName
from occbench.matrix.cell import TESTS
from occbench.occluders.base import make_occluder, variant_name
from occbench.reference.published import (
    FLAGS,
    SPOILT,
    load_reference,
    references,
    shipped_tables,
)
from occbench.reference.result_table import read_result_table
from occbench.splits.modes import MODES

_DATA = Path(__file__).parents[3] / "shared" / "data"
REPORTS = ("report-000", "report-001", "report-002", "report-003", "report-004")
MODE = {
    "affectnet_normal": "normal",
    "affectnet_occluded": "occluded",
    "affectnet_mixed_full": "mixed-paired",
    "affectnet_mixed_unique": "mixed-unique",
}


def cells(name, **wanted):
    """The cells of a report with these values."""
    return [
        each
        for each in load_reference(name).cells
        if all(
            getattr(each, key, None) == value or getattr(each.comparable_with, key, None) == value
            for key, value in wanted.items()
        )
    ]


def test_all_five_reports_are_there():
    """In order, and an unknown one is told with those there are."""
    assert references() == REPORTS
    with pytest.raises(UnknownName, match=r"Unknown reference 'report-1'\. .* Known: report-000"):
        load_reference("report-1")
    with pytest.raises(UnknownName, match="Unknown reference"):
        shipped_tables("report-1")


@pytest.mark.parametrize("name", REPORTS)
def test_every_cell_is_sound(name):
    """Names are known, shares are shares, and what is printed is the value unless corrected."""
    reference = load_reference(name)
    assert reference.title
    assert reference.source
    assert reference.notes
    for cell in reference.cells:
        wanted = cell.comparable_with
        assert wanted.train in MODES
        assert wanted.test in TESTS
        assert 0 < cell.value < 1
        assert set(cell.flags) <= set(FLAGS)
        assert wanted.classes == (AFFECTNET if wanted.data_set == "affectnet" else FER2013).names
        if wanted.occluder:
            assert variant_name(make_occluder(wanted.occluder)) == "headset"
        digits = re.fullmatch(r"(\d*\.?\d+)( %)?", cell.as_printed)
        if digits and not {"corrected"} & set(cell.flags):
            scale = 0.01 if digits[2] else 1.0
            unit = scale * 10.0 ** -len(digits[1].partition(".")[2])
            assert cell.value == pytest.approx(float(digits[1]) * scale, abs=0.51 * unit)


def test_the_flags_that_spoil_are_flags():
    """Each has its sentence."""
    assert set(SPOILT) <= set(FLAGS)


def test_what_is_wrong_with_each_report():
    """Copies in training (000), the swap and the peek (001, 002), folds of copies (003)."""
    leaked = {each.model: "leaked" in each.flags for each in load_reference("report-000").cells}
    assert {model for model, is_leaked in leaked.items() if not is_leaked} == {
        f"step {step}" for step in (0, 1, 2, 3, 4, 5, 7)
    }
    assert len(leaked) == 12
    corrected = [each for each in load_reference("report-001").cells if "corrected" in each.flags]
    assert {(each.epoch, each.comparable_with.test): each.value for each in corrected} == {
        (18, "mixed"): 0.5304,
        (18, "occluded"): 0.4814,
        (38, "mixed"): 0.5406,
        (38, "occluded"): 0.4906,
    }
    assert {each.as_printed for each in corrected} == {"48.14 %", "53.04 %", "49.06 %", "54.06 %"}
    peeked = [each for each in load_reference("report-001").cells if "test-selected" in each.flags]
    assert [(each.epoch, each.value) for each in peeked] == [(16, 0.5926), (16, 0.3798)]
    assert len(cells("report-002", selection="test")) == 1
    flags = [each.flags for each in load_reference("report-003").cells]
    assert all("contaminated" in each or "unstated-set" in each for each in flags)


def test_the_tables_of_report_001_are_its_cells():
    """Each shipped row is the printed value of a cell of tables 4.1 to 4.4."""
    (shipped,) = shipped_tables("report-001")
    rows = read_result_table(shipped.table).rows
    printed = {
        (row.train, row.test, int(row.block[3])): f"{float(100 * row.accuracy.value):.2f} %"
        for row in rows
    }
    tables = [each for each in load_reference("report-001").cells if each.table.startswith("4.")]
    assert printed == {
        (each.comparable_with.train, each.comparable_with.test, each.epoch): each.as_printed
        for each in tables
    }
    assert len(rows) == 20


@pytest.mark.parametrize(
    ("name", "tables"), [(REPORTS[0], 1), (REPORTS[1], 1), (REPORTS[2], 3), (REPORTS[4], 6)]
)
def test_tables_to_check(name, tables):
    """Confusion matrices come with the metrics printed beside them; report 003 has none."""
    found = shipped_tables(name)
    assert len({each.name for each in found}) == tables
    assert [each.printed is not None for each in found] == [name in REPORTS[2::2]] * tables
    assert shipped_tables("report-003") == ()


def source(name):
    """The lines of a collected result file, where it is at hand."""
    folder = Path(os.environ.get("OCCBENCH_TEST_DATA", _DATA)).parent / "reference_results"
    path = folder / name
    if not path.exists():
        pytest.skip(f"no {name} in '{folder}'; it belongs beside OCCBENCH_TEST_DATA")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_report_001_against_its_source():
    """Every cell of the four tables is the notebook's value in the collected results."""
    for row in source("report_001_tables_4.1-4.4.csv"):
        (cell,) = cells(
            "report-001",
            table=row["table"],
            train=MODE[row["train_split"]],
            test=row["test_split"],
            epoch=int(row["epoch"]),
        )
        assert cell.value == float(row["test_acc_notebook"])
        assert cell.as_printed == f"{100 * float(row['test_acc_printed']):.2f} %"
        assert ("corrected" in cell.flags) is ("SWAPPED" in row["status"])


@pytest.mark.parametrize(
    ("file", "name", "metric"),
    [
        ("report_000.csv", "report-000", "test_accuracy"),
        ("report_002.csv", "report-002", "test_accuracy"),
        ("report_003.csv", "report-003", "accuracy"),
        ("report_004.csv", "report-004", "test_accuracy"),
    ],
)
def test_other_reports_against_their_source(file, name, metric):
    """The accuracies are those of the collected results, in their order, to four digits."""
    found = [float(row["value"]) for row in source(file) if row["metric"] == metric]
    if name == "report-003":
        found = [value for value in found if value]
    stored = [each.value for each in load_reference(name).cells]
    if name == "report-002":
        # The reference computes the first three from their matrices.
        assert stored == pytest.approx(found[: len(stored)], abs=6e-5)
    else:
        assert stored == pytest.approx(found, abs=1e-8)
