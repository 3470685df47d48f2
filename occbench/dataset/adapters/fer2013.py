"""FER2013: 35,887 grey faces of 48 x 48 pixels, from the CSV, a ``.npz`` or class folders.

Goodfellow et al. 2013, "Challenges in Representation Learning". Training is the partition
train, PublicTest val and PrivateTest test. An id is the row in the file, counted from 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from occbench.dataset.adapters.base import Option, Scan
from occbench.dataset.fer2013_faces import Fer2013Faces, faces_of_file, faces_of_folders
from occbench.dataset.labels import FER2013, FERPLUS, ClassSet
from occbench.dataset.manifest import Manifest
from occbench.dataset.source_files import some_of, sorted_problems
from occbench.errors import DataError
from occbench.geometry.landmarks import usable

SUMMARY = "FER2013: fer2013.csv, icml_face_data.csv, fer2013.npz or class folders"
EXAMPLE = "occbench scan fer2013 ~/data/fer2013.csv --labels ferplus --votes fer2013new.csv"
NEEDS_SOURCE = True
OPTIONS = (
    Option("labels", str, "fer2013", "Whose labels to take.", ("fer2013", "ferplus")),
    Option("votes", Path, None, "The votes of FER+, fer2013new.csv; a .npz may hold them itself."),
    Option("landmarks", Path, None, "A stack of landmarks, row i for row i of the source."),
)

_FILES = ("fer2013.csv", "icml_face_data.csv", "fer2013.npz")
# Faces of the whole data set (Goodfellow et al. 2013).
_PUBLISHED = {"train": 28709, "val": 3589, "test": 3589}


def scan(
    source: Path | None,
    *,
    name: str,
    room: Path,
    workers: int,
    labels: str = "fer2013",
    votes: Path | None = None,
    landmarks: Path | None = None,
) -> Scan:
    """Reads FER2013; see ``base.Adapter``.

    Raises:
        DataError: the source, the votes or the landmarks are not of the expected form.
    """
    ferplus = labels == "ferplus"
    if labels not in ("fer2013", "ferplus"):
        raise DataError(f"There are no labels '{labels}'; expected fer2013 or ferplus.")
    if votes is not None and not ferplus:
        raise DataError("--votes is given without --labels ferplus; add it or leave --votes out.")
    path = _find(source)
    if path.is_dir():
        _refuse_votes(path, ferplus)
        faces = faces_of_folders(path, landmarks=landmarks, workers=workers)
    else:
        faces = faces_of_file(path, room, ferplus=ferplus, votes=votes, landmarks=landmarks)
    classes = FERPLUS if ferplus else FER2013
    without = _without_landmarks(faces, classes)
    options = {"labels": labels, "votes": _name(votes), "landmarks": _name(landmarks)}
    facts = {
        "adapter": "fer2013",
        "options": options,
        "left_out": faces.left_out,
        "without_landmarks": without,
    }
    warnings = (*_count_warnings(faces.partitions), *_landmark_warnings(without, len(faces.table)))
    return Scan(
        Manifest(name, classes, faces.table, faces.landmarks, faces.images, facts),
        faces.root,
        sorted_problems(faces.problems),
        warnings,
    )


def _find(source: Path | None) -> Path:
    """The file to read, or the folder of the class folders."""
    if source is None or not source.exists():
        raise DataError(f"'{source}' does not exist; expected fer2013.csv or its folder.")
    if not source.is_dir():
        return source
    files = [file for file in _FILES if (source / file).is_file()]
    if len(files) > 1:
        raise DataError(f"'{source}' holds {some_of(files)}; name the file to read.")
    return source / files[0] if files else source


def _refuse_votes(path: Path, ferplus: bool) -> None:
    if ferplus:
        raise DataError(
            f"'{path}' is a folder of images, which do not tell their rows, so the votes of FER+ "
            "cannot be matched. Name fer2013.csv or fer2013.npz."
        )


def _name(path: Path | None) -> str | None:
    return path.name if path else None


def _count_warnings(partitions: Sequence[str]) -> list[str]:
    counts = Counter(partitions)
    if counts == _PUBLISHED:
        return []
    found = ", ".join(f"{counts[name]:,} {name}" for name in _PUBLISHED)
    expected = ", ".join(f"{count:,} {name}" for name, count in _PUBLISHED.items())
    sentences = [f"The source has {found} faces; FER2013 has {expected}."]
    if counts[""]:
        sentences.append(f"{counts['']:,} are in no partition.")
    if not counts["val"] and counts["test"] == _PUBLISHED["val"] + _PUBLISHED["test"]:
        sentences.append("Its test folder holds PublicTest and PrivateTest together.")
    return [" ".join(sentences)]


def _without_landmarks(faces: Fer2013Faces, classes: ClassSet) -> dict[str, int]:
    """Faces without usable landmarks per class, in class order."""
    counts = Counter(faces.table["label"][~usable(faces.landmarks)])
    return {label: counts[label] for label in classes.names if counts[label]}


def _landmark_warnings(without: Mapping[str, int], total: int) -> list[str]:
    missing = sum(without.values())
    if not missing:
        return []
    if missing == total:
        return ["No face has usable landmarks, so none can be occluded; see --landmarks."]
    counts = ", ".join(f"{label} {count:,}" for label, count in without.items())
    return [f"{missing:,} of {total:,} faces have no usable landmarks: {counts}."]
