"""How much each part of the face matters: it is covered, and so is as much of the face elsewhere.

A part matters where covering it costs more than covering a random patch of the same number of
pixels; the patch of a face and a part lies where the face's id says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.explain.covers import mean_fill, random_patch
from occbench.explain.effects import Effects
from occbench.explain.facial_parts import PARTS, facial_parts
from occbench.explain.network import scores_of
from occbench.geometry.landmarks import Landmarks68
from occbench.geometry.polygon import EMPTY, Region
from occbench.occluders.base import Fill
from occbench.occluders.paint import Image, paint


@dataclass(frozen=True, eq=False)
class Placed:
    """A face to cover: its id, its class number, and its landmarks in pixels of its picture."""

    id: str
    label: int
    landmarks: Landmarks68


def region_effects(model: Any, faces: Sequence[Placed], picture: Callable[[int], Image]) -> Effects:
    """Covers each part of each face, and a random patch of as many pixels, one at a time.

    What covers is the mean colour of the face.

    Args:
        model: from uint8 ``(N, side, side, channels)`` to logits.
        faces: one or more.
        picture: gives a face as it is shown by its number, uint8 ``(side, side)`` or
            ``(side, side, 3)``; it is called from another thread, once for each face.
    """
    side = int(model.inputs[0].shape[1])
    pairs = [_covers(face, (side, side)) for face in faces]
    each = 1 + 2 * len(PARTS)

    @lru_cache(maxsize=1)
    def shown(row: int) -> tuple[Image, Fill]:
        image = picture(row)
        return image, mean_fill(image)

    def make(number: int) -> Image:
        row, place = divmod(number, each)
        image, fill = shown(row)
        if not place:
            return image
        part, patch = divmod(place - 1, 2)
        return paint(image, pairs[row][part][patch], fill)

    scores = scores_of(model, len(faces) * each, make, label="regions")
    scores = scores.reshape(len(faces), each, -1)
    areas = np.array([[part.covered((side, side)) for part, _ in row] for row in pairs])
    return _effects(faces, scores, areas)


def _effects(
    faces: Sequence[Placed], scores: NDArray[np.float64], areas: NDArray[np.float64]
) -> Effects:
    """From the scores ``(N, 1 + 2 R, K)`` of each face as it is, by part and by patch in turn."""
    labels = np.array([face.label for face in faces], np.int64)
    true = scores[np.arange(len(faces)), :, labels]
    right = (scores.argmax(axis=2) == labels[:, None]).astype(np.float64)
    gone = np.where(areas > 0, 1.0, np.nan)
    shape = (len(faces), len(PARTS), 2)
    return Effects(
        ids=tuple(face.id for face in faces),
        labels=labels,
        areas=areas * gone,
        score=true[:, 0],
        right=right[:, 0] == 1,
        covered=true[:, 1:].reshape(shape) * gone[..., None],
        covered_right=right[:, 1:].reshape(shape) * gone[..., None],
    )


def _covers(face: Placed, size: tuple[int, int]) -> list[tuple[Region, Region]]:
    """Each part and its random patch; both empty where the part lies outside the image."""
    found = []
    for name, region in facial_parts(face.landmarks).items():
        pixels = int(region.mask(size).sum())
        patch = random_patch(pixels, size, f"{face.id} {name}") if pixels else EMPTY
        found.append((region, patch))
    return found
