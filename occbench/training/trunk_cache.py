"""What the frozen part of a network gives for each face, computed once and trained on ever after.

One store in the workspace's cache serves every run whose frozen part, pixels and augmentation are
the same: all rows of a matrix, with their validation and test faces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.core.console import Bar, bar, note
from occbench.core.digest import digest_int, file_digest, short_digest
from occbench.models.backend import load_keras, versions
from occbench.models.base import resolve_backbone
from occbench.models.trunk import Cut, cut
from occbench.occluders.base import NORMAL, parameters
from occbench.training.batches import at_once
from occbench.training.data import Data
from occbench.training.feature_store import FeatureStore, View, size_text
from occbench.training.inputs import PaintNow, ReadPainted, Shower, Shown
from occbench.training.recipe import Recipe

keras = load_keras()

# Raise it when augmentation, painting or the trunk compute something else than before.
SCHEMA = 1

# Faces that are augmented together: draws belong to a place in a block of the manifest's rows.
_BLOCK = 64


@dataclass(frozen=True, eq=False)
class Features:
    """Stored features of faces in their order, as batches take them.

    Attributes:
        store: where they lie.
        slots: of each face.
        labels: int64, the class number of each face.
        at_once: how many go through the tail at once outside training.
    """

    store: FeatureStore
    slots: NDArray[np.int64]
    labels: NDArray[np.int64]
    at_once: int

    def __len__(self) -> int:
        return len(self.slots)

    def cut(self, places: NDArray[np.intp]) -> NDArray[Any]:
        """The features at some places."""
        return self.store.read(self.slots[places])


@dataclass(frozen=True, eq=False)
class TrunkCache:
    """A network's trunk and the store of what it gives.

    Attributes:
        cut: the network in its parts.
        store: the features.
        data: the faces.
        recipe: gives seed and number of augmented copies.
    """

    cut: Cut
    store: FeatureStore
    data: Data
    recipe: Recipe

    @classmethod
    def open(cls, model: Any, data: Data, recipe: Recipe) -> TrunkCache:
        """The cache of a network that holds the weights it begins with, or later ones.

        Args:
            model: what is frozen in it must be frozen in the whole training.
            data: the faces.
            recipe: what the model was made by.

        Raises:
            DataError: the network cannot be cut.
        """
        parts = cut(model)
        identity = _identity(parts, data, recipe)
        folder = data.cache / f"trunk-{short_digest(identity)}"
        faces = len(data.manifest)
        store = FeatureStore(folder, identity=identity, shape=parts.shape, faces=faces)
        return cls(parts, store, data, recipe)

    def fill(self, *wanted: tuple[Shown, Sequence[int]]) -> None:
        """Computes what is not stored yet, as chunks that a kill cannot tear.

        Args:
            wanted: faces, and the copies that are shown of them: 0 is the face as it is.

        Raises:
            Busy: another process is filling the cache.
            DataError: a face cannot be shown, a value cannot be stored, or the disk is too full.
        """
        if not any(self._missing(shown, copies) for shown, copies in wanted):
            return
        with self.store.filling():
            todo: dict[tuple[View, str], NDArray[np.intp]] = {}
            for shown, copies in wanted:
                for work, rows in self._missing(shown, copies).items():
                    todo[work] = np.union1d(rows, todo.get(work, rows))
            count = sum(map(len, todo.values()))
            needed = self.store.check_room(count)
            note(
                f"trunk cache: {count:,} images to compute once, {size_text(needed)} in "
                f"'{self.store.folder}'"
            )
            with bar(total=count, label="frozen part", unit=" images") as moved:
                for (view, variant), rows in todo.items():
                    self._fill(view, variant, rows, moved)

    def features(self, shown: Shown, copy: int = 0) -> Features:
        """The stored features of faces, in their order."""
        slots = np.empty(len(shown), np.int64)
        variants = np.array(shown.variants)
        for variant in set(shown.variants):
            places = np.flatnonzero(variants == variant)
            slots[places] = self.store.slots(self._view(variant, copy), shown.rows[places])
        return Features(self.store, slots, shown.labels, self.at_once)

    def copy_of(self, epoch: int) -> int:
        """Which copy of a training face an epoch shows, from epoch 1 on."""
        copies = self.recipe.augment_copies
        return 1 + (epoch - 1) % copies if copies else 0

    @property
    def copies(self) -> tuple[int, ...]:
        """All copies of a training face that some epoch shows."""
        shown = min(self.recipe.augment_copies, self.recipe.epochs)
        return tuple(range(1, shown + 1)) or (0,)

    @property
    def at_once(self) -> int:
        """How many faces go through the trunk at once."""
        return at_once(self.recipe.size)

    def _view(self, variant: str, copy: int) -> View:
        text = shown_as(self.data.show, variant)
        if copy:
            specs = [str(spec) for spec in self.recipe.augment]
            text += f" augmented {short_digest([specs, self.recipe.seed])}"
        return View(text, copy)

    def _missing(
        self, shown: Shown, copies: Sequence[int]
    ) -> dict[tuple[View, str], NDArray[np.intp]]:
        """Rows that are not stored, by how they are shown."""
        found, variants = {}, np.array(shown.variants)
        for variant in sorted(set(shown.variants)):
            rows = shown.rows[variants == variant]
            for copy in copies:
                view = self._view(variant, copy)
                missing = self.store.missing(view, rows)
                if len(missing):
                    found[view, variant] = missing
        return found

    def _fill(self, view: View, variant: str, rows: NDArray[np.intp], moved: Bar) -> None:
        """Computes and stores rows, which are sorted, in one view."""
        images = self._augmented(view, variant, rows) if view.copy else self._plain(variant, rows)
        for start in range(0, len(rows), self.at_once):
            some = rows[start : start + self.at_once]
            batch = np.stack([next(images) for _ in some])
            self.store.append(view, some, self._through_trunk(batch))
            moved.move(len(some))

    def _through_trunk(self, images: NDArray[Any]) -> NDArray[Any]:
        """Features of at most ``at_once`` images, computed as those of exactly so many.

        A batch of another size may be summed in another order: so filled up, a face has the same
        features whichever others are computed with it.
        """
        missing = self.at_once - len(images)
        whole = np.concatenate([images, np.repeat(images[-1:], missing, axis=0)])
        features = self.cut.trunk.predict_on_batch(whole)[: len(images)]
        return np.asarray(features, np.float32)

    def _plain(self, variant: str, rows: NDArray[np.intp]) -> Iterator[NDArray[Any]]:
        for start in range(0, len(rows), _BLOCK):
            images: NDArray[Any] = self._images(variant, rows[start : start + _BLOCK])
            if self.cut.augment is not None:
                images = _numpy(self.cut.augment(images, training=False))
            yield from images

    def _augmented(
        self, view: View, variant: str, rows: NDArray[np.intp]
    ) -> Iterator[NDArray[Any]]:
        """Augmented images; what is drawn depends on seed, copy and row and nothing else.

        Whole blocks of the manifest's rows are augmented, with black in place of faces that are
        not wanted, so that each row has its place in the block whoever else is there.
        """
        channels = self.recipe.channels
        for block in np.unique(rows // _BLOCK).tolist():
            some = rows[rows // _BLOCK == block]
            images = np.zeros((_BLOCK, *(self.recipe.size,) * 2, channels), np.uint8)
            images[some % _BLOCK] = self._images(variant, some)
            _reseed(self.cut.augment, self.recipe.seed, view.copy, block)
            drawn = self.cut.augment(images, training=True)  # type: ignore[misc]
            yield from _numpy(drawn)[some % _BLOCK]

    def _images(self, variant: str, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        ids = self.data.manifest.faces["id"].iloc[rows].tolist()
        shown = Shown(ids, rows, [variant] * len(rows), np.zeros(len(rows), np.int64))
        return shown.cut(self.data.pixels, self.data.show, np.arange(len(rows)))


def shown_as(show: Shower, variant: str) -> str:
    """A variant with what decides how it looks: the occluder's parameters, or its painted files."""
    if variant == NORMAL:
        return NORMAL
    if isinstance(show, PaintNow):
        return f"{variant} {short_digest(parameters(show.occluders[variant]))}"
    if isinstance(show, ReadPainted):
        return f"{variant} painted {short_digest(file_digest(show.folders[variant] / 'job.json'))}"
    raise TypeError(f"`show` must be a shower of this package. Received: show={show!r}")


