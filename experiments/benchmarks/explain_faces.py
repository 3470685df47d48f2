"""Measures what explaining a face costs: occlusion sensitivity, Grad-CAM and parts of the face.

The network is that of a recipe with random weights, the faces are noise: both cost what real ones
cost. The first face of each method, which includes the tracing of the network, is told apart.

    python experiments/benchmarks/explain_faces.py
    python experiments/benchmarks/explain_faces.py --recipe small-48 --patch 8 --stride 2
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

import click
import numpy as np

from occbench.core.console import set_quiet, table
from occbench.dataset.drawing import draw_face
from occbench.explain.grad_cam import grad_cam
from occbench.explain.network import last_pictures
from occbench.explain.regions import Placed, region_effects
from occbench.explain.sensitivity import sensitivity
from occbench.geometry.landmarks import Landmarks68
from occbench.models.backend import machine, versions
from occbench.training.network import make_network
from occbench.training.recipe import Recipe

_CLASSES = 7


def measured(ask: Callable[[int], Any], faces: int, rounds: int) -> tuple[float, float, float]:
    """Seconds of the first face, then wall and CPU seconds per face, the medians of rounds."""
    start = time.perf_counter()
    ask(1)
    first = time.perf_counter() - start
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        ask(faces)
        walls.append((time.perf_counter() - wall) / faces)
        cpus.append((time.process_time() - cpu) / faces)
    return first, median(walls), median(cpus)


@click.command(context_settings={"show_default": True})
@click.option("--recipe", "name", default="small-48")
@click.option("--faces", type=click.IntRange(1), default=8)
@click.option("--rounds", type=click.IntRange(1), default=3)
@click.option("--patch", type=click.IntRange(1), default=8)
@click.option("--stride", type=click.IntRange(1), default=2)
def main(name: str, faces: int, rounds: int, patch: int, stride: int) -> None:
    """Print seconds per face of each method."""
    set_quiet(True)
    recipe = Recipe.load(name)
    model = make_network(replace(recipe, augment=(), precision="float32"), _CLASSES)
    shape = (faces, recipe.size, recipe.size, recipe.channels)
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    pictures = images[..., 0] if recipe.channels == 1 else images
    drawn = draw_face(identity=1, expression="anger", index=0, seed=0, size=recipe.size)
    placed = [Placed(f"f{row}", 0, Landmarks68(drawn.landmarks)) for row in range(faces)]
    labels, layer = [0] * faces, last_pictures(model)
    asked: dict[str, Callable[[int], Any]] = {
        "sensitivity": lambda count: sensitivity(
            model, images[:count], labels[:count], patch=patch, stride=stride
        ),
        "grad-cam": lambda count: grad_cam(model, images[:count], labels[:count], layer),
        "regions": lambda count: region_effects(model, placed[:count], lambda row: pictures[row]),
    }
    rows = [
        (method, *(f"{seconds:.3f}" for seconds in measured(ask, faces, rounds)))
        for method, ask in asked.items()
    ]
    told = ", ".join(f"{package} {version}" for package, version in versions().items())
    click.echo(f"{name}, {recipe.size} pixels, {model.count_params():,} parameters; {told}")
    click.echo(machine())
    click.echo(table(["method", "first face, s", "wall s per face", "CPU s per face"], rows))


if __name__ == "__main__":
    main()
