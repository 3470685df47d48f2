"""Trains one run, epoch by epoch; a kill at any instant costs at most the epoch it falls into."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.core.atomic import replacing, write_text
from occbench.core.console import Bar, bar, note
from occbench.errors import NoNumber, StaleState
from occbench.models.backend import load_keras, machine, versions
from occbench.training import checkpoint
from occbench.training.batches import TrainingBatches, log_softmax, logits
from occbench.training.data import Data
from occbench.training.history import alarms, best_epoch, is_finite, plateau_rate, stops
from occbench.training.inputs import Shown, class_weights, epoch_order
from occbench.training.network import make_network, reseed
from occbench.training.recipe import Recipe
from occbench.training.run import DIVERGED, FINISHED, RUNNING, SELECTIONS, Run, State
from occbench.training.start import RANDOM, Start
from occbench.training.start_weights import load_start
from occbench.training.trained_part import TrainedPart

keras = load_keras()

AfterEpoch = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, eq=False)
class Fitting:
    """One training that is going on.

    Attributes:
        run: what decides it.
        data: the faces.
        train: the images to learn from.
        val: the images that choose the epoch.
        folder: the run's folder, locked by the caller.
        start: what the backbone begins with.
        every_epoch: keep the weights of every epoch.
        after_epoch: called with each new row of the history.
    """

    run: Run
    data: Data
    train: Shown
    val: Shown
    folder: Path
    start: Start = RANDOM
    every_epoch: bool = False
    after_epoch: AfterEpoch | None = None


def fit(job: Fitting) -> State:
    """Trains to the end from wherever the run stands.

    Raises:
        DataError: a file of the run is broken, or a face cannot be shown.
        NoNumber: the loss was none in the first epoch.
        OSError: a checkpoint cannot be written.
    """
    state = State.read(job.folder)
    checkpoint.sweep(job.folder)
    recipe = job.run.recipe
    steps = len(job.train) // recipe.batch_size
    network = make_network(recipe, _classes(job))
    if state.last:
        _check_backend(job, state)
        checkpoint.load_weights(network, checkpoint.weights_path(job.folder, state.last))
    else:
        load_start(network, job.start, recipe)
        # Only now: a run that cannot begin leaves nothing that looks begun.
        job.run.write(job.folder)
        write_text(job.folder / "recipe.toml", recipe.to_toml())
        state = replace(state, facts=_facts(network, job, steps))
    part = TrainedPart.of(network, job.data, recipe)
    part.prepare(job.val, trained=job.train)
    later = steps * (recipe.epochs - recipe.head_epochs)
    _go_on(job, part, state, later)
    label = f"{job.run.mode}, seed {recipe.seed}"
    with bar(
        total=steps * recipe.epochs, label=label, unit=" steps", done=steps * state.last
    ) as shown:
        while not _is_over(state, job):
            if state.last and state.last == recipe.head_epochs:
                part.ready(steps=later)
            state = _epoch(job, part, state, shown)
    return _finish(job, state)


def _go_on(job: Fitting, part: TrainedPart, state: State, steps: int) -> None:
    """Compiles for the epoch that comes next, with the optimizer as the last one left it."""
    recipe, last = job.run.recipe, state.last
    if last and last == recipe.head_epochs:
        # The optimizer of the head's epochs ends with them.
        return
    part.ready(steps=steps, head_alone=last < recipe.head_epochs)
    if last:
        path = checkpoint.optimizer_path(job.folder, last)
        checkpoint.load_optimizer(part.network.optimizer, path)


def _check_backend(job: Fitting, state: State) -> None:
    """Refuses to go on with another backend, which draws and rounds in its own way."""
    before, now = state.facts.get("versions", {}), versions()
    if set(before) != set(now):
        raise StaleState(
            f"The run '{job.run.id}' was begun with {', '.join(before)} and cannot go on with "
            f"{', '.join(now)}. Set KERAS_BACKEND as before, or train anew with --force."
        )


def _is_over(state: State, job: Fitting) -> bool:
    recipe = job.run.recipe
    return (
        state.status != RUNNING
        or state.last >= recipe.epochs
        or stops(_later(state, recipe), recipe.monitor, recipe.early_stopping)
    )


def _later(state: State, recipe: Recipe) -> Sequence[Mapping[str, Any]]:
    """The history without the epochs of the head alone, which say nothing about the rest."""
    return state.epochs[recipe.head_epochs :]


def _epoch(job: Fitting, part: TrainedPart, state: State, shown: Bar) -> State:
    """Trains one more epoch, checks it on the validation faces and writes it down."""
    recipe, epoch = job.run.recipe, state.last + 1
    started, network = time.perf_counter(), part.network
    if recipe.schedule.name == "plateau" and epoch > recipe.head_epochs:
        network.optimizer.learning_rate = plateau_rate(
            _later(state, recipe), recipe.monitor, recipe.learning_rate, **recipe.schedule.arguments
        )
    reseed(network, recipe.seed, epoch)
    batches = TrainingBatches(
        part.faces_of(epoch, job.train),
        batch_size=recipe.batch_size,
        order=epoch_order(len(job.train), recipe.seed, epoch),
        weights=class_weights(job.train.labels, _classes(job), recipe.class_weights),
    )
    with batches.own_errors():
        found = part.model.fit(
            batches,
            shuffle=False,
            verbose=0,
            callbacks=[_Steps(shown, recipe.steps_per_execution)],
        ).history
    row: dict[str, Any] = {
        "epoch": epoch,
        "loss": float(found["loss"][-1]),
        "accuracy": float(found["accuracy"][-1]),
    }
    measures, predicted = _validate(job, part)
    row |= measures
    row["learning_rate"] = float(keras.ops.convert_to_numpy(network.optimizer.learning_rate))
    row["seconds"] = round(time.perf_counter() - started, 2)
    shown.tell(f"val {row['val_accuracy']:.1%}, balanced {row['val_balanced_accuracy']:.1%}")
    return _commit(job, network, state, row, predicted)


def _commit(
    job: Fitting, model: Any, state: State, row: dict[str, Any], predicted: NDArray[np.int64]
) -> State:
    """Writes an epoch's files, then the state that names them, then removes what is old."""
    if not is_finite(row):
        return _diverged(job, state, row)
    rows = (*state.epochs, row)
    best = best_epoch(rows, job.run.recipe.select)
    names = job.data.manifest.classes.names
    # Those of the best epoch stay, since its weights are tested too.
    kept = [alarm for alarm in state.alarms if alarm.startswith(f"epoch {best}:")]
    found = (*kept, *alarms(rows, predicted.tolist(), names))
    checkpoint.save_weights(model, checkpoint.weights_path(job.folder, row["epoch"]))
    checkpoint.save_optimizer(model.optimizer, checkpoint.optimizer_path(job.folder, row["epoch"]))
    following = replace(state, epochs=rows, best=best, alarms=found)
    following.write(job.folder)
    checkpoint.forget(job.folder, (best, row["epoch"]), every_epoch=job.every_epoch)
    if job.after_epoch is not None:
        job.after_epoch(row)
    return following


