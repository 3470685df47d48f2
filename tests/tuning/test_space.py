"""Spaces: what a file may say, what a recipe must have, and what becomes of a candidate."""

from __future__ import annotations

import pytest

from occbench.errors import DataError, OccbenchError
from occbench.training.recipe import Recipe
from occbench.tuning.parameters import Choice, Range, read_parameter
from occbench.tuning.space import Cooling, Space
from occbench.tuning.trials import Search
from tests.runs import make_recipe
from tests.tuning.searches import REPORT_002, space_of

DROPOUT = '[[parameter]]\nkey = "dropout"\nlow = 0.0\nhigh = 0.5\n'


def test_the_space_of_report_002_is_read(tmp_path):
    """Its temperatures are the defaults."""
    space = space_of(tmp_path, REPORT_002)
    assert space == Space(
        (
            Range("learning_rate", 1e-4, 1e-2, whole=False, log=False, move=2e-4, digits=4),
            Range("epochs", 20, 35, whole=True, log=False, move=2),
            Choice("batch_size", (32, 64, 128)),
        )
    )
    assert space.cooling == Cooling(10.0, 0.1, 180.0)
    assert (space.objective, space.at) == ("val-loss", "last")


@pytest.mark.parametrize(
    ("low", "high", "log", "move"),
    [(0.0, 0.5, False, 0.05), (0, 50, False, 5), (1, 3, False, 1), (1e-5, 1e-1, True, 10**0.4)],
)
def test_a_move_that_is_not_named_is_a_tenth_of_the_width(low, high, log, move):
    """Of the logarithm's with ``log``; a whole one is at least 1."""
    read = read_parameter({"key": "x", "low": low, "high": high, "log": log})
    assert read.move == pytest.approx(move)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema = 1\n[", "is no valid TOML"),
        (DROPOUT, "needs the line 'schema = 1'"),
        ("schema = 2\n" + DROPOUT, "needs the line 'schema = 1'"),
        ("schema = 1\n", "there is no [[parameter]]"),
        ("schema = 1\nparameter = 3\n", "there is no [[parameter]]"),
        ("schema = 1\nparameter = [3]\n", "a [[parameter]] lacks its key"),
        ("schema = 1\n[[parameter]]\nlow = 1\n", "a [[parameter]] lacks its key"),
        ('schema = 1\nobjective = "test-loss"\n' + DROPOUT, "objective is 'test-loss'; expected"),
        ('schema = 1\nat = "first"\n' + DROPOUT, "at is 'first'; expected last, best"),
        ("schema = 1\nobjectiv = 1\n" + DROPOUT, "Did you mean 'objective'?"),
        ("schema = 1\nannealing = 3\n" + DROPOUT, "annealing is 3; expected a table"),
        ("schema = 1\n[annealing]\nhot = 3\n" + DROPOUT, "unknown key 'annealing.hot'"),
        ("schema = 1\n[annealing]\ncoldest = 0\n" + DROPOUT, "coldest is 0; expected a number"),
        ("schema = 1\n[annealing]\nunits = inf\n" + DROPOUT, "units is inf; expected a number"),
        ("schema = 1\n[annealing]\nunits = true\n" + DROPOUT, "units is True; expected"),
        ("schema = 1\n[annealing]\ncoldest = 20.0\n" + DROPOUT, "exchange them"),
        ("schema = 1\n" + DROPOUT + DROPOUT, "'dropout' stands there twice"),
        ("schema = 1\n" + DROPOUT.replace("dropout", "drop_out"), "Did you mean 'dropout'?"),
        ("schema = 1\n" + DROPOUT.replace("dropout", "seed"), "'seed' cannot be searched for"),
        ("schema = 1\n" + DROPOUT.replace("high", "hihg"), "Did you mean 'high'?"),
        ("schema = 1\n" + DROPOUT.replace("high = 0.5", ""), "'dropout' lacks high"),
        ("schema = 1\n" + DROPOUT.replace("0.5", "-0.5"), "goes from 0.0 to -0.5; expected"),
        ("schema = 1\n" + DROPOUT.replace("0.5", "nan"), "goes from 0.0 to nan; expected"),
        ("schema = 1\n" + DROPOUT.replace("0.5", "'a'"), "goes from 0.0 to 'a'; expected"),
        ("schema = 1\n" + DROPOUT.replace("0.5", "1"), "both ends as whole numbers, or both"),
        ("schema = 1\n" + DROPOUT + "log = true\n", "low of 'dropout' is 0.0; with log = true"),
        ("schema = 1\n" + DROPOUT + "digits = 1.5\n", "digits of 'dropout' is 1.5; expected"),
        ("schema = 1\n" + DROPOUT + "move = 0\n", "move of 'dropout' is 0; expected"),
        ('schema = 1\n[[parameter]]\nkey = "dropout"\nchoices = [0.1]\n', "a list of two or more"),
        ('schema = 1\n[[parameter]]\nkey = "dropout"\nchoices = [0.1, 0.1]\n', "one value twice"),
        (
            'schema = 1\n[[parameter]]\nkey = "optimizer"\nchoices = ["adam", "sgd"]\n'
            '[[parameter]]\nkey = "optimizer.beta_1"\nlow = 0.5\nhigh = 0.9\n',
            "'optimizer' and 'optimizer.beta_1' exclude each other",
        ),
    ],
)
def test_a_wrong_space_is_one_sentence_that_names_the_file(text, words, tmp_path):
    """Nothing of it is guessed."""
    with pytest.raises(DataError) as caught:
        space_of(tmp_path, text)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"The space '{tmp_path / 'space.toml'}'")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_space_that_cannot_be_read_is_one_sentence(content, tmp_path):
    """It is not there, or no text."""
    path = tmp_path / "space.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"The space '.*space.toml' (cannot be read|is no valid)"):
        Space.load(path)


