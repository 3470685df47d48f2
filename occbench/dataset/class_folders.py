"""Faces sorted into folders by class, perhaps below folders by partition."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from occbench.dataset.adapters.base import Problem
from occbench.dataset.found_faces import FoundFace, FoundFaces
from occbench.dataset.source_files import Listing, is_same, list_folder, natural, some_of
from occbench.errors import DataError

_PARTITIONS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "publictest": "val",
    "test": "test",
    "testing": "test",
    "privatetest": "test",
}


def partition_of(name: str) -> str | None:
    """The partition that a name such as ``Valid`` or ``PrivateTest`` stands for."""
    return _PARTITIONS.get(name.strip().lower())


def find_class_folders(source: Path, *, without: Path | None = None) -> FoundFaces:
    """The faces in ``<class>/`` or ``<partition>/<class>/`` below ``source``.

    The folder ``without``, such as one of landmarks, is passed over.

    Raises:
        DataError: there are no class folders, or no images in them.
    """
    top = list_folder(source)
    inside = {
        folder: list_folder(source, folder)
        for folder in top.folders
        if not is_same(source / folder, without)
    }
    found = _Collection(source)
    found.add_strays(top, "outside of a class folder")
    if any(partition_of(folder) and listing.folders for folder, listing in inside.items()):
        found.add_partitions(inside)
    else:
        for folder, listing in inside.items():
            found.add_class(listing, folder, "")
    if not found.faces:
        raise DataError(
            f"'{source}' has no class folders with images; it holds the folders "
            f"{some_of(top.folders)} and {len(top.images):,} images beside them. Expected "
            "<class>/*.jpg or <train|val|test>/<class>/*.jpg."
        )
    return found.as_faces()


@dataclass
class _Collection:
    """Faces while they are gathered."""

    source: Path
    faces: dict[str, FoundFace] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    empty: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def add_partitions(self, inside: dict[str, Listing]) -> None:
        for folder, listing in inside.items():
            partition = partition_of(folder)
            if partition is None:
                reason = "no partition; expected train, val or test, as its neighbours are"
                self.problems.append(Problem(folder, reason))
                continue
            self.add_strays(listing, "outside of a class folder")
            for below in listing.folders:
                self.add_class(list_folder(self.source, below), below, partition)

    def add_class(self, listing: Listing, folder: str, partition: str) -> None:
        label = PurePosixPath(folder).name
        self.labels.add(label)
        self.images.extend(listing.images)
        self.problems.extend(listing.problems)
        for below in listing.folders:
            reason = "a folder in a class folder; its content is not read"
            self.problems.append(Problem(below, reason))
        for image in listing.images:
            if image in listing.empty:
                self.empty[label] += 1
                self.problems.append(Problem(image, "empty (0 bytes), so it is left out"))
            else:
                self.faces[image] = FoundFace(image, label, partition)

    def add_strays(self, listing: Listing, where: str) -> None:
        self.problems.extend(listing.problems)
        self.problems.extend(Problem(image, f"an image {where}") for image in listing.images)

    def as_faces(self) -> FoundFaces:
        images = natural(self.images)
        labels = natural(self.labels)
        empty = {label: self.empty[label] for label in labels if self.empty[label]}
        return FoundFaces(
            tuple(self.faces[image] for image in images if image in self.faces),
            tuple(images),
            tuple(labels),
            {"empty file": empty} if empty else {},
            tuple(self.problems),
        )
