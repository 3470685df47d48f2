"""The faces a run needs: pixels, occluders and the parts of a split, checked before training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from occbench.core.parallel import available_workers
from occbench.dataset.batch import Style
from occbench.dataset.manifest import Manifest
from occbench.dataset.occlude import workspace_job
from occbench.dataset.pixels import Pixels, open_pixels
from occbench.errors import DataError, StaleState
from occbench.occluders.base import NORMAL, make_occluder, parameters
from occbench.splits.split import Split
from occbench.training.copies import count_learned
from occbench.training.inputs import PaintNow, ReadPainted, Shower, Shown
from occbench.training.recipe import Recipe
from occbench.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Data:
    """A data set as one recipe sees it.

    Attributes:
        manifest: the data set.
        pixels: its faces in the recipe's size and channels.
        show: gives faces in a variant.
        cache: the workspace's cache, for what is computed from the faces.
    """

    manifest: Manifest
    pixels: Pixels
    show: Shower
    cache: Path

    def shown(self, table: pd.DataFrame) -> Shown:
        """The images of a table with the columns ``id`` and ``variant``.

        Raises:
            DataError: a face of the table cannot be decoded.
        """
        names = {name: number for number, name in enumerate(self.manifest.classes.names)}
        labels = self.manifest.faces.set_index("id")["label"].map(names)
        ids: list[str] = table["id"].tolist()
        return Shown(
            ids,
            self.pixels.rows_of(ids),
            table["variant"].tolist(),
            labels.loc[ids].to_numpy().astype(np.int64),
        )

    def check(self, shown: Shown) -> None:
        """Looks for every covered face, so that no training ends at one that cannot be shown.

        Raises:
            DataError: a face cannot be covered, or was not painted; it is named.
        """
        for row, face_id, variant in zip(
            shown.rows.tolist(), shown.ids, shown.variants, strict=True
        ):
            if variant == NORMAL:
                continue
            if isinstance(self.show, ReadPainted):
                self.show.path(face_id, variant)
            else:
                self.show(row, face_id, variant)


def open_data(
    workspace: Workspace,
    manifest: Manifest,
    recipe: Recipe,
    variants: Mapping[str, Mapping[str, object]],
    *,
    painted: bool = False,
) -> Data:
    """The data set in the recipe's size; decodes what is not in the cache yet.

    Args:
        workspace: where the data set is.
        manifest: the data set.
        recipe: gives size and channels.
        variants: occluder specs with all their parameters, as a split's record has them.
        painted: read what ``occbench occlude`` painted instead of painting now.

    Raises:
        StaleState: an occluder's spec means something else than when the split was built.
        DataError: the images or the painted images are missing.
    """
    occluders = {spec: make_occluder(spec) for spec in variants}
    for spec, recorded in variants.items():
        # Through JSON, as the record went, which knows no tuples.
        now = json.loads(json.dumps(parameters(occluders[spec])))
        if recorded and now != json.loads(json.dumps(recorded)):
            raise StaleState(
                f"'{spec}' means something else in this version than when the split was built. "
                "Run 'occbench build-splits' again."
            )
    pixels = open_pixels(
        manifest,
        workspace.data_root(manifest.name),
        workspace.cache(),
        size=recipe.size,
        channels=recipe.channels,
        workers=available_workers(),
    )
    show: Shower = PaintNow(pixels, occluders)
    if painted:
        folders = painted_folders(workspace, manifest.name, variants)
        show = ReadPainted(folders, Style().ending, recipe.size, recipe.channels)
    return Data(manifest, pixels, show, workspace.cache())


def painted_folders(workspace: Workspace, name: str, variants: Iterable[str]) -> dict[str, Path]:
    """Where ``occbench occlude`` puts the PNGs of each variant.

    Raises:
        DataError: a variant has not been painted.
    """
    folders = {}
    for spec in variants:
        folders[spec] = workspace_job(workspace, name, make_occluder(spec), Style())[1]
        if not (folders[spec] / "job.json").is_file():
            raise DataError(
                f"'{folders[spec]}' has no painted images. Run 'occbench occlude {name} "
                f'--occluder "{spec}"\' first, or train without --images painted.'
            )
    return folders


def count_images(recipe: Recipe, split: Split, manifest: Manifest) -> int:
    """How many images a recipe shows in an epoch on the train part of a split, copies included."""
    labels = manifest.faces.set_index("id")["label"]
    counts = labels.loc[split.parts["train"]["id"]].value_counts()
    return count_learned(recipe, counts.tolist())


def check_fit(recipe: Recipe, split: Split, manifest: Manifest) -> None:
    """Refuses a recipe that a split cannot feed, before anything heavy is loaded.

    Raises:
        DataError: no validation faces, or fewer images than a batch.
    """
    images = count_images(recipe, split, manifest)
    if images < recipe.batch_size:
        raise DataError(
            f"The recipe's batch_size = {recipe.batch_size} is larger than the {images} training "
            f"images of the split '{split.folder}'."
        )
    if split.parts["val"].empty:
        raise DataError(
            f"The split '{split.folder}' has no validation faces, which choose the best epoch. "
            "Build it with another --val-fraction."
        )
    labels = manifest.faces.set_index("id")["label"]
    for part in ("train", "val"):
        present = set(labels.loc[split.parts[part]["id"]])
        missing = [name for name in manifest.classes.names if name not in present]
        if missing:
            raise DataError(
                f"The class '{missing[0]}' has no face in the {part} part of '{split.folder}'."
            )
