"""A search: it finds what is known to be best, goes on as if never killed, and says what it did."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace
from math import inf

import pytest

from occbench.core.lock import sole_writer
from occbench.errors import Busy, DataError, StaleState, UnknownName
from occbench.training.recipe import Recipe
from occbench.tuning.samplers import METHODS, make_sampler
from occbench.tuning.search import Found, run_search
from occbench.tuning.trials import best_of
from tests.tuning.searches import LOWEST, Evaluator, bowl, search_of

pytest.importorskip("optuna", reason="Optuna belongs to the extra 'tune'")


def rows_of(folder):
    """The lines of ``trials.csv``."""
    with (folder / "trials.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("method", "near"), [("annealing", 0.05), ("random", 0.05), ("tpe", 0.02)])
def test_a_search_finds_the_known_lowest_place(method, near, tmp_path):
    """The bowl is 0 there, 0.63 where the search begins, and 0.2 with the wrong batch."""
    search = search_of(tmp_path, method=method, trials=60)
    found = run_search(tmp_path / "s", search, Evaluator())
    best = best_of(found)
    assert len(found) == 60
    assert best.objective == min(bowl(trial.values) for trial in found) < near
    assert best.values["batch_size"] == LOWEST["batch_size"]


@pytest.mark.parametrize("method", METHODS)
def test_the_recipe_itself_is_the_first_candidate(method, tmp_path):
    """So the search can say whether anything was better."""
    search = search_of(tmp_path, method=method, trials=1)
    (only,) = run_search(tmp_path / "s", search, Evaluator())
    assert only.values == {"dropout": 0.8, "learning_rate": 0.05, "batch_size": 32}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("killed_at", [0, 11])
def test_killed_and_resumed_goes_on_with_the_same_candidates(method, killed_at, tmp_path):
    """Table and best recipe are those of an undisturbed search, byte for byte."""
    search = search_of(tmp_path, method=method, trials=13)
    whole = Evaluator()
    run_search(tmp_path / "a" / "s", search, whole)
    first, second = Evaluator(killed_at=killed_at), Evaluator()
    for _ in range(2):
        # Two kills in the same candidate: it is drawn anew each time.
        with pytest.raises(KeyboardInterrupt):
            run_search(tmp_path / "b" / "s", search, first)
        first = Evaluator(killed_at=0)
    run_search(tmp_path / "b" / "s", search, second)
    assert second.asked == whole.asked[killed_at:]
    one, other = (rows_of(tmp_path / each / "s") for each in "ab")
    assert [row | {"run": ""} for row in one] == [row | {"run": ""} for row in other]
    assert (tmp_path / "a/s/best.toml").read_bytes() == (tmp_path / "b/s/best.toml").read_bytes()


@pytest.mark.parametrize("method", METHODS)
def test_killed_after_every_trial_it_is_the_same_search(method, tmp_path):
    """Twelve calls that each end in the trial after their first are one call."""
    search = search_of(tmp_path, method=method, trials=12)
    whole, asked = Evaluator(), []
    expected = run_search(tmp_path / "a", search, whole)
    for _ in range(11):
        killed = Evaluator(killed_at=1)
        with pytest.raises(KeyboardInterrupt):
            run_search(tmp_path / "b", search, killed)
        asked += killed.asked
    last = Evaluator()
    found = run_search(tmp_path / "b", search, last)
    assert asked + last.asked == whole.asked
    assert [replace(trial, run="") for trial in found] == [
        replace(trial, run="") for trial in expected
    ]


def test_a_finished_search_evaluates_nothing(tmp_path):
    """The second call answers from the database."""
    search = search_of(tmp_path, trials=4)
    first = run_search(tmp_path / "s", search, Evaluator())
    again = Evaluator()
    assert run_search(tmp_path / "s", search, again) == first
    assert again.asked == []


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_more_trials_are_added_to_those_that_are_known(method, tmp_path):
    """The first candidates of a longer search are those of the shorter one."""
    short, long = (search_of(tmp_path, method=method, trials=n) for n in (5, 12))
    at_once, later = Evaluator(), Evaluator()
    run_search(tmp_path / "a", long, at_once)
    run_search(tmp_path / "b", short, later)
    run_search(tmp_path / "b", long, later)
    assert later.asked == at_once.asked


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"trials": 9}, "trials"),
        ({"seed": 1}, "seed"),
        ({"method": "tpe"}, "method"),
        ({"split": "occluded-0123456789"}, "split"),
        ({"weights": "sha256:0"}, "weights"),
    ],
)
def test_another_search_in_the_same_folder_is_refused(changes, word, tmp_path):
    """What differs is named; annealing's temperatures are spread over its trials."""
    search = search_of(tmp_path, trials=2)
    run_search(tmp_path / "s", search, Evaluator())
    with pytest.raises(StaleState, match=f"begun with another {word}. Give this one another"):
        run_search(tmp_path / "s", replace(search, **changes), Evaluator())


def test_another_seed_draws_other_candidates(tmp_path):
    """The seed is of the search, not of its trainings."""
    asked = []
    for seed in (0, 1):
        evaluator = Evaluator()
        run_search(tmp_path / str(seed), search_of(tmp_path, trials=3, seed=seed), evaluator)
        asked.append(evaluator.asked)
    assert asked[0][0] == asked[1][0]
    assert asked[0][1] != asked[1][1]


def test_a_failed_training_is_never_best_and_does_not_end_the_search(tmp_path):
    """Its objective is infinite; the reason stands in the table."""

    def evaluate(values, report):
        if values["dropout"] < 0.79:
            return Found(inf, reason="the loss was no number")
        return Found(values["dropout"], run="r")

    search = search_of(tmp_path, method="random", trials=12)
    found = run_search(tmp_path / "s", search, evaluate)
    states = {trial.state for trial in found}
    assert states == {"done", "failed"}
    assert best_of(found).values["dropout"] >= 0.79
    failed = [row for row in rows_of(tmp_path / "s") if row["state"] == "failed"]
    assert {(row["objective"], row["reason"]) for row in failed} == {("", "the loss was no number")}


