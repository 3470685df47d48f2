"""An epoch that somebody names is tested too, and labelled wherever its numbers stand."""

from __future__ import annotations

import csv
import shutil

import pytest

from occbench.workspace import Workspace
from tests.cli.conftest import call_main
from tests.trainings import PLAIN, recipe

pytestmark = pytest.mark.tf

PLAN = """schema = 1
data_set = "small"
recipe = "plain.toml"
train = ["normal"]
select = ["best", "last", "test-selected-1"]
keep = "every-epoch"
"""


@pytest.fixture
def room(untrained, tmp_path):
    """A workspace with a plan that names the first epoch."""
    root = tmp_path / "room"
    shutil.copytree(untrained, root)
    (root / "plain.toml").write_text(recipe(PLAIN, epochs=3).to_toml(), encoding="utf-8")
    (root / "plan.toml").write_text(PLAN, encoding="utf-8")
    return Workspace.find(root)


def call(room, *given):
    """The command in the workspace."""
    return call_main(*given, "--workspace", room.root)


def test_the_label_stands_in_every_table(room):
    """On the terminal, in the cells and in the report's tables."""
    result = call(room, "matrix", "study", "--plan", room.root / "plan.toml")
    assert result.exit_code == 0, result.output
    assert "test-selected: epoch 1" in result.stdout
    with (room.matrix("study") / "cells.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["selection"] == "test-selected-1"]
    assert len(rows) == 3
    assert {row["epoch"] for row in rows} == {"1"}
    assert call(room, "report", "study").exit_code == 0
    folder = room.report("matrix-study")
    assert "test-selected: epoch 1" in (folder / "index.html").read_text(encoding="utf-8")
    table = folder / "tables" / "matrix-test-selected-1.md"
    assert "test-selected" in table.read_text(encoding="utf-8")


def test_an_epoch_that_was_not_trained_is_refused(room):
    """In a sentence; the run stays."""
    text = PLAN.replace("test-selected-1", "test-selected-4")
    (room.root / "plan.toml").write_text(text, encoding="utf-8")
    result = call(room, "matrix", "study", "--plan", room.root / "plan.toml")
    assert result.exit_code == 1
    assert "'test-selected-4' names epoch 4; the run has 3." in result.stderr
    assert len(room.run_ids()) == 1


def test_weights_that_were_not_kept_are_told(room):
    """A run that another matrix trained without keeping every epoch has no such weights."""
    plan = room.root / "plan.toml"
    plan.write_text(PLAN.replace("every-epoch", "best-and-last").replace(', "test-selected-1"', ""))
    assert call(room, "matrix", "study", "--plan", plan).exit_code == 0
    plan.write_text(PLAN, encoding="utf-8")
    result = call(room, "matrix", "study", "--plan", plan)
    assert result.exit_code == 1
    assert "epoch-0001.weights.h5" in result.stderr
