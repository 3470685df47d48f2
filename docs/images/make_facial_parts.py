"""Draws ``facial-parts.jpg``: a face, and the same face with each part covered in turn.

Run from anywhere: ``python docs/images/make_facial_parts.py``.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from occbench.dataset.drawing import draw_face
from occbench.dataset.images import encode_image
from occbench.explain.covers import mean_fill, random_patch
from occbench.explain.facial_parts import facial_parts
from occbench.geometry.landmarks import Landmarks68
from occbench.occluders.paint import Image, paint

SIDE, LINE, GAP = 104, 18, 4


def facial_parts_sheet() -> Image:
    """The picture, RGB: the face, its parts, and a random patch as large as its mouth."""
    face = draw_face(identity=20, expression="surprise", index=0, seed=0, size=SIDE)
    parts = facial_parts(Landmarks68(face.landmarks))
    pixels = int(parts["mouth"].mask((SIDE, SIDE)).sum())
    covers = {**parts, "random patch": random_patch(pixels, (SIDE, SIDE), "face mouth")}
    fill = mean_fill(face.image)
    tiles = {"as it is": face.image}
    tiles |= {name: paint(face.image, region, fill) for name, region in covers.items()}
    space = np.full((SIDE + LINE, GAP, 3), 255, np.uint8)
    pieces = [part for name, tile in tiles.items() for part in (space, _titled(name, tile))]
    return np.hstack(pieces[1:])


def _titled(name: str, tile: Image) -> Image:
    title = np.full((LINE, SIDE, 3), 255, np.uint8)
    cv2.putText(title, name, (2, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (40,) * 3, 1, 16)
    return np.vstack([title, tile])


if __name__ == "__main__":
    path = Path(__file__).with_name("facial-parts.jpg")
    path.write_bytes(encode_image(facial_parts_sheet(), "jpg", 90))
