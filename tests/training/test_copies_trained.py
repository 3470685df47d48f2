"""A training with copies counts what it shows, and shows the other parts as they are."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from occbench.training.train import Wish
from tests.trainings import (
    COUNTS,
    PLAIN,
    TRAIN,
    VAL,
    fitting,
    folder_of,
    recipe,
    same_weights,
    train_in,
    without_times,
)

pytestmark = pytest.mark.tf

MANY = {"copies": ["mirror", "rotate(degrees=10)"], "balance": "augment"}


@pytest.mark.parametrize(
    ("changes", "images", "weights"),
    [
        # 54 faces in three classes of 24, 18 and 12, as they are and copied.
        ({"copies": ["mirror"]}, 2 * TRAIN, [54 / 72, 54 / 54, 54 / 36]),
        ({"balance": "augment"}, 3 * 24, [1, 1, 1]),
        (MANY, 3 * 3 * 24, [1, 1, 1]),
    ],
)
def test_counts_and_weights_are_of_the_images_shown(changes, images, weights, room):
    """In the facts of the run, with the steps that follow; validation has its own faces alone."""
    chosen = recipe(PLAIN, **changes)
    state = train_in(room, chosen, "mixed-unique")
    assert state.facts["train_images"] == images
    assert state.facts["steps_per_epoch"] == images // 18
    assert state.facts["val_images"] == VAL
    np.testing.assert_allclose(state.facts["class_weights"], weights, rtol=1e-6)
    job = fitting(room, chosen, "mixed-unique")
    assert len(job.val) == VAL == sum(COUNTS["val"])
    assert type(job.val).__name__ == "Shown"


@pytest.mark.parametrize("mode", ["occluded", "mixed-paired"])
def test_the_same_training_twice(mode, room, tmp_path):
    """Every mode takes copies; the same run has the same losses and weights each time."""
    chosen = recipe(PLAIN, epochs=2, **MANY)
    first = train_in(room, chosen, mode)
    path = folder_of(room, chosen, mode) / "last.weights.h5"
    kept = shutil.copyfile(path, tmp_path / "kept.h5")
    again = train_in(room, chosen, mode, Wish(force=True))
    assert without_times(again.epochs) == without_times(first.epochs)
    assert again.facts["train_images"] == (2 if mode == "mixed-paired" else 1) * 9 * 24
    assert same_weights(path, kept)
