"""Contact sheets: faces with their landmarks beside the same faces occluded."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from occbench.core.digest import digest_int
from occbench.dataset.batch import cover
from occbench.dataset.faces import Face, ManifestFaces
from occbench.dataset.images import as_rgb
from occbench.dataset.manifest import Manifest
from occbench.errors import OccbenchError
from occbench.occluders.base import Occluder
from occbench.occluders.paint import Image

_TILE, _LINE, _GAP = 144, 18, 4
_DOT, _INK, _PAPER = (0, 230, 118), (30, 30, 30), 250


def choose_faces(manifest: Manifest, label: str, count: int, seed: int) -> list[str]:
    """Ids of some faces of a class, drawn by the seed, in natural order of the manifest."""
    ids = manifest.faces["id"][manifest.faces["label"] == label].tolist()
    chosen = set(sorted(ids, key=lambda face: digest_int(seed, "sheet", face))[:count])
    return [face for face in ids if face in chosen]


def contact_sheet(
    faces: ManifestFaces, ids: Sequence[str], occluder: Occluder, title: str, columns: int
) -> Image:
    """One picture, RGB: for each face its landmarks on the left and the occluder on the right.

    A face that cannot be read or occluded says so in its place.
    """
    cells = [_cell(faces, face_id, occluder) for face_id in ids]
    height, width = _TILE + _LINE, 2 * _TILE + _GAP
    rows = -(-len(cells) // columns)
    sheet = np.full(
        (_LINE + _GAP + rows * (height + _GAP), columns * (width + _GAP), 3), _PAPER, np.uint8
    )
    _write(sheet, title, _GAP, _LINE - 5)
    for place, cell in enumerate(cells):
        y = _LINE + _GAP + place // columns * (height + _GAP)
        x = place % columns * (width + _GAP)
        sheet[y : y + height, x : x + width] = cell
    return sheet


def _cell(faces: ManifestFaces, face_id: str, occluder: Occluder) -> Image:
    cell = np.full((_TILE + _LINE, 2 * _TILE + _GAP, 3), _PAPER, np.uint8)
    try:
        face = faces.read(face_id)
        left, right = _with_dots(face), tile_of(cover(face, face_id, occluder))
    except (OccbenchError, OSError):
        left, right = _unoccluded(faces, face_id), np.full((_TILE, _TILE, 3), 225, np.uint8)
        _write(right, "cannot be occluded", 10, _TILE // 2)
    cell[:_TILE, :_TILE] = left
    cell[:_TILE, _TILE + _GAP :] = right
    _write(cell, face_id, 2, _TILE + _LINE - 6)
    return cell


def _unoccluded(faces: ManifestFaces, face_id: str) -> Image:
    try:
        return tile_of(faces.image(face_id)[0])
    except (OccbenchError, OSError):
        tile = np.full((_TILE, _TILE, 3), 225, np.uint8)
        _write(tile, "cannot be read", 10, _TILE // 2)
        return tile


def tile_of(image: Image, side: int = _TILE) -> Image:
    """The image in a square RGB tile of ``side`` pixels, its long side fitted."""
    rgb = as_rgb(image)
    scale = side / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    tile = np.full((side, side, 3), _PAPER, np.uint8)
    tile[: size[1], : size[0]] = cv2.resize(rgb, size, interpolation=way)
    return tile


def _with_dots(face: Face) -> Image:
    tile = tile_of(face.image)
    scale = _TILE / max(face.image.shape[:2])
    # Pixel centres lie at integers, so edges lie half a pixel before them.
    for x, y in _in_sixteenths((face.landmarks.points + 0.5) * scale - 0.5):
        cv2.circle(tile, (x, y), 15, _DOT, cv2.FILLED, cv2.LINE_AA, 4)
    return tile


def _in_sixteenths(points: NDArray[np.float64]) -> list[tuple[int, int]]:
    return [(round(x * 16), round(y * 16)) for x, y in points.clip(-500, 5000).tolist()]


def _write(image: Image, text: str, x: int, y: int) -> None:
    shown = text if len(text) <= 44 else "..." + text[-41:]
    letters = shown.encode("ascii", "replace").decode()
    cv2.putText(image, letters, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.38, _INK, 1, cv2.LINE_AA)