def test_where_every_training_failed_there_is_no_best_recipe(tmp_path):
    """Annealing goes on from where it stands."""
    search = search_of(tmp_path, trials=4)
    found = run_search(tmp_path / "s", search, lambda values, report: Found(inf))
    assert best_of(found) is None
    assert not (tmp_path / "s" / "best.toml").exists()
    assert json.loads(json.dumps([trial.to_json() for trial in found]))[3]["objective"] is None


def test_the_best_recipe_is_the_first_one_with_the_best_values(tmp_path):
    """It loads as any recipe; what is not searched for is as it was."""
    search = search_of(tmp_path, method="random", trials=10)
    best = best_of(run_search(tmp_path / "s", search, Evaluator()))
    written = Recipe.load(tmp_path / "s" / "best.toml")
    assert written == replace(search.recipe, **best.values)
    assert written.epochs == 25
    text = (tmp_path / "s" / "best.toml").read_text(encoding="utf-8")
    assert text.startswith(
        f"# Trial {best.number} of the search 's': val-loss {best.objective:.4f}"
    )


def test_a_pruned_training_is_ended_and_cannot_be_best(tmp_path):
    """Medians need a few whole trainings; those far above are then ended at their first epoch."""
    epochs = {}

    def evaluate(values, report):
        number = len(epochs)
        # From the seventh on every training is worse than all before.
        value = 1.0 + number if number >= 6 else 1.0
        epochs[number] = 0
        for epoch in range(1, 4):
            epochs[number] = epoch
            if report(epoch, value):
                return Found(None, run="r")
        return Found(value)

    search = search_of(tmp_path, method="random", pruner="median", trials=8)
    found = run_search(tmp_path / "s", search, evaluate)
    assert [trial.state for trial in found] == ["done"] * 6 + ["pruned"] * 2
    assert [epochs[number] for number in (5, 6, 7)] == [3, 1, 1]
    assert [trial.objective for trial in found[6:]] == [7.0, 8.0]
    assert best_of(found).number == 0


def test_annealing_and_pruning_exclude_each_other(tmp_path):
    """A temperature judges finished trainings."""
    with pytest.raises(DataError, match="none can be pruned"):
        search_of(tmp_path, pruner="median")


def test_two_searches_at_once_are_refused(tmp_path):
    """They would share a database."""
    (tmp_path / "s").mkdir()
    with sole_writer(tmp_path / "s"), pytest.raises(Busy):
        run_search(tmp_path / "s", search_of(tmp_path, trials=2), Evaluator())


@pytest.mark.parametrize("name", ["what?x=1", "per%20cent", "{x}", "a #b"])
def test_a_folder_may_have_any_name(name, tmp_path):
    """All files lie in it, none beside it, whatever its name means in an address."""
    folder = tmp_path / "in" / name
    folder.mkdir(parents=True)
    search = search_of(tmp_path, method="random", trials=2)
    found = run_search(folder / "s", search, Evaluator())
    assert run_search(folder / "s", search, Evaluator(killed_at=0)) == found
    assert [path.name for path in (tmp_path / "in").iterdir()] == [name]
    assert {path.name for path in (folder / "s").iterdir()} >= {"trials.db", "best.toml"}


def test_a_damaged_database_is_one_sentence(tmp_path):
    """It names the file and what to do."""
    search = search_of(tmp_path, trials=2)
    run_search(tmp_path / "s", search, Evaluator())
    (tmp_path / "s" / "trials.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(DataError, match=r"trials.db' cannot be read: .*Delete its folder"):
        run_search(tmp_path / "s", search, Evaluator())


@pytest.mark.parametrize(
    ("text", "words"), [("{", "cannot be read"), ('{"schema": 9}', "has schema 9"), ("[]", "read")]
)
def test_a_damaged_record_is_one_sentence(text, words, tmp_path):
    """Nothing is evaluated."""
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "tuning.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        run_search(tmp_path / "s", search_of(tmp_path, trials=2), Evaluator())


def test_without_optuna_the_remedy_is_named_and_nothing_is_written(tmp_path, monkeypatch):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(DataError, match=r"Run pip install 'occbench\[tune\]'"):
        run_search(tmp_path / "s", search_of(tmp_path, trials=2), Evaluator())
    assert not (tmp_path / "s").exists()


def test_an_unknown_method_is_refused(tmp_path):
    """The known ones are listed."""
    search = search_of(tmp_path)
    with pytest.raises(UnknownName, match="annealing, random, tpe"):
        make_sampler("tabu", search.space, search.start, moves=1, seed=0, number=0)


def test_annealing_is_a_sampler_for_any_study_of_optuna(tmp_path):
    """Optuna's own loop gives the candidates that a search gives."""
    import optuna

    search = search_of(tmp_path, trials=12)
    expected = Evaluator()
    run_search(tmp_path / "s", search, expected)
    sampler = make_sampler("annealing", search.space, search.start, moves=11, seed=0, number=0)
    study = optuna.create_study(sampler=sampler)
    asked = []

    def objective(trial):
        asked.append(
            {
                "dropout": trial.suggest_float("dropout", 0.0, 0.9),
                "learning_rate": trial.suggest_float("learning_rate", 1e-5, 1e-1, log=True),
                "batch_size": int(trial.suggest_categorical("batch_size", ["32", "64", "128"])),
            }
        )
        return bowl(asked[-1])

    study.optimize(objective, n_trials=12)
    assert asked == expected.asked
