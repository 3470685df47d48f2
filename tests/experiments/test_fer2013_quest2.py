"""The published result of an experiment is whole, consistent and within its own tolerances."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import pandas as pd
import pytest

from occbench.matrix.cells import Matrix
from occbench.matrix.consistency import check_mixed
from occbench.matrix.plan import Plan
from occbench.training.recipe import Recipe

FOLDER = Path(__file__).parents[2] / "experiments" / "fer2013-quest2"
RESULTS = FOLDER / "results"


@pytest.fixture(scope="module")
def cells():
    """The cells as a plain table, read without the code under test."""
    return pd.read_csv(RESULTS / "cells.csv")


def test_the_plan_and_its_recipe_load():
    """Anyone can run the experiment from the files in its folder."""
    plan = Plan.load(FOLDER / "plan.toml")
    assert plan.recipe == Recipe.load(FOLDER / "recipe.toml")
    assert (plan.data_set, plan.occluder) == ("fer2013", "headset")


def test_the_plan_beside_the_results_is_that_plan():
    """The results were made by what the folder says."""
    assert Plan.load(RESULTS / "plan.toml") == Plan.load(FOLDER / "plan.toml")


def test_every_cell_is_there(cells):
    """Each row of the plan on each column, for each seed and selection, on the same faces."""
    plan = Plan.load(FOLDER / "plan.toml")
    wanted = {
        (train, test, seed, selection)
        for train in plan.train
        for test in plan.test
        for seed in plan.seeds
        for selection in plan.select
    }
    found = set(cells[["train", "test", "seed", "selection"]].itertuples(index=False, name=None))
    assert found == wanted
    assert cells["n"].nunique() == 1


def test_accuracies_and_intervals_follow_from_the_counts(cells):
    """Wilson's score interval solves (p - c)^2 = z^2 c (1 - c) / n at both ends."""
    for cell in cells.itertuples():
        share = cell.correct / cell.n
        assert cell.accuracy == pytest.approx(share, abs=1e-12)
        for end in (cell.low, cell.high):
            distance = abs(share - end) / sqrt(end * (1 - end) / cell.n)
            assert distance == pytest.approx(1.959964, abs=1e-4)


def test_relative_changes_follow_from_the_accuracies(cells):
    """Against the row's own test split, as report 001 has it."""
    own = {"normal": "normal", "occluded": "occluded"}
    accuracies = cells.set_index(["train", "test", "seed", "selection"])["accuracy"]
    for cell in cells.itertuples():
        key = (cell.train, own.get(cell.train, "mixed"), cell.seed, cell.selection)
        expected = cell.accuracy / accuracies[key] - 1
        assert cell.relative_change == pytest.approx(expected, abs=1e-12)


def test_the_mixed_column_fits_the_other_two():
    """No row is swapped: each mixed accuracy lies near the mean of normal and occluded."""
    assert check_mixed(Matrix.from_csv(RESULTS / "cells.csv")) == ()


def test_the_results_lie_within_the_expectations(cells):
    """expected.csv says how far a repetition on another machine may lie off."""
    expected = pd.read_csv(FOLDER / "expected.csv")
    assert len(expected) == len(cells[cells["seed"] == 0])
    merged = expected.merge(cells, on=["train", "test", "selection"], suffixes=("_expected", ""))
    off = (merged["accuracy"] - merged["accuracy_expected"]).abs() > merged["tolerance"]
    assert not off.any(), merged[off]


def test_the_notes_tell_how_far_seeds_differ():
    """Best epochs of three seeds of normal training, from the counts, in the order of the seeds."""
    seeds = pd.read_csv(RESULTS / "seeds-normal.csv").query("selection == 'best'")
    text = " ".join((FOLDER / "notes.md").read_text(encoding="utf-8").split())
    for test, words in (("normal", "uncovered faces"), ("occluded", "covered ones")):
        own = seeds[seeds["test"] == test].sort_values("seed")
        one, two, three = (
            f"{100 * c / n:.1f}" for c, n in zip(own["correct"], own["n"], strict=True)
        )
        assert f"{one}, {two} and {three} % on {words}" in text
