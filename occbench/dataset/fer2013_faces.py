"""The faces of FER2013 from either kind of source, as columns of a manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench.core.atomic import replacing
from occbench.core.digest import file_digest, short_digest
from occbench.dataset.adapters.base import Problem
from occbench.dataset.bulk_reading import collect_landmarks
from occbench.dataset.faces import PIXELS
from occbench.dataset.fer2013_files import BROKEN, Fer2013Rows, partition_of_usage, read_rows
from occbench.dataset.fer2013_folders import read_class_folders
from occbench.dataset.ferplus import REASONS, read_votes, winners
from occbench.dataset.found_faces import face_table
from occbench.dataset.labels import FER2013
from occbench.dataset.landmark_source import open_landmarks
from occbench.errors import DataError
from occbench.geometry.landmark_files import read_stack
from occbench.geometry.landmarks import POINTS, Landmarks68, usable

_NO_EMOTION = "unknown"


@dataclass(frozen=True, eq=False)
class Fer2013Faces:
    """The faces of a source; the columns' rows agree.

    Attributes:
        table: id, label, partition, group and image as text.
        landmarks: float32 ``(N, 68, 2)`` in pixels, NaN where a face has none.
        images: ``stack`` or ``files``, below ``root``.
        root: the folder of the images or of their stack.
        partitions: partitions of all faces of the source, those without a label included.
        left_out: faces left out by reason and class of FER2013.
        problems: what could not be taken.
    """

    table: pd.DataFrame
    landmarks: NDArray[np.float32]
    images: str
    root: Path
    partitions: Sequence[str]
    left_out: Mapping[str, Mapping[str, int]]
    problems: Sequence[Problem]


def faces_of_file(
    path: Path, room: Path, *, ferplus: bool, votes: Path | None, landmarks: Path | None
) -> Fer2013Faces:
    """The faces of ``fer2013.csv``, ``icml_face_data.csv`` or a ``.npz``.

    The pixels of all rows, zero in broken ones, go to a stack in ``room``, in a folder named by
    the digest of the file.

    Raises:
        DataError: no row can be used, or votes or landmarks do not fit the rows.
    """
    rows = read_rows(path)
    good = rows.emotions != BROKEN
    if not good.any():
        first = f"; {rows.problems[0].item}: {rows.problems[0].reason}" if rows.problems else ""
        raise DataError(f"'{path}' has {len(good):,} rows and none can be used{first}.")
    emotions = [
        FER2013.names[emotion] if emotion >= 0 else _NO_EMOTION for emotion in rows.emotions
    ]
    labels = winners(_find_votes(path, rows, votes)) if ferplus else emotions
    points, problems = _rows_of_landmarks(landmarks, len(good))
    kept = [row for row in np.flatnonzero(good).tolist() if labels[row] not in REASONS]
    ids = [f"{row:05d}" for row in kept]
    table = {
        "id": ids,
        "label": [labels[row] for row in kept],
        "partition": [rows.partitions[row] for row in kept],
        "group": ids,
        "image": [str(row) for row in kept],
    }
    return Fer2013Faces(
        pd.DataFrame(table, dtype=str),
        points[kept],
        "stack",
        _store(path, room, rows.pixels),
        [partition for partition in rows.partitions if partition],
        _left_out(emotions, labels),
        [*rows.problems, *problems],
    )


def faces_of_folders(source: Path, *, landmarks: Path | None, workers: int) -> Fer2013Faces:
    """The faces of class folders; they stay where they are.

    Raises:
        DataError: there are no class folders of emotions, or the landmarks are no stack.
    """
    found = read_class_folders(source)
    images = [face.image for face in found.faces]
    points = np.full((len(images), POINTS, 2), np.nan, np.float32)
    if landmarks is not None:
        read = open_landmarks(landmarks, found.images).read
        points = collect_landmarks(read, images, workers=workers, label="landmarks").points
    return Fer2013Faces(
        face_table(found.faces, found.images),
        points,
        "files",
        source,
        [face.partition for face in found.faces],
        found.left_out,
        found.problems,
    )


def _left_out(emotions: Sequence[str], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """Rows without a label by reason and class of FER2013; broken rows have no emotion."""
    pairs = list(zip(emotions, labels, strict=True))
    counts = {
        reason: _count(emotion for emotion, label in pairs if label == reason) for reason in REASONS
    }
    broken = emotions.count(_NO_EMOTION)
    counts["broken row"] = {_NO_EMOTION: broken} if broken else {}
    return {reason: classes for reason, classes in counts.items() if classes}


def _count(emotions: Iterable[str]) -> dict[str, int]:
    """Faces per class, in class order, without the classes that have none."""
    counts = Counter(emotions)
    return {name: counts[name] for name in FER2013.names if counts[name]}


def _find_votes(path: Path, rows: Fer2013Rows, votes: Path | None) -> NDArray[np.int64]:
    """The votes on each row, from the file of votes or else from the source."""
    if votes is None:
        if rows.votes is None:
            raise DataError(
                f"'{path}' has no votes of FER+; name fer2013new.csv of microsoft/FERPlus with "
                "--votes, or take --labels fer2013."
            )
        return rows.votes
    found, usages = read_votes(votes)
    if len(found) != len(rows.partitions):
        raise DataError(
            f"'{votes}' has votes on {len(found):,} faces, '{path}' has {len(rows.partitions):,} "
            "rows. Votes follow the rows of the whole fer2013.csv, so the numbers must agree."
        )
    for row, (usage, partition) in enumerate(zip(usages, rows.partitions, strict=True)):
        if partition and partition_of_usage(usage) != partition:
            raise DataError(
                f"'{votes}' calls face {row} {usage!r}, but in '{path}' it belongs to "
                f"{partition}; the two follow different orders."
            )
    return found


def _rows_of_landmarks(path: Path | None, count: int) -> tuple[NDArray[np.float32], list[Problem]]:
    """Landmarks ``(count, 68, 2)``, NaN in unusable rows, which are named if not empty."""
    if path is None:
        return np.full((count, POINTS, 2), np.nan, np.float32), []
    if not path.is_file():
        raise DataError(f"The landmarks '{path}' are no file; expected a .npz or .npy stack.")
    points = read_stack(path).points
    if len(points) != count:
        raise DataError(
            f"'{path}' has {len(points):,} rows of landmarks for {count:,} rows of FER2013; row i "
            "belongs to row i, so the numbers must agree."
        )
    problems = []
    for row in np.flatnonzero(~usable(points)).tolist():
        if not np.isnan(points[row]).all():
            problems.append(Problem(f"{path.name} row {row}", _reason(points[row])))
            points[row] = np.nan
    return points, problems


def _reason(points: NDArray[np.float32]) -> str:
    try:
        Landmarks68(points.astype(np.float64))
    except DataError as error:
        return str(error)
    return "the landmarks cannot be used"


def _store(path: Path, room: Path, pixels: NDArray[np.uint8]) -> Path:
    """The folder of the pixel stack; a stack that stands there already holds the same."""
    folder = room / short_digest(file_digest(path))
    if not (folder / PIXELS).is_file():
        # Given a path, numpy would add an ending to the name of the unfinished file.
        with replacing(folder / PIXELS) as part, part.open("wb") as file:
            np.save(file, pixels, allow_pickle=False)
    return folder
