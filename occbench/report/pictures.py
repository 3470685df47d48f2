"""Pictures of faces for a report: a sample of them, and those that covering takes away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from occbench.core.digest import digest_int
from occbench.dataset.batch import cover
from occbench.dataset.contact_sheet import tile_of
from occbench.dataset.faces import ManifestFaces
from occbench.errors import OccbenchError
from occbench.matrix.job import MatrixJob
from occbench.occluders.base import NORMAL, make_occluder
from occbench.report.lost_faces import LostFace

_TILE, _GAP, _FACES = 96, 4, 8

Picture = NDArray[np.uint8]


def sample_sheet(job: MatrixJob) -> Picture | None:
    """Some test faces, one per class as far as they go, a row for each variant.

    It is uint8 RGB (H, W, 3), or None where no face can be shown.
    """
    faces = _faces(job)
    columns = [tiles for face in _sample(job) if (tiles := _tiles(faces, face, list(job.wanted())))]
    if not columns:
        return None
    return _joined([_joined(list(tiles), axis=0) for tiles in columns], axis=1)


def with_pictures(job: MatrixJob, lost: Sequence[LostFace]) -> tuple[LostFace, ...]:
    """The same faces, each as it is and covered; None in place of one that cannot be shown."""
    faces = _faces(job)
    covered = next(variant for variant in job.wanted() if variant != NORMAL) if lost else NORMAL
    shown = []
    for one in lost:
        tiles = _tiles(faces, one.id, [NORMAL, covered])
        shown.append(replace(one, picture=_joined(tiles, axis=1) if tiles else None))
    return tuple(shown)


def stacked(pictures: Sequence[Picture], columns: int = 3) -> Picture:
    """Pictures of one size in rows of ``columns``, white where there is none."""
    rest = -len(pictures) % columns
    filled = [*pictures, *[np.full_like(pictures[0], 255)] * rest]
    rows = [
        _joined(filled[start : start + columns], axis=1, gap=4 * _GAP)
        for start in range(0, len(filled), columns)
    ]
    return _joined(rows, axis=0, gap=4 * _GAP)


def _faces(job: MatrixJob) -> ManifestFaces:
    return ManifestFaces(job.manifest, job.workspace.data_root(job.manifest.name))


def _tiles(faces: ManifestFaces, face_id: str, variants: Sequence[str]) -> list[Picture]:
    """A face in each variant; empty if it cannot be shown, since errors belong to the matrix."""
    try:
        face = faces.read(face_id)
        return [
            tile_of(
                face.image if variant == NORMAL else cover(face, face_id, make_occluder(variant)),
                _TILE,
            )
            for variant in variants
        ]
    except (OccbenchError, OSError):
        return []


def _joined(parts: Sequence[Picture], *, axis: int, gap: int = _GAP) -> Picture:
    """Pictures beside (axis 1) or below each other (axis 0), white between them."""
    shape = list(parts[0].shape)
    shape[axis] = gap
    line = np.full(shape, 255, np.uint8)
    pieces = [piece for part in parts for piece in (line, part)][1:]
    return np.concatenate(pieces, axis=axis)


def _sample(job: MatrixJob) -> Sequence[str]:
    ids = next(iter(job.wanted().values()))
    labels = job.manifest.faces.set_index("id")["label"].loc[ids]
    drawn = sorted(ids, key=lambda face: digest_int(0, "report", face))
    chosen = []
    for name in job.manifest.classes.names:
        chosen += [face for face in drawn if labels[face] == name][:1]
    return chosen[:_FACES]
