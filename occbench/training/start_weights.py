"""Puts the weights that a run begins with into its network."""

from __future__ import annotations

from typing import Any

from occbench.errors import DataError
from occbench.models.base import resolve_backbone
from occbench.models.weights import load_published
from occbench.training import checkpoint
from occbench.training.network import make_network
from occbench.training.recipe import Recipe
from occbench.training.run import State, read_recipe
from occbench.training.start import Start


def load_start(model: Any, start: Start, recipe: Recipe) -> None:
    """Fills the backbone of a network; the head keeps its random values.

    Raises:
        DataError: the weights are broken or belong to another network.
    """
    if start.path is None:
        return
    mine = _backbone(model, recipe)
    if start.run is None:
        load_published(mine, start.path)
        return
    source = read_recipe(start.run)
    # A head of as many classes as it was trained with, since the file holds it too.
    classes = len(State.read(start.run).facts["class_weights"])
    other = make_network(source, classes)
    checkpoint.load_weights(other, start.path)
    theirs = {layer.name: layer.get_weights() for layer in _backbone(other, source)}
    for layer in mine:
        found = theirs.get(layer.name)
        wanted = [tuple(variable.shape) for variable in layer.weights]
        if found is None or [array.shape for array in found] != wanted:
            raise DataError(f"The weights of {start.name} do not fit the layer '{layer.name}'.")
        layer.set_weights(found)


def _backbone(model: Any, recipe: Recipe) -> list[Any]:
    """The layers of the backbone that have weights."""
    stages = tuple(f"{stage}_" for stage in resolve_backbone(recipe.backbone)[0].stages)
    return [layer for layer in model.layers if layer.weights and layer.name.startswith(stages)]
