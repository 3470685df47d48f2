"""Any faces in a folder: class folders, perhaps by partition, or images and a table of labels.

``<class>/*.jpg``, ``<train|val|test>/<class>/*.jpg`` or ``*.jpg`` with ``--labels``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from occbench.dataset.adapters.base import Option, Problem, Scan
from occbench.dataset.bulk_reading import CollectedLandmarks, collect_landmarks
from occbench.dataset.class_folders import find_class_folders
from occbench.dataset.found_faces import FoundFaces, face_table
from occbench.dataset.label_table import read_label_table
from occbench.dataset.labels import ClassSet
from occbench.dataset.landmark_source import LandmarkFolder, LandmarkSource, open_landmarks
from occbench.dataset.manifest import Manifest
from occbench.dataset.source_files import reason_of, some_of, sorted_problems, source_folder
from occbench.errors import DataError

SUMMARY = "A folder of images: class folders, with or without partitions, or a table of labels"
EXAMPLE = "occbench scan folder ~/data/faces --landmarks ~/data/faces_landmarks.npz"
NEEDS_SOURCE = True
OPTIONS = (
    Option("labels", Path, None, "A CSV file: image, label and perhaps partition, group, id."),
    Option("landmarks", Path, None, "A folder or a stack; without it, files beside the images."),
    Option("classes", str, None, "The classes in order, as in 'angry,happy,sad'."),
)


def scan(
    source: Path | None,
    *,
    name: str,
    room: Path,  # noqa: ARG001 - images stay where they are
    workers: int,
    labels: Path | None = None,
    landmarks: Path | None = None,
    classes: str | None = None,
) -> Scan:
    """Reads a folder of images; see ``base.Adapter``.

    Raises:
        DataError: there are no images of at least two classes, or a table, the landmarks or
            the names of the classes do not fit them.
    """
    folder = source_folder(source)
    if labels is None:
        found = find_class_folders(folder, without=landmarks)
    else:
        found = read_label_table(labels, folder, without=landmarks)
    class_set = _class_set(folder, found, classes)
    points, problems, warnings = _landmarks(folder, found, landmarks, workers)
    facts = {
        "adapter": "folder",
        "options": {
            "labels": labels.name if labels else None,
            "landmarks": landmarks.name if landmarks else None,
            "classes": list(class_set.names) if classes else None,
        },
        "left_out": found.left_out,
    }
    table = face_table(found.faces, found.images)
    return Scan(
        Manifest(name, class_set, table, points, "files", facts),
        folder,
        sorted_problems(found.problems, problems),
        warnings,
    )


def _class_set(folder: Path, found: FoundFaces, wanted: str | None) -> ClassSet:
    """The classes in the order asked for, or in natural order.

    Raises:
        DataError: one class or a class without faces, or other names than were asked for.
    """
    filled = {face.label for face in found.faces}
    empty = [label for label in found.labels if label not in filled]
    if empty:
        raise DataError(
            f"'{folder}' has no usable image of {some_of(empty)}, only of "
            f"{some_of([label for label in found.labels if label in filled])}. Add images, or "
            "remove the class."
        )
    if len(filled) < 2:
        raise DataError(
            f"'{folder}' has the single class {some_of(found.labels)} with {len(found.faces):,} "
            "images; expected two classes or more."
        )
    if wanted is None:
        return ClassSet(found.labels)
    names = tuple(name.strip() for name in wanted.split(","))
    if sorted(names) != sorted(found.labels):
        raise DataError(
            f"--classes names {some_of(names)}, but '{folder}' has {some_of(found.labels)}; "
            "name each of these once."
        )
    return ClassSet(names)


def _landmarks(
    folder: Path, found: FoundFaces, path: Path | None, workers: int
) -> tuple[NDArray[np.float32], Sequence[Problem], tuple[str, ...]]:
    """Landmarks ``(N, 68, 2)``, the faces whose cannot be used, and warnings."""
    landmarks = open_landmarks(path or folder, found.images)
    images = [face.image for face in found.faces]
    collected = collect_landmarks(landmarks.read, images, workers=workers, label="landmarks")
    if _has_none(landmarks, images, collected):
        where = f"in '{path.name}'" if path else "beside the images"
        text = f"There are no landmarks {where}, so no face can be occluded; see --landmarks."
        return collected.points, (), (text,)
    problems = [
        Problem(images[row], reason_of(error, images[row], folder))
        for row, error in collected.failures
    ]
    return collected.points, problems, ()


def _has_none(
    landmarks: LandmarkSource, images: Sequence[str], collected: CollectedLandmarks
) -> bool:
    """Whether no image has landmarks at all, as opposed to some that cannot be used."""
    if len(collected.failures) < len(images):
        return False
    if isinstance(landmarks, LandmarkFolder):
        return all(landmarks.path(image) is None for image in images)
    return True