def test_a_search_begins_with_the_values_of_the_recipe(tmp_path):
    """Default values included."""
    space = space_of(tmp_path, REPORT_002)
    recipe = make_recipe(epochs=25, batch_size=64)
    assert space.start(recipe) == {"learning_rate": 0.001, "epochs": 25, "batch_size": 64}


@pytest.mark.parametrize(
    ("text", "changes", "words"),
    [
        (DROPOUT, {"dropout": 0.8}, r"dropout is 0.8, which the space has not \(0 to 0.5\)"),
        (
            '[[parameter]]\nkey = "batch_size"\nchoices = [32, 64]\n',
            {"batch_size": 6},
            r"batch_size is 6, which the space has not \(32, 64\)",
        ),
        (DROPOUT.replace("0.5", "1.5"), {"dropout": 0.2}, "dropout"),
        ('[[parameter]]\nkey = "optimizer"\nchoices = ["adam", "adan"]\n', {}, "adan"),
        (DROPOUT.replace("dropout", "optimizer.decay"), {}, "nothing to vary as 'optimizer.decay'"),
        (DROPOUT.replace("dropout", "stage_rates.stage1"), {}, "nothing to vary as 'stage_rates"),
        (DROPOUT.replace("dropout", "dropout.rate"), {}, "nothing to vary as 'dropout.rate'"),
        (DROPOUT.replace("dropout", "augment.shift.fraction"), {}, "nothing to vary as 'augment"),
    ],
)
def test_a_space_that_does_not_fit_the_recipe_is_one_sentence(text, changes, words, tmp_path):
    """Before anything is trained: ends and choices are tried on the recipe."""
    space = space_of(tmp_path, "schema = 1\n" + text)
    with pytest.raises(OccbenchError, match=words) as caught:
        Search(space, make_recipe(**changes), "normal-0123456789")
    assert "\n" not in str(caught.value)


INNER = """
schema = 1

[[parameter]]
key = "optimizer.weight_decay"
low = 1e-5
high = 1e-1
log = true

[[parameter]]
key = "augment.shift.fraction"
low = 0.0
high = 0.2
digits = 2

[[parameter]]
key = "stage_rates.stage1"
low = 0.1
high = 1.0

[[parameter]]
key = "augment.rotate.fill"
choices = ["nearest", "wrap"]
"""


def test_parameters_of_specs_and_tables_are_searched(tmp_path):
    """The rest of the spec, of the list and of the table stays."""
    space = space_of(tmp_path, INNER)
    augment = ["flip", "shift(fraction=0.1)", 'rotate(turns=0.05, fill="nearest")']
    like = {"optimizer": "adamw(weight_decay=0.01)", "stage_rates": {"stage1": 0.5, "head": 2.0}}
    recipe = make_recipe(**like, augment=augment)
    assert space.start(recipe) == {
        "optimizer.weight_decay": 0.01,
        "augment.shift.fraction": 0.1,
        "stage_rates.stage1": 0.5,
        "augment.rotate.fill": "nearest",
    }
    values = {
        "optimizer.weight_decay": 0.001,
        "augment.shift.fraction": 0.15,
        "stage_rates.stage1": 0.25,
        "augment.rotate.fill": "wrap",
    }
    expected = make_recipe(
        optimizer="adamw(weight_decay=0.001)",
        stage_rates={"stage1": 0.25, "head": 2.0},
        augment=["flip", "shift(fraction=0.15)", 'rotate(turns=0.05, fill="wrap")'],
    )
    assert space.applied(recipe, values) == expected
    assert space.applied(recipe, space.start(recipe)) == recipe


def test_lists_are_choices(tmp_path):
    """Such as the hidden layers of a head."""
    text = 'schema = 1\n[[parameter]]\nkey = "head"\nchoices = [[], [64], [128, 64]]\n'
    space = space_of(tmp_path, text)
    assert space.start(make_recipe()) == {"head": []}
    assert space.applied(make_recipe(), {"head": [128, 64]}).head == (128, 64)


@pytest.mark.parametrize(
    ("objective", "expected"),
    [("val-loss", 1.25), ("val-error", 0.375), ("balanced-val-error", 0.75)],
)
def test_less_of_an_objective_is_better(objective, expected, tmp_path):
    """Accuracies count as the share of errors; the test part has no column there."""
    space = space_of(tmp_path, f'schema = 1\nobjective = "{objective}"\n' + DROPOUT)
    row = {"val_loss": 1.25, "val_accuracy": 0.625, "val_balanced_accuracy": 0.25, "loss": 9.0}
    assert space.measured(row) == expected


def test_a_built_in_recipe_takes_the_space_of_its_report(tmp_path):
    """Report 002's own network begins inside; its batches are 128."""
    recipe = Recipe.load("report-002-cnn")
    start = space_of(tmp_path, REPORT_002).start(recipe)
    assert start == {"learning_rate": 0.001, "epochs": 30, "batch_size": 128}
