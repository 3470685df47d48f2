"""Faces as a split shows them, cut from mapped pixels and painted on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from occbench.core.digest import digest_int
from occbench.dataset.batch import cover
from occbench.dataset.faces import read_file_image
from occbench.dataset.pixels import Pixels, fitted
from occbench.errors import DataError
from occbench.occluders.base import NORMAL, Occluder
from occbench.occluders.paint import Image


class Shower(Protocol):
    """Gives a face in a variant other than normal."""

    def __call__(self, row: int, face_id: str, variant: str) -> Image:
        """The picture of the face in ``row`` of the pixels."""
        ...


@dataclass(frozen=True)
class PaintNow:
    """Covers faces from their landmarks with the one painter."""

    pixels: Pixels
    occluders: Mapping[str, Occluder]

    def __call__(self, row: int, face_id: str, variant: str) -> Image:
        """See ``Shower``."""
        return cover(self.pixels.face(row), face_id, self.occluders[variant])


@dataclass(frozen=True)
class ReadPainted:
    """Reads what ``occbench occlude`` has painted.

    Attributes:
        folders: of each variant.
        ending: what is added to a face's stem.
        size: side in pixels.
        channels: 1 or 3.
    """

    folders: Mapping[str, Path]
    ending: str
    size: int
    channels: int

    def path(self, face_id: str, variant: str) -> Path:
        """The file of a face.

        Raises:
            DataError: it was not painted.
        """
        path = self.folders[variant] / "images" / f"{face_id}{self.ending}"
        if not path.is_file():
            raise DataError(
                f"'{path}' is missing. Run 'occbench occlude' to the end, or train without "
                "--images painted."
            )
        return path

    def __call__(self, row: int, face_id: str, variant: str) -> Image:  # noqa: ARG002
        """See ``Shower``; a face that was not painted is a ``DataError``."""
        path = self.path(face_id, variant)
        return fitted(read_file_image(str(path))[0], self.size, self.channels)[0]


@dataclass(frozen=True, eq=False)
class Shown:
    """Faces as they are shown: what the rows of a split's part say, ready to be cut.

    Attributes:
        ids: of each image.
        rows: of each image in the pixels.
        variants: of each image.
        labels: int64, the class number of each image.
    """

    ids: Sequence[str]
    rows: NDArray[np.intp]
    variants: Sequence[str]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def altered(self) -> bool:
        """Whether an image is more than a copy of its pixels."""
        return any(variant != NORMAL for variant in self.variants)

    def cut(self, pixels: Pixels, show: Shower, places: NDArray[np.intp]) -> NDArray[np.uint8]:
        """The images at some places, uint8 ``(n, size, size, channels)``."""
        batch = pixels.images[self.rows[places]]
        for number, place in enumerate(places.tolist()):
            variant = self.variants[place]
            if variant != NORMAL:
                batch[number] = show(int(self.rows[place]), self.ids[place], variant)
        return batch if batch.ndim == 4 else batch[..., None]


def epoch_order(count: int, seed: int, epoch: int) -> NDArray[np.intp]:
    """The order of the images in one epoch, drawn by seed and epoch and nothing else."""
    generator = np.random.Generator(np.random.Philox(digest_int(seed, "order", epoch)))
    return generator.permutation(count)


def class_weights(labels: NDArray[np.int64], classes: int, kind: str) -> NDArray[np.float32]:
    """The weight of each class in the loss, float32 ``(classes,)``.

    ``balanced`` is N / (K n_k), 1 on average over the images (King and Zeng 2001, and
    scikit-learn's ``compute_class_weight``); ``inverse-sum-1`` is 1 / n_k over its sum
    (LeanderWernst/facial-expression-recognition); ``none`` is 1.

    Raises:
        DataError: a class has no image.
    """
    counts = np.bincount(labels, minlength=classes).astype(np.float64)
    if kind == "none":
        return np.ones(classes, np.float32)
    if not counts.all():
        raise DataError(f"Class {int(counts.argmin())} has no image in train, so it has no weight.")
    weights = len(labels) / (classes * counts)
    return (weights / weights.sum() if kind == "inverse-sum-1" else weights).astype(np.float32)
