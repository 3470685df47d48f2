"""What a candidate is worth, by trainings that are real and tiny."""

from __future__ import annotations

from math import inf

import pytest

from occbench.dataset.manifest import Manifest
from occbench.training.recipe import Recipe
from occbench.training.run import State
from occbench.tuning.objective import Trainer
from occbench.tuning.search import run_search
from occbench.tuning.space import Space
from occbench.tuning.trials import Search, best_of
from tests.trainings import NAME, PLAIN, make_training_workspace, recipe, split_of
from tests.tuning.searches import space_of

pytest.importorskip("optuna", reason="Optuna belongs to the extra 'tune'")
pytestmark = pytest.mark.tf

# 15 validation faces fill neither batch: a sum of the means of batches would be another number.
BATCHES = """
schema = 1

[[parameter]]
key = "batch_size"
choices = [4, 18]

[[parameter]]
key = "epochs"
low = 1
high = 3
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Three classes of faces with a normal split."""
    return make_training_workspace(tmp_path_factory.mktemp("tune"), modes=("normal",))


def trainer(workspace, space: Space, begin: Recipe, **how) -> Trainer:
    """What evaluates the candidates of a search there."""
    split = split_of(workspace, "normal")
    manifest = Manifest.read(workspace.manifest(NAME))
    return Trainer(workspace, manifest, split, Search(space, begin, split.folder, **how))


def never(epoch, objective):
    """No pruner."""
    return False


def test_the_objective_does_not_depend_on_the_size_of_batches(workspace, tmp_path):
    """At a rate that changes no weight, batches of 4 and of 18 are worth the same."""
    begin = recipe(PLAIN, learning_rate=1e-12, optimizer="sgd")
    evaluate = trainer(workspace, space_of(tmp_path, BATCHES), begin)
    small, large = (
        evaluate({"batch_size": size, "epochs": 1}, never).objective for size in (4, 18)
    )
    assert small == pytest.approx(large, rel=1e-6)
    assert 0 < small < inf


def test_a_search_of_two_trainings(workspace, tmp_path):
    """Ordinary runs, tested by nobody; the table tells what their histories tell."""
    space = space_of(tmp_path, BATCHES)
    evaluate = trainer(workspace, space, recipe(PLAIN, epochs=2), method="random", trials=2)
    found = run_search(workspace.tuning("two"), evaluate.search, evaluate)
    for trial in found:
        folder = workspace.run(trial.run)
        state = State.read(folder)
        assert state.ended
        assert state.last == trial.values["epochs"]
        assert trial.objective == state.epochs[-1]["val_loss"]
        assert not (folder / "predictions").exists()
    written = Recipe.load(workspace.tuning("two") / "best.toml")
    assert written == space.applied(evaluate.search.recipe, best_of(found).values)
    before = {path: path.read_bytes() for path in workspace.run(found[0].run).rglob("*.json")}
    assert run_search(workspace.tuning("again"), evaluate.search, evaluate) == found
    assert {path: path.read_bytes() for path in before} == before


def test_the_best_epoch_counts_where_the_space_says_so(workspace, tmp_path):
    """By the rule of the recipe; the last one otherwise."""
    begin = recipe(PLAIN, epochs=3, learning_rate=0.3, optimizer="sgd", select="best-val-loss")
    values = {"batch_size": 18, "epochs": 3}
    objectives = {}
    for at in ("last", "best"):
        space = space_of(tmp_path, BATCHES.replace("schema = 1", f'schema = 1\nat = "{at}"'))
        found = trainer(workspace, space, begin)(values, never)
        objectives[at] = found.objective
    losses = [row["val_loss"] for row in State.read(workspace.run(found.run)).epochs]
    assert objectives == {"last": losses[-1], "best": min(losses)}


def test_a_pruned_training_ends_and_goes_on_where_it_is_wanted(workspace, tmp_path):
    """Its first epoch is kept; another call with the same pruner trains no further."""
    begin = recipe(PLAIN, epochs=3, seed=5)
    evaluate = trainer(workspace, space_of(tmp_path, BATCHES), begin)
    values = {"batch_size": 18, "epochs": 3}
    seen = []

    def stop(epoch, objective):
        seen.append(epoch)
        return True

    first, again = evaluate(values, stop), evaluate(values, stop)
    assert first.objective is None
    assert first == again
    assert seen == [1, 1]
    assert State.read(workspace.run(first.run)).last == 1
    whole = evaluate(values, never)
    assert whole.run == first.run
    assert State.read(workspace.run(whole.run)).last == 3


def test_a_loss_that_is_no_number_is_a_failed_candidate(workspace, tmp_path):
    """The search hears why."""
    begin = recipe(PLAIN, learning_rate=1000.0, optimizer="sgd")
    evaluate = trainer(workspace, space_of(tmp_path, BATCHES), begin)
    found = evaluate({"batch_size": 4, "epochs": 1}, never)
    assert found.objective == inf
    assert "was no number" in found.reason


def test_a_candidate_that_no_recipe_can_have_is_a_failed_one(workspace, tmp_path):
    """Ends of ranges are checked before, combinations of them here."""
    begin = recipe(PLAIN, batch_size=18)
    evaluate = trainer(workspace, space_of(tmp_path, BATCHES), begin)
    found = evaluate({"batch_size": 0, "epochs": 1}, never)
    assert (found.objective, found.run) == (inf, "")
    assert "batch_size" in found.reason
