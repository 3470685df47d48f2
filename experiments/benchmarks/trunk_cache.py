"""Measures what a trunk cache saves: fine-tuning a face network with and without one.

The steps of both ways take turns in one process on batches of noise; what a training or a matrix of
four rows takes is computed from them within each round. Ratios are medians over the rounds.

    python experiments/benchmarks/trunk_cache.py --rounds 5
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np

from occbench.core.console import table
from occbench.models.backend import load_keras
from occbench.models.trunk import Cut, cut
from occbench.training.feature_store import FeatureStore, View
from occbench.training.network import compile_as, compiled_network
from occbench.training.recipe import Recipe

STEP, PASS = "step of the network", "pass of the network"
TRUNK = "pass of the trunk"
TAIL_STEP, TAIL_PASS = "step of the tail", "pass of the tail"
READ = "features read from the store"
ALL_STEP = "step of a tail on all pixels"
TRUNK_TWICE, TRUNK_CALLED = "pass of the trunk, twice the batch", "pass of the trunk, predict()"

# A fifth of all faces that are not tested, and about what FER2013 has in its PrivateTest.
_VAL, _TEST = 0.25, 0.125

Times = Mapping[str, float]


def make_recipe(backbone: str, size: int, batch: int) -> Recipe:
    """Fine-tuning as in the AffectNet study, without augmentation and with random weights."""
    return Recipe.from_mapping(
        {
            "backbone": backbone,
            "size": size,
            "channels": 3,
            "weights": "none",
            "head": [1024],
            "trainable": "conv5",
            "class_weights": "none",
            "batch_size": batch,
            "cache_trunk": True,
        }
    )


def make_ways(recipe: Recipe, folder: Path) -> tuple[dict[str, Callable[[], Any]], Cut]:
    """Every piece of work on a batch."""
    keras = load_keras()
    network = compiled_network(recipe, 8)
    for variable in network.variables:
        # So that the random network's activations stay within 16 bits.
        if variable.path.endswith("moving_variance"):
            variable.assign(np.full(variable.shape, 4.0))
    parts = cut(network)
    place = network.get_layer(parts.place).output
    on_all = keras.Model(place, network.output)
    for tail in (parts.tail, on_all):
        compile_as(tail, network.optimizer, recipe)
    rng = np.random.default_rng(0)
    count = recipe.batch_size
    images = rng.integers(0, 256, (2 * count, recipe.size, recipe.size, 3), dtype=np.uint8)
    truth = np.eye(8, dtype=np.float32)[np.arange(count) % 8]
    batch = images[:count]
    features = parts.trunk.predict_on_batch(batch).astype(np.float16)
    whole = rng.uniform(0, 4, (count, *place.shape[1:])).astype(np.float32)
    store = FeatureStore(folder / "trunk", identity={}, shape=parts.shape, faces=512)
    with store.filling():
        for start in range(0, 512, count):
            store.append(View("normal"), np.arange(start, start + count), features)
    slots = rng.permutation(512)[:count]
    return {
        STEP: lambda: network.train_on_batch(batch, truth),
        PASS: lambda: network.predict_on_batch(batch),
        TRUNK: lambda: parts.trunk.predict_on_batch(batch),
        TRUNK_TWICE: lambda: parts.trunk.predict_on_batch(images),
        TRUNK_CALLED: lambda: parts.trunk.predict(batch, verbose=0),
        TAIL_STEP: lambda: parts.tail.train_on_batch(features, truth),
        ALL_STEP: lambda: on_all.train_on_batch(whole, truth),
        TAIL_PASS: lambda: parts.tail.predict_on_batch(features),
        READ: lambda: store.read(slots),
    }, parts


def measure(ways: Mapping[str, Callable[[], Any]], rounds: int, batch: int) -> list[Times]:
    """CPU milliseconds per face of each way in each round; the order turns."""
    for work in ways.values():
        work()
    found = []
    for number in range(rounds):
        times = {}
        for name in list(ways)[:: 1 if number % 2 == 0 else -1]:
            started = time.process_time()
            ways[name]()
            faces = batch * (2 if name == TRUNK_TWICE else 1)
            times[name] = (time.process_time() - started) * 1000 / faces
        found.append(times)
        click.echo(f"round {number + 1}, load {os.getloadavg()[0]:.1f}", err=True)
    return found


def training(times: Times, epochs: int, val: float) -> tuple[float, float]:
    """A training per training face, without and with a cache that is filled first.

    Args:
        times: of one round.
        epochs: how many.
        val: validation faces per training face.
    """
    without = epochs * (times[STEP] + val * times[PASS])
    tail = epochs * (times[TAIL_STEP] + times[READ] + val * (times[TAIL_PASS] + times[READ]))
    return without, (1 + val) * times[TRUNK] + tail


def matrix(times: Times, epochs: int, val: float, test: float) -> tuple[float, float]:
    """Four rows (normal, occluded, half and half, each face in both) and their tests.

    Each row is tested at its best and last epoch in both variants; the last row has twice as many
    training and validation images. One cache holds every face in both variants.
    """
    without, cached = (5 * each for each in training({**times, TRUNK: 0.0}, epochs, val))
    without += 4 * 4 * test * times[PASS]
    cached += 4 * 4 * test * (times[TAIL_PASS] + times[READ])
    return without, cached + 2 * (1 + val + test) * times[TRUNK]


def spread(values: list[float], form: str) -> str:
    """The median, and the least and the most."""
    return f"{median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


@click.command(context_settings={"show_default": True})
@click.option("--backbone", default="vggface-resnet50")
@click.option("--size", type=click.IntRange(32), default=224)
@click.option("--batch", type=click.IntRange(1, 64), default=32)
@click.option("--rounds", type=click.IntRange(1), default=5)
def main(backbone: str, size: int, batch: int, rounds: int) -> None:
    """Print CPU times per face and what they make of a training and of a matrix."""
    recipe = make_recipe(backbone, size, batch)
    print(f"{backbone}, {size} pixels, batch {batch}, {rounds} rounds")
    with tempfile.TemporaryDirectory() as room:
        ways, parts = make_ways(recipe, Path(room))
        found = measure(ways, rounds, batch)
    size_of_face = int(np.prod(parts.shape)) * 2
    print(f"stored: {parts.place} {parts.shape}, {size_of_face:,} bytes a face")
    rows = [[name, spread([times[name] for times in found], ".1f")] for name in ways]
    print(table(["", "CPU ms a face"], rows))
    ratios = []
    for epochs in (1, 2, 5, 10, 20, 50):
        one = [training(times, epochs, _VAL) for times in found]
        four = [matrix(times, epochs, _VAL, _TEST) for times in found]
        cells = [spread([a / b for a, b in pairs], ".2f") for pairs in (one, four)]
        ratios.append([epochs, *cells])
    print(f"without a cache / with, {_VAL} validation and {_TEST} test faces per training face")
    print(table(["epochs", "one training", "matrix of four rows"], ratios))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"load {os.getloadavg()[0]:.1f}, peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
