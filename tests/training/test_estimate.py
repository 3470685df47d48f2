"""Forecasts of time: from runs like the wanted one, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from occbench.training.estimate import duration, seconds_left, seconds_per_image
from occbench.training.run import Run, State
from occbench.workspace import Workspace
from tests.runs import OTHER, epoch_row, make_recipe, pair

# What changes how long one image takes: the network, its input and how steps are run.
COSTLY = {
    "backbone",
    "size",
    "channels",
    "planes",
    "batch_size",
    "augment",
    "head",
    "trainable",
    "cache_trunk",
    "devices",
    "precision",
    "steps_per_execution",
    "xla",
}


@pytest.fixture
def workspace(tmp_path):
    """An empty workspace."""
    return Workspace.find_or_create(tmp_path)


def store(workspace, recipe, *seconds, images=100):
    """A run whose epochs took so many seconds each."""
    run = Run(recipe, "normal-0123456789", "normal")
    folder = workspace.run(run.id)
    folder.mkdir(parents=True)
    run.write(folder)
    rows = tuple(epoch_row(epoch, seconds=took) for epoch, took in enumerate(seconds, 1))
    State(epochs=rows, facts={"train_images": images}).write(folder)
    return folder


def test_nothing_is_known_without_a_run(workspace):
    """An empty workspace tells nothing, and neither does a first epoch, which compiles."""
    assert seconds_per_image(workspace, make_recipe()) is None
    store(workspace, make_recipe(), 90)
    assert seconds_per_image(workspace, make_recipe()) is None


def test_the_median_of_all_epochs_but_the_first(workspace):
    """100 images in 2, 4 and 30 s, and 200 in 6 s, are 0.02, 0.04, 0.3 and 0.03 each."""
    store(workspace, make_recipe(), 90, 2, 4, 30)
    assert seconds_per_image(workspace, make_recipe()) == pytest.approx(0.04)
    store(workspace, make_recipe(seed=1), 90, 6, images=200)
    assert seconds_per_image(workspace, make_recipe()) == pytest.approx(0.035)


@pytest.mark.parametrize("key", OTHER)
def test_only_a_like_recipe_counts(key, workspace):
    """A recipe that differs in what costs time says nothing about this one; any other does.

    Epochs of the head alone are quicker, and so is none of them counted.
    """
    usual, changed = pair(key)
    store(workspace, changed, *[0.1] * changed.head_epochs, 90, 2)
    found = seconds_per_image(workspace, usual)
    assert found is None if key in COSTLY else found == pytest.approx(0.02)


def test_a_broken_run_is_passed_over(workspace):
    """An estimate does not fail for a run that nobody asked for, nor count one without images."""
    (store(workspace, make_recipe(seed=1), 9, 8) / "state.json").write_text("{")
    (store(workspace, make_recipe(seed=2), 9, 8) / "run.json").write_text("{}")
    store(workspace, make_recipe(seed=3), 9, 8, images=0)
    store(workspace, make_recipe(), 90, 2)
    assert seconds_per_image(workspace, make_recipe()) == pytest.approx(0.02)


def test_what_is_left_of_a_run():
    """15 of 20 epochs of 100 images of 0.5 s, and 10 s to start; nothing once it has ended."""
    state = State(epochs=tuple(epoch_row(epoch) for epoch in range(1, 6)))
    recipe = make_recipe(epochs=20)
    assert seconds_left(state, recipe, 100, 0.5) == 760
    assert seconds_left(State(), recipe, 100, 0.5) == 1010
    assert seconds_left(replace(state, status="finished"), recipe, 100, 0.5) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 s"),
        (0.2, "1 s"),
        (89.4, "89 s"),
        (91, "2 min"),
        (149, "2 min"),
        (89 * 60, "89 min"),
        (90 * 60, "1 h 30 min"),
        (2 * 3600 + 300, "2 h 05 min"),
        (26 * 3600, "26 h 00 min"),
    ],
)
def test_durations_for_people(seconds, text):
    """Seconds below one and a half minutes, then minutes, then hours."""
    assert duration(seconds) == text
