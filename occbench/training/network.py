"""The network of a recipe, compiled for training."""

from __future__ import annotations

from typing import Any

import numpy as np

from occbench.core.digest import digest_int
from occbench.core.spec import Spec
from occbench.errors import DataError
from occbench.models.backend import jit_choice, load_keras
from occbench.models.classifier import Architecture, build_classifier
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
    )


def make_network(recipe: Recipe, classes: int, *, steps: int) -> Any:
    """The compiled network with its initial weights, the optimizer's variables made.

    The loss is cross-entropy from logits; the network has no softmax.

    Args:
        recipe: decides all but the number of classes.
        classes: how many.
        steps: of the whole training, for schedules that are drawn over it.

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
    model = build_classifier(architecture(recipe), classes, seed=recipe.seed)
    model.compile(
        optimizer=_optimizer(recipe, _rate(recipe, steps)),
        loss=_loss(recipe),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        jit_compile=jit_choice(recipe.xla),
        steps_per_execution=recipe.steps_per_execution,
    )
    model.optimizer.build(model.trainable_variables)
    return model


def reseed(model: Any, seed: int, epoch: int) -> None:
    """Sets every random layer to a state drawn from seed and epoch.

    What was drawn in earlier epochs then does not matter, so a resumed run draws the same.
    """
    states = (v for v in model.variables if v.path.endswith("seed_generator_state"))
    for number, state in enumerate(states):
        drawn = digest_int(seed, "draws", epoch, number)
        state.assign(np.array([drawn % 2**32, drawn >> 32], dtype=np.uint32))


def _rate(recipe: Recipe, steps: int) -> Any:
    """The learning rate: a number, or a cosine over all steps after a linear warm-up."""
    if recipe.schedule.name != "cosine":
        return recipe.learning_rate
    decay = load_keras().optimizers.schedules.CosineDecay
    warm = round(steps * recipe.schedule.arguments["warmup"])
    if not warm:
        return decay(recipe.learning_rate, steps)
    return decay(
        recipe.learning_rate * recipe.schedule.arguments["start"],
        max(steps - warm, 1),
        warmup_target=recipe.learning_rate,
        warmup_steps=warm,
    )


def _loss(recipe: Recipe) -> Any:
    losses = load_keras().losses
    smoothing = recipe.label_smoothing
    if recipe.loss.name == "focal":
        gamma = recipe.loss.arguments["gamma"]
        # Classes are weighted by the recipe's class weights, not by alpha.
        return losses.CategoricalFocalCrossentropy(
            alpha=1.0, gamma=gamma, from_logits=True, label_smoothing=smoothing
        )
    return losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)


def _optimizer(recipe: Recipe, rate: Any) -> Any:
    optimizers = load_keras().optimizers
    kinds = {
        "sgd": optimizers.SGD,
        "rmsprop": optimizers.RMSprop,
        "adam": optimizers.Adam,
        "adamw": optimizers.AdamW,
    }
    optimizer: Spec = recipe.optimizer
    given = {key: value for key, value in optimizer.arguments.items() if value is not None}
    if optimizer.name == "sgd" and not given["weight_decay"]:
        del given["weight_decay"]
    return kinds[optimizer.name](learning_rate=rate, **given)
