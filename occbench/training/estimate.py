"""How long trainings will take: from earlier runs, or from a few steps made now."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from occbench.errors import OccbenchError
from occbench.training.recipe import Recipe
from occbench.training.run import State, read_recipe
from occbench.workspace import Workspace

# What decides how long one image takes.
_COST = (
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
)

# Validation and the first, slower steps of an epoch come on top of the steps.
_BESIDES = 1.1

# Compiling a small network for training, validation and testing, measured on two cores.
_START = 10.0
_WARM, _FEWEST, _LONG_ENOUGH = 3, 4, 2.0


def seconds_per_image(workspace: Workspace, recipe: Recipe) -> float | None:
    """What an image took in the last runs of a like recipe; None if there was none."""
    wanted = _cost(recipe)
    found = []
    for run_id in workspace.run_ids():
        try:
            folder = workspace.run(run_id)
            if _cost(read_recipe(folder)) == wanted:
                found += _measured(State.read(folder), read_recipe(folder).head_epochs)
        except OccbenchError:
            # A broken run is reported where it matters, not by an estimate.
            continue
    return median(found) if found else None


def measured_now(recipe: Recipe, classes: int) -> float:
    """What an image takes in a few training steps on noise; loads Keras.

    With a trunk cache those are steps of the tail, and the trunk's pass over the image is shared
    among the epochs.
    """
    import numpy as np

    from occbench.training.network import compiled_network, trunk_and_tail

    model = compiled_network(recipe, classes, steps=100)
    generator = np.random.default_rng(0)
    shape = (recipe.batch_size, recipe.size, recipe.size, recipe.channels)
    images = generator.integers(0, 256, shape, dtype=np.uint8)
    truth = np.eye(classes, dtype=np.float32)[generator.integers(0, classes, recipe.batch_size)]
    given: Any = images
    once = 0.0
    if recipe.cache_trunk:
        trunk, model = trunk_and_tail(model, recipe)
        passes = max(1, min(recipe.augment_copies, recipe.epochs))
        once = _seconds(lambda: trunk.predict_on_batch(images)) * passes / recipe.epochs
        given = generator.uniform(size=(recipe.batch_size, *model.input.shape[1:]))
    step = _seconds(lambda: model.train_on_batch(given, truth))
    return (_BESIDES * step + once) / recipe.batch_size


def _seconds(work: Callable[[], Any]) -> float:
    """What some work takes, the first calls aside, in which it is compiled."""
    for _ in range(_WARM):
        work()
    started, calls = time.perf_counter(), 0
    while calls < _FEWEST or time.perf_counter() - started < _LONG_ENOUGH:
        work()
        calls += 1
    return (time.perf_counter() - started) / calls


def seconds_left(state: State, recipe: Recipe, images: int, each: float) -> float:
    """How long a run with so many training images will still take, at most, its start included."""
    return 0.0 if state.ended else _START + (recipe.epochs - state.last) * images * each


def duration(seconds: float) -> str:
    """A duration for people, such as ``3 min`` or ``2 h 10 min``."""
    minutes = max(1, round(seconds / 60))
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _cost(recipe: Recipe) -> Mapping[str, Any]:
    described = recipe.describe()
    return {key: described.get(key) for key in _COST}


def _measured(state: State, head_epochs: int) -> list[float]:
    """Seconds per image of each epoch but those of the head alone and the first after them.

    In that one the network is compiled.
    """
    images = state.facts.get("train_images", 0)
    return [row["seconds"] / images for row in state.epochs[head_epochs + 1 :] if images]
