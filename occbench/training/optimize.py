"""The loss and the optimizer of a recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from occbench.core.spec import Spec
from occbench.models.backend import load_keras
from occbench.training.recipe import Recipe


def make_loss(recipe: Recipe) -> Any:
    """The loss, computed from logits and one-hot labels."""
    losses = load_keras().losses
    smoothing = recipe.label_smoothing
    if recipe.loss.name == "focal":
        gamma = recipe.loss.arguments["gamma"]
        # Classes are weighted by the recipe's class weights, not by alpha.
        return losses.CategoricalFocalCrossentropy(
            alpha=1.0, gamma=gamma, from_logits=True, label_smoothing=smoothing
        )
    return losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)


def make_optimizer(recipe: Recipe, rate: Any, model: Any) -> Any:
    """The optimizer of a network, its variables made.

    Args:
        recipe: names it and the factors of the stages.
        rate: the learning rate, a number or one of Keras' schedules.
        model: whose trainable variables it moves.
    """
    optimizers = load_keras().optimizers
    kinds = {
        "sgd": optimizers.SGD,
        "rmsprop": optimizers.RMSprop,
        "adam": optimizers.Adam,
        "adamw": optimizers.AdamW,
    }
    optimizer: Spec = recipe.optimizer
    given = dict(optimizer.arguments)
    if optimizer.name == "sgd" and not given["weight_decay"]:
        del given["weight_decay"]
    kind = kinds[optimizer.name]
    if recipe.stage_rates:
        kind = _with_factors(kind, _factors(model, dict(recipe.stage_rates)))
    made = kind(learning_rate=rate, **given)
    made.build(model.trainable_variables)
    return made


def cosine(recipe: Recipe, steps: int) -> Any:
    """A cosine over so many steps after a linear warm-up."""
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


def _factors(model: Any, rates: Mapping[str, float]) -> list[float]:
    """The factor of each trainable variable, in the model's order; 1 where none is given."""
    known = {
        id(variable): factor
        for layer in model.layers
        for stage, factor in rates.items()
        if layer.name.startswith(f"{stage}_")
        for variable in layer.trainable_variables
    }
    return [known.get(id(variable), 1.0) for variable in model.trainable_variables]


def _with_factors(kind: type[Any], factors: Sequence[float]) -> type[Any]:
    """An optimizer whose every step is as long as the variable's factor says.

    The factor belongs to the step, not to the gradient, whose length Adam and RMSprop undo.
    Weight decay, which Keras applies apart from the step, keeps the plain rate.
    """

    class Scaled(kind):  # type: ignore[misc]
        """``kind`` with a learning rate of its own for each variable."""

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            """See Keras."""
            factor = factors[self._get_variable_index(variable)]
            super().update_step(gradient, variable, learning_rate * factor)

    return Scaled
