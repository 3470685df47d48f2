"""Measures what occbench's batches cost a training, and its matrix an evaluation.

The same network takes turns on arrays held in memory through a bare ``keras.Model.fit``, and on
occbench's batches, mapped from disk and painted on the way. Both have the same augmentation,
labels and weights. Ratios are medians of the ratios within a round.

    python experiments/benchmarks/train_epochs.py --rounds 5
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import click
import numpy as np

from occbench.core.console import table
from occbench.dataset.drawing import EXPRESSIONS, draw_face
from occbench.dataset.pixels import Pixels
from occbench.occluders.base import NORMAL, make_occluder
from occbench.training.batches import Faces, TrainingBatches, logits
from occbench.training.inputs import PaintNow, Shown, epoch_order
from occbench.training.network import compiled_network, reseed
from occbench.training.recipe import Recipe

_DISTINCT = 256


def make_faces(folder: Path, count: int, size: int) -> Pixels:
    """Drawn faces as a mapped stack of grey squares, each repeated to make up the number."""
    drawn = [
        draw_face(identity=n // 8, expression=EXPRESSIONS[n % 8], index=n, seed=0, size=size)
        for n in range(_DISTINCT)
    ]
    grey = np.stack([face.image.mean(axis=2).round().astype(np.uint8) for face in drawn])
    rows = np.arange(count) % _DISTINCT
    np.save(folder / "pixels.npy", grey[rows])
    landmarks = np.stack([face.landmarks for face in drawn]).astype(np.float64)[rows]
    images = np.load(folder / "pixels.npy", mmap_mode="r")
    return Pixels(images, landmarks, {f"face-{n}": n for n in range(count)}, {})


def shown_as(count: int, variant: str, *, every: int = 1) -> Shown:
    """All faces; every ``every``-th is shown in the variant, the others are normal."""
    variants = [variant if n % every == 0 else NORMAL for n in range(count)]
    ids = [f"face-{n}" for n in range(count)]
    return Shown(ids, np.arange(count), variants, np.arange(count, dtype=np.int64) % 8)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Wall and CPU seconds of a piece of work, all threads included."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def training_ways(recipe: Recipe, pixels: Pixels, count: int) -> dict[str, Callable[[], Any]]:
    """One epoch of training in each way."""
    model = compiled_network(recipe, 8, steps=10_000)
    weights = np.ones(8, np.float32)
    show = PaintNow(pixels, {"headset": make_occluder("headset")})
    order = epoch_order(count, 0, 1)
    images = np.array(pixels.images)[order][..., None]
    truth = np.eye(8, dtype=np.float32)[np.arange(count) % 8][order]
    sample = np.ones(count, np.float32)

    def bare() -> None:
        model.fit(
            images,
            truth,
            sample_weight=sample,
            batch_size=recipe.batch_size,
            shuffle=False,
            verbose=0,
        )

    def ours(shown: Shown) -> Callable[[], Any]:
        def run() -> None:
            reseed(model, 0, 1)
            batches = TrainingBatches(
                Faces(shown, pixels, show),
                batch_size=recipe.batch_size,
                order=order,
                weights=weights,
            )
            model.fit(batches, shuffle=False, verbose=0)

        return run

    return {
        "bare fit": bare,
        "normal": ours(shown_as(count, NORMAL)),
        "half occluded": ours(shown_as(count, "headset", every=2)),
        "occluded": ours(shown_as(count, "headset")),
    }


def testing_ways(recipe: Recipe, pixels: Pixels, count: int) -> dict[str, Callable[[], Any]]:
    """The two passes over arrays in memory, and those that fill all columns of a matrix row."""
    model = compiled_network(recipe, 8, steps=1)
    show = PaintNow(pixels, {"headset": make_occluder("headset")})
    covered = shown_as(count, "headset")
    places = np.arange(count)
    painted = covered.cut(pixels, show, places)
    images = np.array(pixels.images)[..., None]

    def bare() -> None:
        for some in (images, painted):
            model.predict(some, batch_size=256, verbose=0)

    def ours() -> None:
        for shown in (shown_as(count, NORMAL), covered):
            logits(model, Faces(shown, pixels, show))

    return {"bare passes": bare, "matrix row": ours}


def compare(ways: dict[str, Callable[[], Any]], rounds: int, images: int) -> str:
    """A table: milliseconds per image of each way, and its ratio to the first."""
    for work in ways.values():
        work()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(rounds):
        names = list(ways)[:: 1 if number % 2 == 0 else -1]
        for name in names:
            found[name].append(timed(ways[name]))
    base = found[next(iter(ways))]
    rows = []
    for name, times in found.items():
        cells = [name]
        for kind in (0, 1):
            each = median(one[kind] for one in times) * 1000 / images
            ratios = [mine[kind] / its[kind] for mine, its in zip(times, base, strict=True)]
            low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
            cells += [f"{each:.3f}", f"{median(ratios):.2f} ({low:.2f}-{high:.2f})"]
        rows.append(cells)
    return table(["", "wall ms", "wall ratio", "CPU ms", "CPU ratio"], rows)


@click.command(context_settings={"show_default": True})
@click.option("--recipe", default="small-48")
@click.option("--faces", type=click.IntRange(512), default=6_000)
@click.option("--rounds", type=click.IntRange(1), default=5)
def main(recipe: str, faces: int, rounds: int) -> None:
    """Print milliseconds and ratios of training and testing."""
    chosen = Recipe.load(recipe)
    print(f"{recipe}, {faces} faces, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as room:
        pixels = make_faces(Path(room), faces, chosen.size)
        print(compare(training_ways(chosen, pixels, faces), rounds, faces))
        print(compare(testing_ways(chosen, pixels, faces), rounds, 2 * faces))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"load {os.getloadavg()[0]:.1f}, peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
