"""Report 002's annealing: its space as a file, and what its log says about it."""

from __future__ import annotations

import csv
from dataclasses import replace
from math import exp, isclose
from pathlib import Path

import pytest

from occbench.training.recipe import Recipe
from occbench.tuning.annealing import neighbour, temperature
from occbench.tuning.parameters import Range
from occbench.tuning.space import Space
from occbench.tuning.trials import Search

FOLDER = Path(__file__).parents[2] / "experiments" / "emotion-vision-annealing"


@pytest.fixture
def search():
    """The search that the notes name."""
    recipe = Recipe.load(FOLDER / "recipe.toml")
    return Search(Space.load(FOLDER / "space.toml"), recipe, "normal-0123456789", trials=31)


@pytest.fixture
def taken():
    """The candidates that the report's log calls accepted, with numbers."""
    with (FOLDER / "expected.csv").open(encoding="utf-8", newline="") as file:
        return [{key: float(text) for key, text in row.items()} for row in csv.DictReader(file)]


def test_it_begins_where_the_report_began(search):
    """The rest of the recipe is that of the network as it is built in, epochs and batch aside."""
    assert search.start == {"learning_rate": 0.001, "epochs": 25, "batch_size": 64}
    built_in = Recipe.load("report-002-cnn")
    assert replace(search.recipe, epochs=30, batch_size=128) == built_in


def test_published_candidates_lie_in_the_space_and_on_its_grid(search, taken):
    """What the search would round is what the log has."""
    keys = [one.key for one in search.space.parameters]
    for row in taken:
        values = {key: row[key] if key == "learning_rate" else int(row[key]) for key in keys}
        assert search.space.clean(values) == values
        assert all(one.holds(values[one.key]) for one in search.space.parameters)


def test_from_one_to_the_next_is_a_move(search, taken):
    """Iterations 1 and 2 follow one another; neither rate nor epochs went farther than a move."""
    for one in search.space.parameters:
        if isinstance(one, Range):
            assert abs(taken[1][one.key] - taken[0][one.key]) <= one.move + 1e-12


def test_the_notes_work_out(search, taken):
    """The chances of the two worse candidates, the loss per face, the spread of one recipe."""
    cooling = search.space.cooling
    sums = {int(row["iteration"]): row["val_loss_sum"] for row in taken}
    for before, after, share in ((1, 2, 0.97), (2, 4, 0.79)):
        heat = temperature(cooling, after, search.trials - 1)
        assert round(exp((sums[before] - sums[after]) / heat), 2) == share
    assert round(sums[23] / cooling.units, 3) == 0.646
    assert isclose(exp(-124 / cooling.hottest), 4e-6, rel_tol=0.05)
    first, last = taken[0], taken[-1]
    assert all(first[key] == last[key] for key in ("learning_rate", "epochs", "batch_size"))
    others = [row["val_loss_sum"] for row in taken[:-1]]
    assert sums[1] - sums[23] > max(others) - min(others)


def test_every_batch_is_drawn_from_there(search):
    """Unlike the log's, the objective lets each of them be taken."""
    drawn = {
        neighbour(search.space, search.start, seed=0, number=number)["batch_size"]
        for number in range(1, search.trials)
    }
    assert drawn == {32, 64, 128}
