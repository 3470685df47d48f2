"""``occbench tune``: what it says before, what it leaves behind, and what a second call does."""

from __future__ import annotations

import json
import sys

import pytest

from occbench.core.lock import sole_writer
from occbench.training.recipe import Recipe
from tests.cli.conftest import error_of
from tests.test_architecture import imported_by
from tests.trainings import PLAIN, recipe

pytest.importorskip("optuna", reason="Optuna belongs to the extra 'tune'")

SPACE = """
schema = 1

[[parameter]]
key = "learning_rate"
low = 1e-4
high = 1e-2
log = true

[[parameter]]
key = "batch_size"
choices = [9, 18]
"""


@pytest.fixture
def at(room, call, monkeypatch):
    """A workspace with a recipe and a space as the current folder."""
    monkeypatch.chdir(room.root)
    (room.root / "plain.toml").write_text(recipe(PLAIN).to_toml(), encoding="utf-8")
    (room.root / "space.toml").write_text(SPACE, encoding="utf-8")
    return room


def tune(call, *more):
    """The command with what it always needs."""
    return call("tune", "plain.toml", "--space", "space.toml", "--split", "normal", *more)


def test_a_preview_trains_nothing(at, call):
    """It names the space, where it begins, and what is left."""
    result = tune(call, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "0.0001 to 0.01, log" in result.stdout
    assert "9, 18" in result.stdout
    assert "0 of 31 trials done, 31 to train; how long is not known yet" in result.stdout
    told = json.loads(tune(call, "--dry-run", "--json", "--trials", 5, "--name", "n").stdout)
    assert (told["trials"], told["done"], told["seconds"]) == (5, 0, None)
    assert told["folder"] == str(at.tuning("n"))
    assert told["search"]["method"] == "annealing"
    assert not (at.root / "tuning").exists()
    assert not (at.root / "runs").exists()


@pytest.mark.tf
def test_two_trainings_give_a_recipe_that_a_matrix_takes(at, call):
    """A second call needs no framework and changes no byte."""
    result = tune(call, "--trials", 2, "--json", "--quiet")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [trial["state"] for trial in told["trials"]] == ["done", "done"]
    assert told["trials"][0]["values"] == {"learning_rate": 0.001, "batch_size": 18}
    folder = at.tuning("plain-annealing")
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert names == {"tuning.json", "trials.db", "trials.csv", "best.toml"}
    best = Recipe.load(folder / "best.toml")
    chosen = told["trials"][told["best"]]["values"]
    assert (best.learning_rate, best.batch_size) == (chosen["learning_rate"], chosen["batch_size"])
    matrix = call("matrix", "tuned", "--recipe", folder / "best.toml", "--dry-run")
    assert matrix.exit_code == 0, matrix.output

    kept = ("tuning.json", "trials.csv", "best.toml")
    before = {name: (folder / name).read_bytes() for name in kept}
    again = tune(call, "--trials", 2, "--quiet")
    assert "2 trials; val-loss, less is better." in again.stdout
    assert {name: (folder / name).read_bytes() for name in kept} == before
    assert "2 of 2 trials done, 0 to train" in tune(call, "--trials", 2, "--dry-run").stdout


def test_a_preview_needs_no_framework(at):
    """Nor does it need Optuna."""
    loaded = imported_by(
        "-m",
        "occbench",
        "tune",
        str(at.root / "plain.toml"),
        *("--space", str(at.root / "space.toml"), "--split", "normal", "--dry-run"),
        *("--workspace", str(at.root)),
    )
    assert not loaded & {"tensorflow", "keras", "optuna"}


def test_errors_are_one_sentence(at, call):
    """Before anything is trained."""
    assert "'gone.toml' cannot be read" in error_of(
        call("tune", "plain.toml", "--space", "gone.toml", "--split", "normal")
    )
    assert "Leave --pruner out" in error_of(tune(call, "--pruner", "median"))
    (at.root / "wide.toml").write_text(recipe(PLAIN, batch_size=7).to_toml(), encoding="utf-8")
    assert "batch_size is 7, which the space has not (9, 18)" in error_of(
        call("tune", "wide.toml", "--space", "space.toml", "--split", "normal")
    )
    at.tuning("busy").mkdir(parents=True)
    with sole_writer(at.tuning("busy")):
        assert "Another occbench process" in error_of(tune(call, "--name", "busy"))
    assert not (at.root / "runs").exists()


def test_without_optuna_the_remedy_is_named(at, call, monkeypatch):
    """It is an extra that nothing else needs."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert "pip install 'occbench[tune]'" in error_of(tune(call))
    assert not (at.root / "tuning").exists()


@pytest.mark.parametrize("name", ["../out", "a/b", ".", ""])
def test_a_name_is_a_folder_of_its_own(name, at, call):
    """It cannot leave the workspace."""
    result = tune(call, "--name", name, "--dry-run")
    assert "name" in error_of(result)
