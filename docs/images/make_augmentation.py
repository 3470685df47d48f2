"""Draws what a recipe can do to images: ``copies.jpg``, ``planes.jpg`` and ``augment.jpg``.

Run from anywhere: ``python docs/images/make_augmentation.py``. The last one needs Keras, whose
layers draw it; the others are made without.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import cv2
import numpy as np

from occbench.dataset.drawing import draw_face
from occbench.dataset.images import encode_image
from occbench.geometry.landmarks import Landmarks68
from occbench.models.planes import planes
from occbench.models.specs import AUGMENTATIONS, COPIES, PLANES, checked, checked_chain
from occbench.occluders.base import make_occluder
from occbench.occluders.paint import Image, paint
from occbench.training.alterations import FilledCopy, FixedCopy

SIDE, LINE, GAP = 112, 32, 4

COPIED = (
    "mirror",
    "shift(pixels=6)",
    "mirror+shift(pixels=6)",
    "rotate(degrees=10)",
    "rotate(degrees=-10)",
)
SHOWN = (
    *("image", "sobel", "sobel-x", "sobel-y", "contrast", "mirror"),
    *("gamma(exponent=0.5)", "gamma(exponent=2)", "gamma(exponent=3)", "luma"),
    *("rotate(degrees=20)", "rotate(degrees=-60)"),
)
DRAWN = (
    *("flip", "rotate(turns=0.05)", "shift(fraction=0.1)", "zoom(fraction=0.2)"),
    *("crop(fraction=0.4)", "brightness(fraction=0.3)", "contrast(fraction=0.5)"),
    *("stretch(fraction=0.2)", "saturation(fraction=0.9)"),
)


def faces() -> tuple[Image, Image]:
    """A drawn face, RGB, and the same one with a headset."""
    face = draw_face(identity=20, expression="happiness", index=0, seed=0, size=SIDE)
    region = make_occluder("headset(device='quest-2')").region(
        Landmarks68(face.landmarks), size=(SIDE, SIDE), seed=0
    )
    return face.image, paint(face.image, region)


def sheet(tiles: Sequence[tuple[str, Sequence[Image]]], across: int) -> Image:
    """Columns of images below their title, so many beside each other."""
    columns = []
    for title, images in tiles:
        line = white(LINE, SIDE)
        # A spec's arguments stand below its name.
        for place, text in zip((13, 27), title.replace("(", "\n(").split("\n"), strict=False):
            cv2.putText(line, text, (2, place), cv2.FONT_HERSHEY_SIMPLEX, 0.34, (40,) * 3, 1, 16)
        parts = [line, *(np.vstack([each, white(GAP, SIDE)]) for each in images)]
        column = np.vstack(parts)
        columns.append(np.hstack([column, white(len(column), GAP)]))
    blank = white(*columns[0].shape[:2])
    columns += [blank] * (-len(columns) % across)
    rows = [np.hstack(columns[at : at + across]) for at in range(0, len(columns), across)]
    return np.vstack(rows)


def white(high: int, wide: int) -> Image:
    """An empty piece of paper."""
    return np.full((high, wide, 3), 255, np.uint8)


def copies_sheet() -> Image:
    """Copies that a recipe names, then six of those that fill up a class."""
    pair = faces()
    tiles = [("the images", list(pair))]
    for text in COPIED:
        made = FixedCopy(checked_chain("copy", text, COPIES), 3)
        tiles.append((text, [made(each, "face", 0) for each in pair]))
    for number in range(6):
        made = [FilledCopy(0)(each, "face", number) for each in pair]
        tiles.append((f"balance, copy {number + 1}", made))
    return sheet(tiles, 6)


def planes_sheet() -> Image:
    """Each plane of the face, and of the face with the headset."""
    pair = np.stack(faces())
    tiles = []
    for text in SHOWN:
        found = planes([checked("plane", text, PLANES)], pair).round().clip(0, 255)
        colour = np.broadcast_to(found.astype(np.uint8), (*found.shape[:-1], 3))
        tiles.append((text, list(colour)))
    return sheet(tiles, 6)


def augment_sheet() -> Image:
    """Four draws of each augmentation for the face with the headset."""
    from occbench.models.augmentation import augmentation_layers
    from occbench.models.backend import load_keras

    batch = np.repeat(faces()[1][None].astype(np.float32), 4, axis=0)
    tiles = []
    for text in DRAWN:
        seeds = count(7)
        drawn = batch
        spec = checked("augmentation", text, AUGMENTATIONS)
        for layer in augmentation_layers([spec], lambda seeds=seeds: next(seeds)):
            drawn = layer(drawn, training=True)
        levels = np.asarray(load_keras().ops.convert_to_numpy(drawn)).round().clip(0, 255)
        tiles.append((text, list(levels.astype(np.uint8))))
    return sheet(tiles, len(DRAWN))


SHEETS = {
    "copies.jpg": copies_sheet,
    "planes.jpg": planes_sheet,
    "augment.jpg": augment_sheet,
}

if __name__ == "__main__":
    for name, draw in SHEETS.items():
        Path(__file__).with_name(name).write_bytes(encode_image(draw(), "jpg", 85))