def _diverged(job: Fitting, state: State, row: dict[str, Any]) -> State:
    """Ends a run whose loss is no number; the last good weights are kept."""
    if not state.last:
        raise NoNumber(
            f"The loss of '{job.run.id}' was no number in the first epoch. Lower the recipe's "
            "learning_rate."
        )
    text = (
        f"epoch {row['epoch']}: the loss was no number; the run ended with the weights of epoch "
        f"{state.last}."
    )
    return replace(state, status=DIVERGED, alarms=(*state.alarms, text))


def _finish(job: Fitting, state: State) -> State:
    """Puts the chosen weights in their final place and marks the run as ended."""
    for selection in SELECTIONS:
        source = checkpoint.weights_path(job.folder, state.epoch_of(selection))
        with replacing(checkpoint.final_path(job.folder, selection)) as part:
            shutil.copyfile(source, part)
    ended = state if state.status == DIVERGED else replace(state, status=FINISHED)
    ended.write(job.folder)
    checkpoint.forget(job.folder, (), every_epoch=job.every_epoch)
    if not job.every_epoch:
        shutil.rmtree(job.folder / "weights", ignore_errors=True)
    for alarm in ended.alarms:
        note(f"{job.run.mode}, seed {job.run.recipe.seed}, {alarm}")
    return ended


def _validate(job: Fitting, part: TrainedPart) -> tuple[dict[str, float], NDArray[np.int64]]:
    """Loss and accuracies on the validation faces, unweighted, and how often each class is said."""
    scores = log_softmax(logits(part.model, part.faces(job.val)))
    labels, classes = job.val.labels, _classes(job)
    predicted = scores.argmax(axis=1)
    right = predicted == labels
    recalls = [right[labels == number].mean() for number in range(classes)]
    measures = {
        "val_loss": float(-scores[np.arange(len(labels)), labels].mean()),
        "val_accuracy": float(right.mean()),
        "val_balanced_accuracy": float(np.mean(recalls)),
    }
    return measures, np.bincount(predicted, minlength=classes)


def _facts(model: Any, job: Fitting, steps: int) -> dict[str, Any]:
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    return {
        "parameters": int(model.count_params()),
        "trainable_parameters": trainable,
        "train_images": len(job.train),
        "val_images": len(job.val),
        "steps_per_epoch": steps,
        "class_weights": class_weights(
            job.train.labels, _classes(job), job.run.recipe.class_weights
        ).tolist(),
        "classes": list(job.data.manifest.classes.names),
        "weights": job.start.name,
        "versions": versions(),
        "machine": machine(),
    }


def _classes(job: Fitting) -> int:
    return len(job.data.manifest.classes.names)


class _Steps(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
    """Moves the bar with each step, and ends the epoch once the loss is no number.

    Keras' ``TerminateOnNaN`` prints a line on stdout, where only results belong.
    """

    def __init__(self, shown: Bar, steps: int) -> None:
        super().__init__()
        self._shown, self._steps = shown, steps

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        """See Keras."""
        self._shown.move(self._steps)
        if not np.isfinite(logs["loss"]):
            self.model.stop_training = True