def _identity(parts: Cut, data: Data, recipe: Recipe) -> dict[str, Any]:
    """All that decides the features of a face in a view.

    Augmentation and its seed belong to the view of an augmented copy, so that the faces as they
    are serve every seed.
    """
    _, given = resolve_backbone(recipe.backbone)
    planes = {"planes": list(map(str, recipe.planes))} if recipe.planes else {}
    return {
        "schema": SCHEMA,
        "pixels": data.pixels.identity,
        "size": recipe.size,
        "channels": recipe.channels,
        "preprocessing": recipe.preprocessing,
        **planes,
        "backbone": {"name": recipe.backbone.name, **given},
        "place": parts.place,
        "step": parts.step,
        "precision": recipe.precision,
        "weights": parts.digest(),
        "versions": versions(),
    }


def _reseed(model: Any, seed: int, copy: int, block: int) -> None:
    """Sets every random layer to a state drawn from seed, copy and block."""
    states = [v for v in model.variables if v.path.endswith("seed_generator_state")]
    for number, state in enumerate(states):
        drawn = digest_int(seed, "copies", copy, block, number)
        state.assign(np.array([drawn % 2**32, drawn >> 32], dtype=np.uint32))


def _numpy(tensor: Any) -> NDArray[Any]:
    return np.asarray(keras.ops.convert_to_numpy(tensor))
