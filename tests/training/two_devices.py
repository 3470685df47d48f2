"""Trains recipes on two logical CPUs and prints their histories; run by ``test_devices``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import tensorflow as tf

from occbench.training.recipe import Recipe
from occbench.workspace import Workspace
from tests.trainings import folder_of, train_in


def main(root: str, recipes: str) -> None:
    """Trains each recipe of a JSON list in the workspace."""
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        processor, [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
    )
    workspace = Workspace.find(Path(root))
    found = []
    for values in json.loads(recipes):
        recipe = Recipe.from_mapping(values)
        state = train_in(workspace, recipe)
        folder = folder_of(workspace, recipe)
        found.append({"rows": state.epochs, "folder": str(folder), "facts": state.facts})
    sys.stdout.write(f"found {json.dumps(found)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
