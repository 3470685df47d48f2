"""What a study trains, and what its tables say, from runs that were made without a training."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from occbench.errors import StaleState
from occbench.study.curves import draw
from occbench.study.job import open_study, remarks, store_plan
from occbench.study.plan import StudyPlan
from occbench.study.tables import explained, markdown, run_table, summary, text_rows
from occbench.training.run import State
from tests.makers import make_workspace
from tests.runs import TESTED, make_recipe, small_manifest, write_run

RECIPES = {"plain": make_recipe(), "copied": make_recipe(copies=["mirror", "shift(pixels=1)"])}
PLAN = StudyPlan("small", RECIPES)


@pytest.fixture
def workspace(tmp_path):
    """24 faces: 12 to learn from, 6 to choose by, 6 to test."""
    return make_workspace(tmp_path, small_manifest())


def finish(job, accuracies=(0.5,), rights=(), alarms=()):
    """Run folders of all trainings; each has the next validation accuracy at its best epoch."""
    for number, run in enumerate(job.runs):
        found, (matrix, row) = job.before(run), job._job(run)
        scores = {("best", "normal"): rights[number]} if rights else {}
        folder = job.workspace.run(found.run)
        state = write_run(folder, matrix.run(row), scores)
        rows = list(state.epochs)
        rows[1] = {**rows[1], "val_accuracy": accuracies[number % len(accuracies)], "seconds": 4.0}
        facts = {"parameters": 100, "train_images": found.images, "steps_per_epoch": 2}
        replace(state, epochs=tuple(rows), facts=facts, alarms=tuple(alarms)).write(folder)


def test_equal_steps_are_equal_whatever_the_copies(workspace):
    """12 faces and three times 12 in batches of 6: 2 and 6 steps an epoch, 24 steps each."""
    job = open_study(workspace, "s", replace(PLAN, steps=24))
    epochs = {run.recipe: job.recipe(run).epochs for run in job.runs}
    images = {run.recipe: job.before(run).images for run in job.runs}
    assert (images, epochs) == ({"plain": 12, "copied": 36}, {"plain": 12, "copied": 4})
    few = open_study(workspace, "few", replace(PLAN, steps=1))
    assert {few.recipe(run).epochs for run in few.runs} == {1}


def test_folds_validate_every_face_once(workspace):
    """18 faces of train and val in three folds of 6; the test faces are in none of them."""
    job = open_study(workspace, "s", replace(PLAN, folds=3))
    parts = [job.jobs["plain", fold].splits["normal"].parts for fold in (1, 2, 3)]
    validated = [face for part in parts for face in part["val"]["id"]]
    assert sorted(validated) == sorted(f"f{row}" for row in range(18))
    for part in parts:
        assert not set(part["val"]["id"]) & set(part["train"]["id"])
        assert sorted(part["test"]["id"]) == sorted(TESTED)
    assert [(run.recipe, run.fold) for run in job.runs][:3] == [
        ("plain", 1),
        ("copied", 1),
        ("plain", 2),
    ]


def test_one_run_has_an_interval(workspace):
    """Wilson's for 3 of 6 is (1 -+ z / sqrt(6 + z^2)) / 2; the time is that of later epochs."""
    job = open_study(workspace, "s", PLAN)
    finish(job)
    table = summary(run_table(job.compute()), PLAN).set_index("recipe")
    half = 1.959964 / (6 + 1.959964**2) ** 0.5 / 2
    row = table.loc["plain"]
    assert (row["val_accuracy"], row["val_accuracy_low"]) == pytest.approx(
        (0.5, 0.5 - half), abs=1e-6
    )
    assert row["seconds_per_epoch"] == pytest.approx(3)
    assert (row["parameters"], row["steps"], row["runs"]) == (100, 6, 1)
    assert pd.isna(row["val_accuracy_sd"])
    head, rows = text_rows(table.reset_index(), PLAN)
    assert rows[0][head.index("val")] == "50.0 (18.8-81.2)"
    assert "unseen" in explained(PLAN)


