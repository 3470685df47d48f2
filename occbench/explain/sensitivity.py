"""Occlusion sensitivity: what the score of the true class loses when a patch covers a place.

Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks", section 4.2. The
score is the softmax probability, and the patch has the mean colour of the face.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.explain.covers import block, mean_fill, patch_and_stride
from occbench.explain.network import scores_of
from occbench.occluders.paint import paint


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The drops of N faces, the patch in P rows and Q columns of places.

    Attributes:
        tops: int64 ``(P,)``, the first row of pixels that the patch covers.
        lefts: int64 ``(Q,)``, its first column.
        patch: its side in pixels.
        size: side of the face in pixels.
        scores: float64 ``(N, K)``, the probability of each class of the faces as they are shown.
        drops: float64 ``(N, P, Q)``, probability of the true class less that with the patch,
            -1..1; negative where the patch helps.
    """

    tops: NDArray[np.int64]
    lefts: NDArray[np.int64]
    patch: int
    size: int
    scores: NDArray[np.float64]
    drops: NDArray[np.float64]

    def pixel_maps(self) -> NDArray[np.float64]:
        """Float64 ``(N, size, size)``: at each pixel the mean over all patches that cover it."""
        rows, columns = (
            _covers(starts, self.patch, self.size) for starts in (self.tops, self.lefts)
        )
        sums = np.einsum("py,npq,qx->nyx", rows, self.drops, columns, optimize=True)
        counts = rows.sum(axis=0)[:, None] * columns.sum(axis=0)
        return np.asarray(sums / counts, np.float64)


def sensitivity(
    model: Any,
    images: NDArray[np.uint8],
    labels: Sequence[int],
    *,
    patch: int | None = None,
    stride: int | None = None,
) -> Sensitivity:
    """Slides a square patch over faces and asks the network each time.

    Args:
        model: from uint8 ``(N, size, size, channels)`` to logits.
        images: uint8 ``(N, size, size, channels)``.
        labels: the true class number of each.
        patch: its side in pixels, see ``patch_and_stride``.
        stride: from one place to the next. The last place touches the border, even if it is nearer
            to the one before.

    Raises:
        DataError: as ``patch_and_stride``.
    """
    count, size = images.shape[:2]
    side, step = patch_and_stride(size, patch, stride)
    starts = [*range(0, size - side, step), size - side]
    regions = [block(left, top, side, side) for top in starts for left in starts]
    faces = [image[..., 0] if image.shape[-1] == 1 else image for image in images]
    fills = [mean_fill(face) for face in faces]
    each = 1 + len(regions)

    def make(number: int) -> NDArray[np.uint8]:
        face, place = divmod(number, each)
        return paint(faces[face], regions[place - 1], fills[face]) if place else faces[face]

    scores = scores_of(model, count * each, make, label="sensitivity").reshape(count, each, -1)
    true = scores[np.arange(count), :, labels]
    drops = (true[:, :1] - true[:, 1:]).reshape(count, len(starts), len(starts))
    places = np.array(starts, np.int64)
    return Sensitivity(places, places, side, size, scores[:, 0], drops)


def _covers(starts: NDArray[np.int64], patch: int, size: int) -> NDArray[np.float64]:
    """1 where a patch covers a pixel along one side, ``(len(starts), size)``."""
    away = np.arange(size) - starts[:, None]
    return ((away >= 0) & (away < patch)).astype(np.float64)
