"""Measures what a training step costs by width, batch size, XLA and steps per execution.

Every way is a recipe that differs from ``small-48`` in what its name says; all take turns, round
by round, on noise. Another backend of Keras is measured by setting ``KERAS_BACKEND``.

    python experiments/benchmarks/train_steps.py --rounds 3
    KERAS_BACKEND=jax python experiments/benchmarks/train_steps.py --only base --only batch
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from statistics import median
from typing import Any

import click
import numpy as np

from occbench.core.console import table
from occbench.core.spec import parse_spec
from occbench.models.backend import versions
from occbench.training.network import compiled_network
from occbench.training.recipe import Recipe

_CLASSES = 7


def ways(only: tuple[str, ...]) -> dict[str, Recipe]:
    """The recipes to compare, by name; the first is the base of all ratios."""
    base = Recipe.load("small-48")
    found = {"base: width 24, batch 64": base}
    for width in (8, 16, 32):
        backbone = parse_spec(f"resnet9(width={width})")
        found[f"width {width}"] = replace(base, backbone=backbone)
    for size in (16, 32, 128, 256):
        found[f"batch {size}"] = replace(base, batch_size=size)
    found["steps per execution 8"] = replace(base, steps_per_execution=8)
    found["xla"] = replace(base, xla=True)
    found["no augmentation"] = replace(base, augment=())
    found["precision mixed_bfloat16"] = replace(base, precision="mixed_bfloat16")
    wanted = [name for name in found if not only or any(name.startswith(o) for o in only)]
    return {name: found[name] for name in wanted}


class Way:
    """One compiled network and the images it is fed."""

    def __init__(self, recipe: Recipe, images: int) -> None:
        generator = np.random.default_rng(0)
        self.images = max(images // recipe.batch_size, 2) * recipe.batch_size
        shape = (self.images, recipe.size, recipe.size, recipe.channels)
        self._faces = generator.integers(0, 256, shape, dtype=np.uint8)
        labels = generator.integers(0, _CLASSES, self.images)
        self._truth = np.eye(_CLASSES, dtype=np.float32)[labels]
        self._recipe = recipe
        self.model = compiled_network(recipe, _CLASSES, steps=10_000)
        self._fit()

    def _fit(self) -> Any:
        batch = self._recipe.batch_size
        return self.model.fit(self._faces, self._truth, batch_size=batch, shuffle=False, verbose=0)

    def measure(self) -> tuple[float, float]:
        """Wall and CPU milliseconds per image of one epoch."""
        wall, cpu = time.perf_counter(), time.process_time()
        self._fit()
        spent = time.perf_counter() - wall, time.process_time() - cpu
        return spent[0] * 1000 / self.images, spent[1] * 1000 / self.images


@click.command(context_settings={"show_default": True})
@click.option("--images", type=click.IntRange(64), default=2048)
@click.option("--rounds", type=click.IntRange(1), default=3)
@click.option("--only", multiple=True, help="Beginnings of the names to measure.")
def main(images: int, rounds: int, only: tuple[str, ...]) -> None:
    """Print milliseconds per image and images per second."""
    compiled = {name: Way(recipe, images) for name, recipe in ways(only).items()}
    told = ", ".join(f"{name} {version}" for name, version in versions().items())
    print(f"{told}, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in compiled}
    for number in range(rounds):
        for name in list(compiled)[:: 1 if number % 2 == 0 else -1]:
            found[name].append(compiled[name].measure())
    rows = []
    for name, times in found.items():
        wall, cpu = (median(one[kind] for one in times) for kind in (0, 1))
        parameters = compiled[name].model.count_params()
        rows.append((name, parameters, f"{cpu:.2f}", f"{wall:.2f}", f"{1000 / wall:.0f}"))
    print(table(["", "parameters", "CPU ms", "wall ms", "images/s"], rows))
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