def test_several_runs_have_mean_and_deviation(workspace):
    """0.3 and 0.5: mean 0.4, sample deviation 0.1414; no run is chosen."""
    plan = replace(PLAN, seeds=(0, 1))
    job = open_study(workspace, "s", plan)
    finish(job, accuracies=(0.3, 0.6, 0.5, 0.6))
    table = summary(run_table(job.compute()), plan).set_index("recipe")
    assert table.loc["plain", "val_accuracy"] == pytest.approx(0.4)
    assert table.loc["plain", "val_accuracy_sd"] == pytest.approx(0.02**0.5)
    head, rows = text_rows(table.reset_index(), plan)
    assert [row[head.index("val")] for row in rows] == ["40.0 ± 14.1", "60.0 ± 0.0"]
    assert "mean ± standard deviation of 2 runs" in markdown(head, rows, plan)


def test_the_test_is_looked_at_where_the_plan_says_so(workspace):
    """Four of six test faces right at the chosen epoch, from stored predictions."""
    plan = replace(PLAN, test=("normal",), recipes={"plain": RECIPES["plain"]})
    job = open_study(workspace, "s", plan)
    finish(job, rights=[{"f18", "f19", "f20", "f21"}])
    runs = run_table(job.compute())
    assert runs.loc[0, "test_normal_accuracy"] == pytest.approx(4 / 6)
    assert runs.loc[0, "test_normal_n"] == 6
    unseen = run_table(open_study(workspace, "t", replace(plan, test=())).compute())
    assert not [name for name in unseen.columns if name.startswith("test")]


def test_another_plan_needs_another_name(workspace):
    """Rows may be added; the budget may not change under the same name."""
    store_plan(open_study(workspace, "s", PLAN))
    open_study(workspace, "s", replace(PLAN, seeds=(0, 1)))
    with pytest.raises(StaleState, match=r"another plan \(steps differs\)"):
        open_study(workspace, "s", replace(PLAN, steps=9))


def test_curves_are_the_same_bytes_each_time(workspace, tmp_path):
    """A picture and a drawing of all runs."""
    job = open_study(workspace, "s", replace(PLAN, seeds=(0, 1)))
    finish(job)
    outcomes = job.compute()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        draw(outcomes, job.plan, tmp_path / name)
    for ending in ("png", "svg"):
        one, other = ((tmp_path / name / f"curves.{ending}").read_bytes() for name in ("a", "b"))
        assert one == other
    assert b"<svg" in (tmp_path / "a" / "curves.svg").read_bytes()


def test_nothing_is_built_by_a_look(workspace):
    """A dry run writes no split."""
    open_study(workspace, "s", PLAN, dry_run=True)
    assert not workspace.splits().exists()
    assert State.read(workspace.run("normal-seed0-0")) == State()


def test_each_recipe_is_tested_by_its_own_scores(workspace):
    """Recipes share faces and splits, not what was predicted: 4 and 1 of 6 are right."""
    plan = replace(PLAN, test=("normal",))
    job = open_study(workspace, "s", plan)
    finish(job, rights=[{"f18", "f19", "f20", "f21"}, {"f22"}])
    runs = run_table(job.compute())
    assert runs["recipe"].tolist() == ["plain", "copied"]
    assert runs["test_normal_accuracy"].tolist() == pytest.approx([4 / 6, 1 / 6])


def test_what_a_reader_must_know_stands_below_the_table(workspace):
    """What went wrong in a training, and a face-pretrained network that began at random."""
    random = make_recipe(backbone="vggface-resnet50", channels=3, weights="none")
    plan = replace(PLAN, folds=2, recipes={"plain": RECIPES["plain"], "face": random})
    job = open_study(workspace, "s", plan)
    assert [sentence.split(":")[0] for sentence in remarks(job)] == ["face"]
    assert "RANDOM WEIGHTS" in remarks(job)[0]
    finish(job, alarms=["epoch 3: the loss was no number."])
    outcomes = job.compute()
    told = remarks(job, outcomes)
    assert told[1:3] == [
        "plain, fold 1, seed 0, epoch 3: the loss was no number.",
        "face, fold 1, seed 0, epoch 3: the loss was no number.",
    ]
    page = markdown(*text_rows(summary(run_table(outcomes), plan), plan), plan, told)
    assert page.splitlines()[-5:] == [f"- {sentence}" for sentence in told]


def test_runs_can_be_looked_at_while_others_are_trained(workspace):
    """After each training all that are known are handed over."""
    job = open_study(workspace, "s", PLAN)
    finish(job)
    seen = []
    job.compute(after=lambda known: seen.append([one.at.recipe for one in known]))
    assert seen == [["plain"], ["plain", "copied"]]
