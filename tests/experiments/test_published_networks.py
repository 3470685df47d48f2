"""The published numbers beside the networks' own experiment are those of the package."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from occbench.core.csv_rows import read_lines
from occbench.models.facts import backbone_facts
from occbench.reference.confusion_table import read_confusion
from occbench.reference.published import FLAGS, load_reference, shipped_tables

FOLDER = Path(__file__).parents[2] / "experiments" / "fer2013-networks"
REPORTS = ("report-002", "report-003", "report-004")
FOUND = Path(os.environ.get("OCCBENCH_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
BACKBONES = {
    "report-002": ("report-002-cnn", "report-002-forward", "resnet18"),
    "report-003": ("report-003-plain", "report-003-inception"),
    "report-004": ("report-004-plain", "report-004-inception"),
}
# Validation accuracies by their model in the collected results.
VALIDATION = {
    "CNN, basic": "cnn6_basic",
    "CNN, final": "cnn6_final",
    "ResNet18": "resnet18",
    "ResNet18, found by random search": "resnet18 random_search B retrained",
    "ResNet18, long run": "resnet18 long run",
}


def rows(report, metric):
    """The lines of ``expected.csv`` with that metric."""
    _, lines = read_lines(FOLDER / "expected.csv")
    found = [line.values for line in lines]
    return [row for row in found if (row["report"], row["metric"]) == (report, metric)]


@pytest.mark.parametrize("report", REPORTS)
def test_every_published_accuracy_is_there(report):
    """In the package's order, with faces, choice and flags; what is spoilt says by what."""
    cells = load_reference(report).cells
    table = rows(report, "accuracy")
    assert len(table) == len(cells)
    for row, cell in zip(table, cells, strict=True):
        name = f"{cell.table}, {cell.model}" if report == "report-003" else cell.model
        wanted = cell.comparable_with
        assert row["network"] == name
        assert float(row["value"]) == cell.value
        assert row["n"] == (str(wanted.n) if wanted.n else "")
        assert row["selection"] == wanted.selection
        assert row["epoch"] == (str(cell.epoch) if cell.epoch else "")
        assert tuple(row["flags"].split()) == cell.flags
        if {"contaminated", "by-file-validation", "test-selected"} & set(cell.flags):
            assert row["contaminated_by"]


def test_nothing_but_known_flags_and_metrics():
    """A contaminated number says by what, and every row belongs to a report with a network."""
    _, lines = read_lines(FOLDER / "expected.csv")
    for row in (line.values for line in lines):
        assert row["report"] in REPORTS
        assert set(row["flags"].split()) <= set(FLAGS)
        assert row["network"]
        assert row["metric"] in {
            "parameters",
            "accuracy",
            "val_accuracy",
            "val_accuracy_read_off_plot",
            "weighted_f1",
            "mean_class_accuracy",
        }
        if "contaminated" in row["flags"]:
            assert row["contaminated_by"]


@pytest.mark.parametrize("report", REPORTS)
def test_parameters_are_those_of_the_backbones(report):
    """What is said of a published network is what is built here."""
    built = {
        each["parameters"]
        for backbone in BACKBONES[report]
        for each in backbone_facts(backbone)["reported"]
    }
    assert {int(row["value"]) for row in rows(report, "parameters")} == built


def test_mean_metrics_follow_from_the_confusion_matrices():
    """Weighted F1 (002) and mean recall (004), computed here from the shipped counts."""
    checked = 0
    for report, metric in (("report-002", "weighted_f1"), ("report-004", "mean_class_accuracy")):
        table = {_key(row["network"]): float(row["value"]) for row in rows(report, metric)}
        for shipped in shipped_tables(report):
            counts = read_confusion(shipped.table).counts
            right = counts.diagonal()
            size, called = counts.sum(axis=1), counts.sum(axis=0)
            recall = right / size
            f1 = 2 * right / (size + called)
            weighted = (f1 * size).sum() / size.sum()
            value = weighted if metric == "weighted_f1" else recall.mean()
            name = _key(shipped.name.split(", ", 1)[1])
            (found,) = [number for key, number in table.items() if key in (name, _LONG.get(name))]
            assert found == pytest.approx(value, abs=6e-5)
            checked += 1
    assert checked == 9


_LONG = {"r1": "r1 convolutions", "r2": "r2 30 inception modules"}


def _key(name):
    return name.replace(",", "").lower()


def test_validation_accuracies_against_their_source():
    """They stand in no table of the package; the collected results have them."""
    path = FOUND.parent / "reference_results" / "report_002.csv"
    if not path.exists():
        pytest.skip(f"no {path.name} in '{path.parent}'; it belongs beside OCCBENCH_TEST_DATA")
    with path.open(encoding="utf-8", newline="") as file:
        source = {
            (row["model"], row["metric"]): float(row["value"]) for row in csv.DictReader(file)
        }
    for metric in ("val_accuracy", "val_accuracy_read_off_plot"):
        for row in rows("report-002", metric):
            assert float(row["value"]) == source[VALIDATION[row["network"]], metric]


def test_validation_lies_above_the_test_where_copies_came_first():
    """And only there: the reason why these numbers are kept."""
    tested = {row["network"]: float(row["value"]) for row in rows("report-002", "accuracy")}
    table = rows("report-002", "val_accuracy") + rows("report-002", "val_accuracy_read_off_plot")
    assert {row["network"] for row in table} == set(VALIDATION)
    for row in table:
        above = float(row["value"]) - tested[row["network"]]
        assert (above > 0.1) is ("contaminated" in row["flags"].split())
