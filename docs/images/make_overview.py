"""Draws ``overview.jpg``: eight expressions, and the same faces under a headset.

Run from anywhere: ``python docs/images/make_overview.py``. The pictures were chosen by eye from
the first twelve of each person for how clearly they show the expression.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from occbench.dataset.drawing import EXPRESSIONS, draw_face
from occbench.dataset.images import encode_image
from occbench.geometry.landmarks import Landmarks68
from occbench.occluders.base import make_occluder
from occbench.occluders.paint import Image, paint

SIDE, LINE, GAP = 168, 26, 4
CHOSEN = {20: (0, 1, 11, 0, 2, 0, 1, 0), 33: (8, 11, 7, 8, 0, 6, 8, 8)}


def overview() -> Image:
    """The picture, RGB: a row of faces and the same row occluded, for each person."""
    occluder = make_occluder("headset(device='quest-2')")
    columns = []
    for place, expression in enumerate(EXPRESSIONS):
        title = np.full((LINE, SIDE, 3), 255, np.uint8)
        cv2.putText(title, expression, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (40,) * 3, 1, 16)
        tiles = [title]
        for person, indices in CHOSEN.items():
            face = draw_face(
                identity=person, expression=expression, index=indices[place], seed=0, size=SIDE
            )
            region = occluder.region(Landmarks68(face.landmarks), size=(SIDE, SIDE), seed=0)
            tiles += [face.image, paint(face.image, region)]
        space = np.full((GAP, SIDE, 3), 255, np.uint8)
        columns.append(np.vstack([part for tile in tiles for part in (tile, space)]))
        columns.append(np.full((len(columns[0]), GAP, 3), 255, np.uint8))
    return np.hstack(columns[:-1])


if __name__ == "__main__":
    Path(__file__).with_name("overview.jpg").write_bytes(encode_image(overview(), "jpg", 90))
