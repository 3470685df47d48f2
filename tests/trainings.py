"""A tiny workspace that networks are trained in within seconds, and what a run leaves there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from occbench.dataset.manifest import Manifest, read_digest
from occbench.occluders.base import make_occluder
from occbench.splits.build import build_split
from occbench.splits.find import find_split
from occbench.splits.modes import MODES
from occbench.splits.split import Split
from occbench.training.copies import learned
from occbench.training.data import Data, open_data
from occbench.training.recipe import Recipe
from occbench.training.run import Run, State
from occbench.training.train import Wish, train
from occbench.workspace import Workspace
from tests.makers import CLASSES, SIDE, make_manifest, make_workspace, picture

if TYPE_CHECKING:
    from occbench.training.fit import Fitting

# Faces per class angry, happy, sad in each partition; classes of unequal size have weights.
COUNTS = {"train": (24, 18, 12), "val": (4, 5, 6), "test": (7, 6, 5)}
TRAIN, VAL, TEST = (sum(counts) for counts in COUNTS.values())
NAME = "small"

# Random layers, batch normalisation, momentum and a schedule: all that a resumed run must bring
# back.
TINY: Mapping[str, Any] = {
    "backbone": "resnet9(width=1)",
    "size": 16,
    "channels": 1,
    "augment": ["flip", "shift(fraction=0.1)"],
    "dropout": 0.2,
    "label_smoothing": 0.1,
    "optimizer": "adamw",
    "learning_rate": 0.01,
    "schedule": "cosine",
    "batch_size": 16,
    "epochs": 3,
}

# Three convolutions and nothing random: what it does can be computed again outside.
PLAIN: Mapping[str, Any] = {
    "backbone": "convnet-chollet",
    "size": 18,
    "channels": 1,
    "batch_size": 18,
    "epochs": 1,
}


def recipe(like: Mapping[str, Any] = TINY, **changes: Any) -> Recipe:
    """A recipe that trains in no time; ``TINY`` with changes if nothing else is said."""
    return Recipe.from_mapping({**like, **changes})


def make_training_workspace(folder: Path, *, modes: Sequence[str] = MODES) -> Workspace:
    """Faces of three classes that differ in brightness, with their splits.

    The last test face of each class has no landmarks and stands in no split.
    """
    labels, parts = [], []
    for part, counts in COUNTS.items():
        extra = int(part == "test")
        for label, count in zip(CLASSES, counts, strict=True):
            labels += [label] * (count + extra)
            parts += [part] * (count + extra)
    last = [
        row
        for row, label in enumerate(labels)
        if parts[row] == "test" and label not in labels[row + 1 :]
    ]
    manifest = make_manifest(labels, partitions=parts, without=last, name=NAME)
    workspace = make_workspace(folder, manifest, _pictures(manifest))
    for mode in modes:
        split_of(workspace, mode)
    return workspace


def split_of(workspace: Workspace, mode: str) -> Split:
    """The split of a mode, built if it is not there."""
    path = workspace.manifest(NAME)
    manifest = Manifest.read(path)
    if not list(workspace.splits().glob(f"{mode}-*")):
        split = build_split(
            manifest,
            mode=mode,
            occluder=make_occluder("headset"),
            manifest_digest=read_digest(path),
        )
        split.write(workspace.splits())
    return find_split(workspace, manifest, mode)


def run_of(workspace: Workspace, chosen: Recipe, mode: str = "normal") -> Run:
    """The run of a recipe on the split of a mode."""
    return Run.of(chosen, split_of(workspace, mode))


def folder_of(workspace: Workspace, chosen: Recipe, mode: str = "normal") -> Path:
    """Where that run lies."""
    return workspace.run(run_of(workspace, chosen, mode).id)


def train_in(
    workspace: Workspace, chosen: Recipe, mode: str = "normal", wish: Wish | None = None
) -> State:
    """Trains a recipe on the split of a mode, as the command does."""
    manifest = Manifest.read(workspace.manifest(NAME))
    return train(
        workspace, manifest, split_of(workspace, mode), run_of(workspace, chosen, mode), wish
    )


def data_for(workspace: Workspace, chosen: Recipe, *, painted: bool = False) -> Data:
    """The faces as a recipe sees them, normal and with the headset."""
    variants = split_of(workspace, "occluded").record["variants"]
    manifest = Manifest.read(workspace.manifest(NAME))
    return open_data(workspace, manifest, chosen, variants, painted=painted)


def fitting(workspace: Workspace, chosen: Recipe, mode: str = "normal", **how: Any) -> Fitting:
    """A training that is about to begin, or to go on, for ``fit``."""
    from occbench.training.fit import Fitting

    run, split = run_of(workspace, chosen, mode), split_of(workspace, mode)
    data, folder = data_for(workspace, chosen), workspace.run(run.id)
    run.write(folder)
    train_part, val_part = (data.shown(split.parts[part]) for part in ("train", "val"))
    return Fitting(run, data, learned(train_part, chosen), val_part, folder, **how)


def array(tensor: Any) -> np.ndarray:
    """A tensor or a variable of Keras as NumPy has it."""
    from occbench.models.backend import load_keras

    return np.asarray(load_keras().ops.convert_to_numpy(tensor))


def weights_in(path: Path) -> dict[str, np.ndarray]:
    """Every array of a weights file by its place there, read without Keras."""
    import h5py

    found: dict[str, np.ndarray] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    assert found
    return found


def same_weights(one: Path, other: Path) -> bool:
    """Whether two weights files hold the same bits."""
    first, second = weights_in(one), weights_in(other)
    return first.keys() == second.keys() and all(
        first[name].tobytes() == second[name].tobytes() for name in first
    )


def without_times(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a history without what differs from one day to the next."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def _pictures(manifest: Manifest) -> dict[str, np.ndarray]:
    lift = dict(zip(CLASSES, (-30, 0, 30), strict=True))
    return {
        face: (picture(row, side=SIDE).astype(int) + lift[label]).clip(1, 255).astype(np.uint8)
        for row, (face, label) in enumerate(
            zip(manifest.faces["id"], manifest.faces["label"], strict=True)
        )
    }
