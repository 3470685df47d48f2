"""The network of a recipe, and how it is compiled for each phase of its training."""

from __future__ import annotations

from typing import Any

import numpy as np

from occbench.core.digest import digest_int
from occbench.errors import DataError
from occbench.models.backend import jit_choice, load_keras, shared_by
from occbench.models.classifier import Architecture, build_classifier, freeze
from occbench.models.specs import HEAD
from occbench.models.trunk import cut
from occbench.training.optimize import cosine, make_loss, make_optimizer
from occbench.training.recipe import Recipe


def architecture(recipe: Recipe) -> Architecture:
    """What a recipe says about the network."""
    return Architecture(
        backbone=recipe.backbone,
        size=recipe.size,
        channels=recipe.channels,
        preprocessing=recipe.preprocessing,
        augment=recipe.augment,
        head=recipe.head,
        dropout=recipe.dropout,
        trainable=recipe.trainable,
        precision=recipe.precision,
        planes=recipe.planes,
    )


def make_network(recipe: Recipe, classes: int) -> Any:
    """The network with random weights, not compiled yet; it has no softmax.

    Args:
        recipe: decides all but the number of classes.
        classes: how many.

    Raises:
        DataError: the backend cannot do what the recipe asks for.
    """
    keras = load_keras()
    if recipe.xla and recipe.augment and keras.backend.backend() == "tensorflow":
        raise DataError(
            "xla = true does not go with augment on TensorFlow, whose augmentation XLA cannot "
            "compile. Take one of them out of the recipe, or use the jax backend."
        )
    # What the last network left behind would change the names of layers and slow this one.
    keras.utils.clear_session()
    keras.utils.set_random_seed(recipe.seed)
    with shared_by(recipe.devices):
        return build_classifier(architecture(recipe), classes, seed=recipe.seed)


def compiled_network(recipe: Recipe, classes: int, *, steps: int = 1) -> Any:
    """The network with random weights, compiled to train all that the recipe trains.

    Raises:
        DataError: as ``make_network``.
    """
    model = make_network(recipe, classes)
    make_ready(model, recipe, steps=steps)
    return model


def make_ready(model: Any, recipe: Recipe, *, steps: int, head_alone: bool = False) -> None:
    """Compiles a network for a phase of its training, with a new optimizer.

    Args:
        model: of ``make_network``.
        recipe: of the training.
        steps: of the phase, for schedules that are drawn over it.
        head_alone: train the head only, at its own constant rate.
    """
    freeze(model, HEAD if head_alone else recipe.trainable, recipe.backbone)
    rate: Any = recipe.learning_rate
    if head_alone:
        rate = recipe.head_learning_rate or rate
    elif recipe.schedule.name == "cosine":
        rate = cosine(recipe, steps)
    with shared_by(recipe.devices):
        optimizer = make_optimizer(recipe, rate, model)
    compile_as(model, optimizer, recipe)


def compile_as(model: Any, optimizer: Any, recipe: Recipe) -> None:
    """Compiles a network, or the tail of one, as a recipe says."""
    with shared_by(recipe.devices):
        model.compile(
            optimizer=optimizer,
            loss=make_loss(recipe),
            metrics=[load_keras().metrics.CategoricalAccuracy(name="accuracy")],
            jit_compile=jit_choice(recipe.xla),
            steps_per_execution=recipe.steps_per_execution,
        )
        # Half precision wraps the optimizer in one that scales losses and is not built yet; what a
        # killed run stored of it fits a built one only.
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)


def trunk_and_tail(model: Any, recipe: Recipe) -> tuple[Any, Any]:
    """The frozen part of a compiled network, and the rest compiled as it is.

    Raises:
        DataError: the network cannot be cut.
    """
    with shared_by(recipe.devices):
        parts = cut(model)
    compile_as(parts.tail, model.optimizer, recipe)
    return parts.trunk, parts.tail


def reseed(model: Any, seed: int, epoch: int) -> None:
    """Sets every random layer to a state drawn from seed and epoch.

    What was drawn in earlier epochs then does not matter, so a resumed run draws the same.
    """
    states = (v for v in model.variables if v.path.endswith("seed_generator_state"))
    for number, state in enumerate(states):
        drawn = digest_int(seed, "draws", epoch, number)
        state.assign(np.array([drawn % 2**32, drawn >> 32], dtype=np.uint32))
