"""What one training does: its loss, its learning rates, its rows, and how it ends."""

from __future__ import annotations

import shutil
from math import cos, isfinite, pi
from typing import Any

import numpy as np
import pytest

from occbench.errors import DataError
from occbench.training.run import DIVERGED, FINISHED, State
from occbench.training.train import Wish
from occbench.workspace import Workspace
from tests.trainings import (
    COUNTS,
    PLAIN,
    TRAIN,
    VAL,
    array,
    fitting,
    folder_of,
    recipe,
    same_weights,
    train_in,
    without_times,
)

pytestmark = pytest.mark.tf

STEEP = "sgd(momentum=0.0, nesterov=False)"


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    """The logarithm of the softmax, written out."""
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def network(chosen: Any) -> Any:
    """The network of a recipe with its initial weights."""
    from occbench.training.network import compiled_network

    return compiled_network(chosen, 3, steps=1)


def logits_of(model: Any, job: Any, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Logits of all images of a part at once, and their labels."""
    shown = getattr(job, part)
    images = shown.cut(job.data.pixels, job.data.show, np.arange(len(shown)))
    return array(model(images, training=False)).astype(np.float64), shown.labels


@pytest.mark.parametrize(("loss", "gamma"), [("cross-entropy", 0.0), ("focal(gamma=1.5)", 1.5)])
@pytest.mark.parametrize("weights", ["none", "balanced"])
def test_the_logged_loss_is_what_the_formula_says(loss, gamma, weights, room):
    """Smoothed labels, class weights and logits of the initial network give the first loss.

    The whole training part is one batch, so the loss is that before the only step.
    """
    chosen = recipe(PLAIN, batch_size=TRAIN, label_smoothing=0.2, class_weights=weights, loss=loss)
    job = fitting(room, chosen)
    logits, labels = logits_of(network(chosen), job, "train")
    truth = np.eye(3)[labels] * 0.8 + 0.2 / 3
    logs = log_probabilities(logits)
    losses = -(truth * (1 - np.exp(logs)) ** gamma * logs).sum(axis=1)
    # 54 faces in three classes of 24, 18 and 12.
    share = {"none": (1, 1, 1), "balanced": (54 / 72, 54 / 54, 54 / 36)}[weights]
    expected = (np.array(share)[labels] * losses).mean()
    (row,) = train_in(room, chosen).epochs
    assert row["loss"] == pytest.approx(expected, rel=1e-5)
    assert row["accuracy"] == pytest.approx((logits.argmax(axis=1) == labels).mean(), rel=1e-6)


def test_validation_is_unweighted_unsmoothed_and_of_the_epochs_weights(room):
    """Loss and accuracies of the last row, computed from the last weights on disk."""
    chosen = recipe(PLAIN, epochs=2, label_smoothing=0.2)
    state = train_in(room, chosen, "mixed-unique")
    job = fitting(room, chosen, "mixed-unique")
    model = network(chosen)
    from occbench.training.checkpoint import final_path, load_weights

    load_weights(model, final_path(job.folder, "last"))
    logits, labels = logits_of(model, job, "val")
    right = logits.argmax(axis=1) == labels
    row = state.epochs[-1]
    loss = -log_probabilities(logits)[np.arange(VAL), labels].mean()
    assert row["val_loss"] == pytest.approx(loss, rel=1e-5)
    assert row["val_accuracy"] == pytest.approx(right.mean(), abs=1e-12)
    recalls = [right[labels == number].sum() / n for number, n in enumerate(COUNTS["val"])]
    assert row["val_balanced_accuracy"] == pytest.approx(sum(recalls) / 3, abs=1e-12)


def rates(state: State) -> list[float]:
    """The learning rate of each epoch."""
    return [row["learning_rate"] for row in state.epochs]


def test_a_plateau_lowers_the_logged_rate(room):
    """No loss betters another by 99, so the rate halves after every epoch but the first."""
    plateau = "plateau(factor=0.5, patience=1, min_delta=1.0, minimum=0.0003)"
    chosen = recipe(PLAIN, batch_size=TRAIN, epochs=5, schedule=plateau, learning_rate=1e-3)
    state = train_in(room, chosen)
    assert rates(state) == pytest.approx([1e-3, 1e-3, 5e-4, 3e-4, 3e-4], rel=1e-6)


def test_a_cosine_is_drawn_over_all_steps(room):
    """Three steps an epoch: two of twelve warm up, then half a cosine falls to 0."""
    chosen = recipe(PLAIN, epochs=4, schedule="cosine(warmup=0.17, start=0.1)", learning_rate=1e-3)
    state = train_in(room, chosen)
    assert state.facts["steps_per_epoch"] == 3
    expected = [1e-3 * 0.5 * (1 + cos(pi * (step - 2) / 10)) for step in (3, 6, 9, 12)]
    assert rates(state) == pytest.approx(expected, rel=1e-5, abs=1e-10)


def test_a_warm_up_rises_in_a_line(room):
    """One step an epoch, two of four warm up from a tenth of the rate to all of it."""
    chosen = recipe(
        PLAIN,
        batch_size=TRAIN,
        epochs=4,
        schedule="cosine(warmup=0.5, start=0.1)",
        learning_rate=1e-3,
    )
    assert rates(train_in(room, chosen)) == pytest.approx([5.5e-4, 1e-3, 5e-4, 0], abs=1e-10)


def test_rows_facts_and_files_of_a_finished_run(room):
    """Each epoch is handed on once; weights, state and history stay, and nothing else."""
    from occbench.training.fit import fit

    rows: list[dict[str, Any]] = []
    chosen = recipe(PLAIN, epochs=2, trainable="head")
    job = fitting(room, chosen, "mixed-paired", after_epoch=rows.append)
    state = fit(job)
    assert (state.status, state.last) == (FINISHED, 2)
    assert list(state.epochs) == rows == list(State.read(job.folder).epochs)
    assert [row["epoch"] for row in rows] == [1, 2]
    balanced = [row["val_balanced_accuracy"] for row in rows]
    assert state.best == 1 + balanced.index(max(balanced))
    facts = state.facts
    # Only the head is trained: 128 features of one place, three classes.
    assert facts["trainable_parameters"] == 128 * 3 + 3
    convolutions = 9 * (1 * 32 + 32 * 64 + 64 * 128) + 32 + 64 + 128
    assert facts["parameters"] == convolutions + 128 * 3 + 3
    assert (facts["train_images"], facts["val_images"]) == (2 * TRAIN, 2 * VAL)
    assert facts["steps_per_epoch"] == 2 * TRAIN // 18
    assert {"keras", "tensorflow", "numpy"} == set(facts["versions"])
    names = {path.name for path in job.folder.iterdir()}
    assert names == {
        "run.json",
        "state.json",
        "history.csv",
        "best.weights.h5",
        "last.weights.h5",
        "recipe.toml",
    }


def test_two_trainings_are_bit_equal_and_another_seed_is_another(room, tmp_path):
    """Weights and rows repeat to the last bit, for normal and for painted faces alike."""
    other = shutil.copytree(room.root, tmp_path / "other")
    drawn = {"augment": ["flip", "shift"], "dropout": 0.2, "optimizer": "adamw"}
    chosen, places = recipe(PLAIN, **drawn), (room, Workspace.find(other))
    first, second = (train_in(place, chosen, "occluded") for place in places)
    assert without_times(first.epochs) == without_times(second.epochs)
    one, two = (folder_of(place, chosen, "occluded") / "last.weights.h5" for place in places)
    assert same_weights(one, two)
    third = recipe(PLAIN, seed=1, **drawn)
    assert without_times(train_in(room, third, "occluded").epochs) != without_times(first.epochs)


def test_early_stopping_ends_a_run(room):
    """A rate of next to nothing improves nothing that accuracy could show."""
    chosen = recipe(PLAIN, epochs=9, learning_rate=1e-12, early_stopping=2, monitor="val-accuracy")
    state = train_in(room, chosen)
    assert (state.status, state.last, state.best) == (FINISHED, 3, 1)


@pytest.mark.parametrize("select", ["last", "best-val-loss"])
def test_the_best_weights_are_those_of_the_epoch_that_the_rule_names(select, room):
    """Compared with the weights of every epoch, which are kept on request and alone."""
    chosen = recipe(PLAIN, epochs=3, select=select, optimizer="rmsprop", learning_rate=0.01)
    state = train_in(room, chosen, wish=Wish(every_epoch=True))
    folder = folder_of(room, chosen)
    kept = sorted(path.name for path in (folder / "weights").iterdir())
    assert kept == [f"epoch-000{epoch}.weights.h5" for epoch in (1, 2, 3)]
    losses = [row["val_loss"] for row in state.epochs]
    best = 3 if select == "last" else 1 + losses.index(min(losses))
    assert state.best == best
    for selection, epoch in (("best", best), ("last", 3)):
        final = folder / f"{selection}.weights.h5"
        same = [same_weights(final, folder / "weights" / name) for name in kept]
        assert same == [epoch == number for number in (1, 2, 3)]


def test_a_loss_that_is_no_number_ends_the_run_with_the_last_good_weights(room, capsys):
    """A rate of a thousand after a first step of none: the epochs before it are kept.

    Nothing is printed on stdout, where a script may expect JSON.
    """
    chosen = recipe(
        PLAIN,
        batch_size=TRAIN,
        epochs=8,
        optimizer=STEEP,
        learning_rate=1000.0,
        schedule="cosine(warmup=0.5, start=0)",
    )
    state = train_in(room, chosen, wish=Wish(every_epoch=True))
    captured = capsys.readouterr()
    assert state.status == DIVERGED
    assert 1 <= state.last < 8
    assert all(isfinite(row["loss"]) and isfinite(row["val_loss"]) for row in state.epochs)
    assert state.alarms[-1] == (
        f"epoch {state.last + 1}: the loss was no number; the run ended with the weights of "
        f"epoch {state.last}."
    )
    assert state.alarms[-1] in captured.err
    assert captured.out == ""
    folder = folder_of(room, chosen)
    last = folder / "weights" / f"epoch-{state.last:04d}.weights.h5"
    assert same_weights(folder / "last.weights.h5", last)
    assert not (folder / "weights" / f"epoch-{state.last + 1:04d}.weights.h5").exists()
    again = train_in(room, chosen)
    assert (again.status, again.epochs) == (DIVERGED, state.epochs)


def test_no_number_in_the_first_epoch_is_one_sentence(room, capsys):
    """There is nothing to keep, so nothing is kept; the sentence names the remedy."""
    chosen = recipe(PLAIN, batch_size=6, epochs=4, optimizer="sgd", learning_rate=1000.0)
    with pytest.raises(DataError) as caught:
        train_in(room, chosen)
    assert "was no number in the first epoch. Lower the recipe's learning_rate." in str(
        caught.value
    )
    folder = folder_of(room, chosen)
    assert State.read(folder) == State()
    assert not list(folder.rglob("*.h5"))
    assert capsys.readouterr().out == ""


def test_several_steps_per_call_give_the_same_training(room):
    """Three steps in one call of the backend are the three steps one by one, up to rounding."""
    rows = [
        train_in(room, recipe(PLAIN, epochs=2, steps_per_execution=steps)).epochs
        for steps in (1, 3)
    ]
    for one, three in zip(*map(without_times, rows), strict=True):
        assert one == pytest.approx(three, rel=1e-4)
