"""The run that is explained, with its data set and its split; nothing here loads Keras."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from occbench.core.digest import file_digest
from occbench.dataset.manifest import Manifest, read_digest
from occbench.errors import DataError, UnknownName
from occbench.occluders.base import NORMAL, make_occluder, variant_name
from occbench.splits.split import Split
from occbench.training.recipe import Recipe
from occbench.training.run import State, read_recipe
from occbench.workspace import Workspace

SELECTION = "best"
"""The epoch that is explained: the one that the recipe's rule has chosen by validation."""

OCCLUDED = "occluded"
_HEADSET = "headset"


@dataclass(frozen=True, eq=False)
class Subject:
    """An ended run and what it was trained on.

    Attributes:
        run: its id.
        folder: where it lies.
        recipe: of its training.
        epoch: whose weights are explained, from 1.
        classes: names in the order of its outputs.
        manifest: the data set.
        split: of its training.
    """

    run: str
    folder: Path
    recipe: Recipe
    epoch: int
    classes: tuple[str, ...]
    manifest: Manifest
    split: Split

    @property
    def weights(self) -> Path:
        """The file with the weights of the epoch."""
        return self.folder / f"{SELECTION}.weights.h5"

    def weights_digest(self) -> str:
        """Changes when the run is trained anew."""
        return f"sha256:{file_digest(self.weights)}"

    def variant(self, text: str) -> str:
        """How faces are shown: ``normal``, ``occluded`` as the split has it, or an occluder's spec.

        A split without occluded faces stands for the plain ``headset``.

        Raises:
            SpecError, UnknownName: the spec cannot be read, or there is no such occluder.
        """
        if text == NORMAL:
            return NORMAL
        if text == OCCLUDED:
            return next(iter(self.split.record["variants"]), _HEADSET)
        return variant_name(make_occluder(text))


def find_subject(workspace: Workspace, run_id: str) -> Subject:
    """The run of an id, checked.

    Raises:
        UnknownName: there is no such run.
        DataError: it has not ended, has lost its weights, or its split or data set is gone.
        StaleState: the data set has changed since the split was built.
    """
    if run_id not in workspace.run_ids():
        raise UnknownName("run", run_id, workspace.run_ids())
    folder = workspace.run(run_id)
    state, recipe = State.read(folder), read_recipe(folder)
    if not state.ended:
        raise DataError(
            f"The run '{run_id}' has not ended, so there is no epoch to explain. Train it to its "
            "end first."
        )
    if not (folder / f"{SELECTION}.weights.h5").is_file():
        raise DataError(f"The run '{run_id}' has lost its weights; train it anew.")
    manifest, split = _learnt_from(workspace, folder)
    classes = tuple(state.facts.get("classes") or manifest.classes.names)
    epoch = state.epoch_of(SELECTION)
    return Subject(run_id, folder, recipe, epoch, classes, manifest, split)


def _learnt_from(workspace: Workspace, folder: Path) -> tuple[Manifest, Split]:
    try:
        name = str(json.loads((folder / "run.json").read_text(encoding="utf-8"))["split"])
        record = workspace.splits() / name / "split.json"
        data_set = str(json.loads(record.read_text(encoding="utf-8"))["data_set"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"The split of the run '{folder.name}' is gone, so its validation faces are not known. "
            "Run 'occbench build-splits' as before to have it again."
        ) from error
    path = workspace.manifest(data_set)
    manifest = Manifest.read(path)
    return manifest, Split.read(record.parent, manifest, read_digest(path))
