"""Faces that are image files: what a folder or a table says about them, as a table of faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from occbench.dataset.adapters.base import Problem
from occbench.dataset.source_files import identifiers


@dataclass(frozen=True)
class FoundFace:
    """One face; ``image`` is its path below the source; an empty id or group is the default."""

    image: str
    label: str
    partition: str
    id: str = ""
    group: str = ""


@dataclass(frozen=True)
class FoundFaces:
    """The faces of a source.

    Attributes:
        faces: in natural order of their images.
        images: all images of the source in natural order, those left out included.
        labels: all class names met, also those without a face.
        left_out: faces left out by reason and class.
        problems: what could not be taken.
    """

    faces: tuple[FoundFace, ...]
    images: tuple[str, ...]
    labels: tuple[str, ...]
    left_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def face_table(faces: Sequence[FoundFace], images: Sequence[str]) -> pd.DataFrame:
    """The columns id, label, partition, group and image as text, one row per face."""
    default = dict(zip(images, identifiers(images), strict=True))
    ids = [face.id or default[face.image] for face in faces]
    return pd.DataFrame(
        {
            "id": ids,
            "label": [face.label for face in faces],
            "partition": [face.partition for face in faces],
            "group": [face.group or name for face, name in zip(faces, ids, strict=True)],
            "image": [face.image for face in faces],
        },
        dtype=str,
    )
