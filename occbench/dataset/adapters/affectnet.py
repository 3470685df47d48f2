"""AffectNet, the eight-class version with landmarks, as it is distributed.

``train_set`` and ``val_set`` each hold ``images/N.jpg`` and ``annotations/N_exp.npy`` (the
expression), ``N_lnd.npy`` (68 landmarks in pixels), ``N_val.npy`` and ``N_aro.npy`` (valence
and arousal, -1..1). ``val_set`` is what publications test on, so it is the partition ``test``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from occbench.dataset.adapters.base import Option, Scan
from occbench.dataset.affectnet_files import NOT_EXPRESSIONS, FaceSet, read_set
from occbench.dataset.labels import AFFECTNET
from occbench.dataset.landmark_source import stem_of
from occbench.dataset.manifest import Manifest
from occbench.dataset.source_files import list_folder, some_of, sorted_problems, source_folder
from occbench.errors import DataError

SUMMARY = "AffectNet, eight classes: train_set and val_set with images and annotations"
EXAMPLE = "occbench scan affectnet ~/data/AffectNet"
NEEDS_SOURCE = True
OPTIONS: tuple[Option, ...] = ()

_PARTITIONS = {"train_set": "train", "val_set": "test"}

# Faces per class in the order of AFFECTNET, 287,651 and 3,999 together, as counted in the
# notebooks of LeanderWernst/facial-expression-recognition on the eight-class version.
_PUBLISHED = {
    "train_set": (74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750),
    "val_set": (500, 500, 500, 500, 500, 500, 500, 499),
}


def scan(
    source: Path | None,
    *,
    name: str,
    room: Path,  # noqa: ARG001 - images stay where they are
    workers: int,
) -> Scan:
    """Reads AffectNet; see ``base.Adapter``.

    Raises:
        DataError: neither set is there, or no face has a label.
    """
    folder = source_folder(source)
    present = [part for part in _PARTITIONS if (folder / part).is_dir()]
    if not present:
        raise DataError(
            f"'{folder}' has neither 'train_set' nor 'val_set'; it holds the folders "
            f"{some_of(list_folder(folder).folders)}. Name the folder that the two lie in."
        )
    sets = {part: read_set(folder, part, workers) for part in present}
    if not any(faces.images for faces in sets.values()):
        raise DataError(
            f"No face in '{folder}' has a label; expected annotations/N_exp.npy for each "
            "images/N.jpg."
        )
    landmarks = np.concatenate([faces.landmarks for faces in sets.values()])
    facts = {"adapter": "affectnet", "options": {}, "left_out": _left_out(sets.values())}
    return Scan(
        Manifest(name, AFFECTNET, _table(sets), landmarks, "files", facts),
        folder,
        sorted_problems(*(faces.problems for faces in sets.values())),
        _warnings(sets),
    )


def _table(sets: Mapping[str, FaceSet]) -> pd.DataFrame:
    columns: dict[str, list[str]] = {}
    for part, faces in sets.items():
        ids = [f"{_PARTITIONS[part]}/{stem_of(image)}" for image in faces.images]
        values = {
            "id": ids,
            "label": [AFFECTNET.names[label] for label in faces.labels],
            "partition": [_PARTITIONS[part]] * len(ids),
            "group": ids,
            "image": [f"{part}/images/{image}" for image in faces.images],
            **faces.measures,
        }
        for column, texts in values.items():
            columns.setdefault(column, []).extend(texts)
    return pd.DataFrame(columns, dtype=str)


def _left_out(sets: Iterable[FaceSet]) -> dict[str, dict[str, int]]:
    counts: Counter[tuple[str, str]] = sum((faces.left_out for faces in sets), Counter())
    reasons = (*NOT_EXPRESSIONS.values(), "without label", "empty file")
    return {
        reason: {label: count for (other, label), count in counts.items() if other == reason}
        for reason in reasons
        if any(other == reason for other, _ in counts)
    }


def _warnings(sets: Mapping[str, FaceSet]) -> tuple[str, ...]:
    absent = [
        f"'{part}' is not there; the data set has no {partition} partition."
        for part, partition in _PARTITIONS.items()
        if part not in sets
    ]
    counts = [_count_warning(part, faces.labels) for part, faces in sets.items()]
    without: Counter[str] = sum((faces.without for faces in sets.values()), Counter())
    missing = " or ".join(
        f"no {measure} ({count:,})" for measure, count in without.items() if count
    )
    measures = [f"Some faces have {missing}; these cells are empty."] if missing else []
    return (*absent, *filter(None, counts), *measures)


def _count_warning(part: str, labels: Sequence[int]) -> str:
    """How the counts differ from the published ones; empty where they agree."""
    counts, expected = Counter(labels), _PUBLISHED[part]
    differing = [
        f"{name} {counts[label]:,} instead of {expected[label]:,}"
        for label, name in enumerate(AFFECTNET.names)
        if counts[label] != expected[label]
    ]
    if not differing:
        return ""
    return (
        f"'{part}' has {len(labels):,} faces, the published one {sum(expected):,}: "
        f"{', '.join(differing)}."
    )
