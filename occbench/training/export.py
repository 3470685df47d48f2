"""A trained network as a file that Keras opens without this package."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from occbench.core.atomic import replacing, write_text
from occbench.core.digest import file_digest
from occbench.errors import DataError
from occbench.models.backend import load_keras
from occbench.training import checkpoint
from occbench.training.exported import SCHEMA, as_text, put_inside
from occbench.training.network import make_network
from occbench.training.recipe import Recipe
from occbench.training.run import State, read_recipe

ENDING = ".keras"


def export(folder: Path, path: Path, *, selection: str) -> dict[str, Any]:
    """Writes the network of an ended run; what it expects stands inside, and in a JSON beside it.

    The network takes levels 0..255, uint8 ``(N, size, size, channels)``, RGB or grey, and gives
    the probability of each class, ``(N, K)``. Its preprocessing is a part of it; the augmentation
    of its training is not.

    Args:
        folder: of the run.
        path: ends in ``.keras``; overwritten.
        selection: ``best`` or ``last``.

    Returns:
        What stands in the JSON file.

    Raises:
        DataError: the run has not ended, its weights are broken, or another ending.
    """
    if path.suffix != ENDING:
        raise DataError(f"'{path}' must end in {ENDING}.")
    state, recipe = State.read(folder), read_recipe(folder)
    if not state.ended:
        raise DataError(f"The run '{folder.name}' has not ended. Train it to its end first.")
    classes = state.facts.get("classes")
    if not classes:
        raise DataError(f"The run '{folder.name}' does not say its classes; train it anew.")
    weights = checkpoint.final_path(folder, selection)
    facts = {
        "schema": SCHEMA,
        "run": folder.name,
        "selection": selection,
        "epoch": state.epoch_of(selection),
        "weights": f"sha256:{file_digest(weights) if weights.is_file() else ''}",
        "classes": classes,
        "size": recipe.size,
        "channels": recipe.channels,
        "colour": "RGB" if recipe.channels == 3 else "grey",
        "levels": [0, 255],
        "preprocessing": f"{recipe.preprocessing}, inside the network",
        **({"planes": [*map(str, recipe.planes)]} if recipe.planes else {}),
    }
    plain = plain_network(recipe, len(classes), weights)
    layers, keras = load_keras().layers, load_keras()
    chances = layers.Softmax(name="probabilities", dtype="float32")(plain.output)
    whole = keras.Model(plain.inputs, chances, name=f"{recipe.backbone.name}-classifier")
    _save(whole, path, facts)
    write_text(path.with_suffix(".json"), as_text(facts))
    return facts


def plain_network(recipe: Recipe, classes: int, weights: Path) -> Any:
    """A trained network in float32 and without its augmentation, not compiled.

    It takes levels 0..255, uint8 ``(N, size, size, channels)``, and gives logits ``(N, classes)``.

    Args:
        recipe: of its training.
        classes: how many.
        weights: the file of the epoch wanted.

    Raises:
        DataError: the weights are missing or broken.
    """
    trained = make_network(replace(recipe, devices=1), classes)
    checkpoint.load_weights(trained, weights)
    plain = make_network(replace(recipe, augment=(), precision="float32", devices=1), classes)
    for layer in plain.layers:
        if layer.weights:
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    return plain


def _save(model: Any, path: Path, facts: dict[str, Any]) -> None:
    with replacing(path) as part:
        # Keras wants its own ending, which an unfinished file must not have.
        beside = part.with_name(part.name + ENDING)
        try:
            model.save(beside)
            put_inside(beside, facts)
            os.replace(beside, part)  # noqa: PTH105 - the pair of ``replacing``
        finally:
            beside.unlink(missing_ok=True)
