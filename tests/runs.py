"""Recipes, histories and run folders as a training would leave them, made without one."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from occbench.dataset.manifest import Manifest
from occbench.training.predictions import Predictions, predictions_path
from occbench.training.recipe import Recipe
from occbench.training.run import FINISHED, Run, State
from tests.faces import face
from tests.makers import CLASSES, SIDE, make_manifest

BASE = {"backbone": "resnet9", "size": SIDE, "channels": 1, "batch_size": 6}

# Another value than the default for every key there is.
OTHER = {
    "backbone": "resnet9(width=16)",
    "size": 64,
    "channels": 3,
    "planes": ["luma", "sobel", "gamma(exponent=0.5)"],
    "preprocessing": "vggface2",
    "augment": ['flip(axis="horizontal")', 'rotate(fill="wrap", turns=0.25)'],
    "copies": ["mirror+shift(pixels=2)", "rotate(degrees=-10.0)"],
    "balance": "augment",
    "head": [256, 64],
    "dropout": 0.25,
    "trainable": "stage2",
    "weights": "normal-seed0-abc",
    "head_epochs": 2,
    "head_learning_rate": 0.25,
    "stage_rates": {"stage3": 0.5},
    "cache_trunk": True,
    "augment_copies": 3,
    "loss": "focal(gamma=1.5)",
    "label_smoothing": 0.1,
    "class_weights": "inverse-sum-1",
    "optimizer": "sgd(momentum=0.5, nesterov=False, weight_decay=0.125)",
    "learning_rate": 0.0625,
    "schedule": "cosine(start=0.5, warmup=0.25)",
    "batch_size": 8,
    "epochs": 7,
    "early_stopping": 3,
    "monitor": "val-accuracy",
    "select": "last",
    "precision": "mixed_bfloat16",
    "steps_per_execution": 4,
    "xla": True,
    "devices": 2,
    "seed": 11,
}

# A cache of the frozen part knows no copies, so these keys of ``OTHER`` exclude each other.
APART = (("cache_trunk", "augment_copies"), ("copies", "balance"))
TOGETHER = [{key: OTHER[key] for key in OTHER if key not in left_out} for left_out in APART]

# What a key of ``OTHER`` cannot be without.
WITH: Mapping[str, Mapping[str, object]] = {
    "preprocessing": {"channels": 3},
    "head_learning_rate": {"head_epochs": 1},
    "cache_trunk": {"trainable": "head"},
    "augment_copies": {"trainable": "head", "cache_trunk": True, "augment": ["flip"]},
}
# Alone, it would be refused beside the other value.
AT_FIRST: Mapping[str, Mapping[str, object]] = {"augment_copies": {"augment_copies": 1}}


def pair(key: str) -> tuple[Recipe, Recipe]:
    """Two recipes that differ in one key alone; the second has the value of ``OTHER``."""
    along = WITH.get(key, {})
    return make_recipe(**along, **AT_FIRST.get(key, {})), make_recipe(**along, **{key: OTHER[key]})


# Two faces of each class in val and in test, four in train.
LABELS = [CLASSES[row % 3] for row in range(24)]
PARTS = ["train"] * 12 + ["val"] * 6 + ["test"] * 6
TESTED = tuple(f"f{row}" for row in range(18, 24))


def make_recipe(**changes: object) -> Recipe:
    """A recipe for the tiny pictures of ``tests.makers``."""
    return Recipe.from_mapping({**BASE, **changes})


def epoch_row(epoch: int, **changes: float) -> dict[str, float]:
    """A row of the history that nobody would wonder at."""
    usual = {
        "epoch": epoch,
        "loss": 1.5,
        "accuracy": 0.5,
        "val_loss": 1.25,
        "val_accuracy": 0.5,
        "val_balanced_accuracy": 0.5,
        "learning_rate": 0.001,
        "seconds": 2.0,
    }
    return {**usual, **changes}


def varied(manifest: Manifest, seed: int = 0) -> Manifest:
    """The same faces, each with landmarks of its own inside a picture of ``SIDE`` pixels."""
    rng = np.random.default_rng(seed)
    places = [face(rng, width=(20, 28), centre=(20, 16), spread=2) for _ in range(len(manifest))]
    return replace(manifest, landmarks=np.array(places, np.float32))


def small_manifest(**changes: object) -> Manifest:
    """24 faces of three classes: f0 to f11 in train, to f17 in val, to f23 in test."""
    return make_manifest(LABELS, classes=CLASSES, partitions=PARTS, **changes)


def make_predictions(
    right: Collection[str],
    *,
    ids: Sequence[str] = TESTED,
    variant: str = "normal",
    selection: str = "best",
    epoch: int = 2,
) -> Predictions:
    """Scores for faces of ``small_manifest``; those that are wrong are taken for the next class."""
    labels = np.array([int(face_id[1:]) % 3 for face_id in ids], np.int64)
    scores = np.full((len(ids), 3), 0.125, np.float32)
    for row, face_id in enumerate(ids):
        scores[row, labels[row] if face_id in right else (labels[row] + 1) % 3] = 0.75
    return Predictions(tuple(ids), labels, scores, variant, selection, epoch)


def write_run(
    folder: Path, run: Run, scores: Mapping[tuple[str, str], Collection[str]] = {}
) -> State:
    """A folder of a run that ended after three epochs, the second the best.

    Args:
        folder: of the run.
        run: what decides it.
        scores: the test faces that are right, by selection and variant.
    """
    folder.mkdir(parents=True)
    run.write(folder)
    rows = tuple(epoch_row(epoch) for epoch in (1, 2, 3))
    state = State(FINISHED, rows, best=2, facts={"train_images": 12})
    state.write(folder)
    for (selection, variant), right in scores.items():
        made = make_predictions(
            right, variant=variant, selection=selection, epoch=state.epoch_of(selection)
        )
        path = predictions_path(folder, selection, variant)
        path.parent.mkdir(exist_ok=True)
        made.write(path)
    return state


def overwrite_unnoticed(path: Path, data: bytes) -> None:
    """Changes a file's bytes but neither its size nor its time."""
    status = path.stat()
    path.write_bytes(data[: status.st_size].ljust(status.st_size, b"\0"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
