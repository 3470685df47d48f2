"""Report 000's steps and copies: equal budgets, and the published numbers beside them."""

from __future__ import annotations

import csv
import os
from dataclasses import fields
from pathlib import Path

import pytest

from occbench.core.csv_rows import read_lines
from occbench.models.facts import backbone_facts
from occbench.reference.published import load_reference
from occbench.study.plan import StudyPlan
from occbench.training.copies import count_learned
from occbench.training.recipe import Recipe

ROOT = Path(__file__).parents[2] / "experiments"
STEPS, COPIES = ROOT / "fer2013-steps", ROOT / "fer2013-augmentation"
FOUND = Path(os.environ.get("OCCBENCH_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
# FER2013's training faces without those whose copy stands in validation or test: as a dry run of
# either plan shows them.
FACES = 27_379


def rows(folder, metric):
    """The published numbers of that metric."""
    _, lines = read_lines(folder / "expected.csv")
    return [line.values for line in lines if line.values["metric"] == metric]


def differing(recipes):
    """The keys in which recipes differ."""
    return {
        each.name
        for each in fields(Recipe)
        if len({repr(getattr(recipe, each.name)) for recipe in recipes.values()}) > 1
    }


@pytest.mark.parametrize(
    ("folder", "keys", "names"),
    [
        (STEPS, {"backbone", "learning_rate"}, [f"step {step}" for step in range(8)]),
        (COPIES, {"copies"}, ["none", "mirror", "shift", "both", "rotations"]),
    ],
)
def test_rows_differ_in_what_is_compared(folder, keys, names):
    """In the network and its own rate, or in the copies; the test faces are kept apart."""
    plan = StudyPlan.load(folder / "plan.toml")
    assert list(plan.recipes) == names
    assert differing(plan.recipes) == keys
    assert {recipe.early_stopping for recipe in plan.recipes.values()} == {0}
    assert plan.partitions.source == "official"
    assert not plan.partitions.keep_crossing


@pytest.mark.parametrize("folder", [STEPS, COPIES])
def test_every_row_gets_the_same_steps(folder):
    """The budget is within 0.2 % a whole number of epochs for each row."""
    plan = StudyPlan.load(folder / "plan.toml")
    for recipe in plan.recipes.values():
        each = count_learned(recipe, [FACES]) // recipe.batch_size
        epochs = round(plan.steps / each)
        assert epochs >= 1
        assert epochs * each == pytest.approx(plan.steps, rel=0.002)


def test_published_accuracies_are_those_of_the_package():
    """With faces, choice and flags; only what is leaked or shares faces says by what."""
    known = {
        (report, cell.model): cell
        for report in ("report-000", "report-002")
        for cell in load_reference(report).cells
    }
    table = rows(STEPS, "accuracy") + rows(COPIES, "accuracy")
    assert len(table) == 14
    for row in table:
        cell = known[row["report"], row["network"]]
        assert float(row["value"]) == cell.value
        assert int(row["n"]) == cell.comparable_with.n
        assert row["selection"] == cell.comparable_with.selection
        assert row["epoch"] == (str(cell.epoch) if cell.epoch else "")
        assert tuple(row["flags"].split()) == cell.flags
        spoilt = {"leaked", "by-file-validation"} & set(cell.flags)
        assert bool(row["contaminated_by"]) is bool(spoilt)


@pytest.mark.parametrize("folder", [STEPS, COPIES])
def test_published_rows_are_rows_of_the_plan(folder):
    """So that the two can be laid side by side."""
    plan = StudyPlan.load(folder / "plan.toml")
    _, lines = read_lines(folder / "expected.csv")
    named = {line.values["row"] for line in lines}
    assert named <= set(plan.recipes)


def test_steps_have_the_published_parameters():
    """The network of each row has as many as was printed, moving statistics included."""
    plan = StudyPlan.load(STEPS / "plan.toml")
    reported = backbone_facts("report-000")["reported"]
    built = {each["spec"]: each["parameters"] for each in reported}
    for row in rows(STEPS, "parameters"):
        assert int(row["value"]) == built[plan.recipes[row["row"]].describe()["backbone"]]


def test_seconds_of_an_epoch_against_their_source():
    """They stand in no table of the package; the collected results have them."""
    path = FOUND.parent / "reference_results" / "report_000.csv"
    if not path.exists():
        pytest.skip(f"no {path.name} in '{path.parent}'; it belongs beside OCCBENCH_TEST_DATA")
    with path.open(encoding="utf-8", newline="") as file:
        source = {
            (row["model"], row["train_split"].rsplit("=", 1)[1]): row["value"]
            for row in csv.DictReader(file)
            if row["metric"] == "seconds_per_epoch"
        }
    for row in rows(STEPS, "seconds_per_epoch"):
        copies = "mirror+shift1px" if "copies" in row["network"] else "none"
        assert row["value"] == source[row["row"].replace(" ", ""), copies]


def test_the_notes_print_what_the_copies_gave():
    """Each row of the table in the notes is that of the results, to the digit."""
    table = {
        line.values["recipe"]: line.values
        for line in read_lines(COPIES / "results" / "table.csv")[1]
    }
    text = (COPIES / "notes.md").read_text(encoding="utf-8")
    printed = text.split("| copies | epochs |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    assert len(printed) == len(table) == 5
    for line in printed:
        name, epochs, val, test, _ = (cell.strip() for cell in line.strip("|").split("|"))
        row = table[name]
        assert int(epochs) == float(row["epochs"])
        for cell, share in ((val, "val_accuracy"), (test, "test_normal_accuracy")):
            ends = [100 * float(row[share + end]) for end in ("", "_low", "_high")]
            assert cell == "{:.1f} ({:.1f}-{:.1f})".format(*ends)


def test_the_notes_print_what_the_steps_gave():
    """The six rows that were run, to the digit, beside the published numbers."""
    table = {
        line.values["recipe"]: line.values
        for line in read_lines(STEPS / "results" / "table.csv")[1]
    }
    published = {
        row["row"]: float(row["value"]) for row in rows(STEPS, "accuracy") if row["row"] in table
    }
    text = (STEPS / "notes.md").read_text(encoding="utf-8")
    printed = text.split("| row | parameters |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    assert len(printed) == len(table) == 6
    for line in printed:
        name, count, val, test, was = (cell.strip() for cell in line.strip("|").split("|"))
        row = table[name]
        assert count == f"{int(row['parameters']):,}"
        assert float(was) == pytest.approx(100 * published[name], abs=0.051)
        for cell, share in ((val, "val_accuracy"), (test, "test_normal_accuracy")):
            ends = [100 * float(row[share + end]) for end in ("", "_low", "_high")]
            assert cell == "{:.1f} ({:.1f}-{:.1f})".format(*ends)
