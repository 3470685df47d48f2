"""The face as a relief: its height over the picture plane, and how light falls on it."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from occbench.dataset.drawing.creases import find_creases
from occbench.dataset.drawing.curves import Points, shift
from occbench.dataset.drawing.scene import Light, Scene

Field = npt.NDArray[np.float32]

# The relief is sampled on an upright grid about the pivot of the head, in half face widths.
GRID_LEFT, GRID_TOP = -1.5, -2.0
GRID_WIDTH, GRID_HEIGHT = 3.0, 3.85
SAMPLES_PER_UNIT = 44

GRID_SHAPE = (round(GRID_HEIGHT * SAMPLES_PER_UNIT), round(GRID_WIDTH * SAMPLES_PER_UNIT))

_X = (GRID_LEFT + (np.arange(GRID_SHAPE[1]) + 0.5) / SAMPLES_PER_UNIT).astype(np.float32)
_Y = (GRID_TOP + (np.arange(GRID_SHAPE[0]) + 0.5) / SAMPLES_PER_UNIT).astype(np.float32)


@dataclass(frozen=True)
class Shading:
    """How light and shade fall on the face.

    Attributes:
        tone: Shape ``(rows, columns)``, float32; 1 where skin shows its own colour.
        gloss: Same shape, float32; light mirrored by the skin, 0 to 1.
    """

    tone: Field
    gloss: Field


def grid_transform() -> Points:
    """Gives the map from grid samples to turned points, shape ``(2, 3)``."""
    step = 1 / SAMPLES_PER_UNIT
    return np.array([[step, 0, GRID_LEFT + step / 2], [0, step, GRID_TOP + step / 2]])


def grid_corners(points: Points) -> npt.NDArray[np.int32]:
    """Gives turned points in sixteenths of a grid sample, shape ``(n, 2)``, for OpenCV."""
    samples = shift(points, -GRID_LEFT, -GRID_TOP) * SAMPLES_PER_UNIT - 0.5
    return np.asarray(np.rint(samples * 16), dtype=np.int32)


def mounds(places: npt.ArrayLike) -> Field:
    """Gives a sum of bell-shaped mounds.

    Args:
        places: Shape ``(n, 5)``: x, y, half width, half height and amount of each mound, in half
            face widths; the half width is one standard deviation.

    Returns:
        Shape ``(rows, columns)``, float32.
    """
    x, y, half_width, half_height, amount = np.asarray(places, dtype=np.float32).T[:, :, None]
    across = np.exp(-(((_X - x) / half_width) ** 2) / 2)
    down = amount * np.exp(-(((_Y - y) / half_height) ** 2) / 2)
    # Unlike a matrix product, this sum does not depend on the number of threads.
    return np.asarray(np.einsum("nr,nc->rc", down, across), dtype=np.float32)


def shade_face(scene: Scene) -> Shading:
    """Gives the light and shade on a face.

    Args:
        scene: The picture's face.

    Returns:
        Lambertian shading of the relief with a weak mirror-like part.
    """
    folds = _draw_folds(scene)
    height = _head_height(scene) + mounds(_upper_mounds(scene) + _lower_mounds(scene))
    return _light_relief(height - 0.022 * folds, folds, scene.light)


def _head_height(scene: Scene) -> Field:
    middle = scene.landmarks[[0, 16, 27, 27, 33]].mean(axis=0).astype(np.float32)
    x, y = _X[None, :] - middle[0], _Y[:, None] - np.float32(-0.1)
    return np.asarray(-0.20 * x**2 - 0.17 * x**4 - 0.10 * y**2, dtype=np.float32)


def _upper_mounds(scene: Scene) -> list[tuple[float, ...]]:
    p = scene.landmarks
    found: list[tuple[float, ...]] = [
        (*p[27], 0.10, 0.15, 0.07),
        (*p[28], 0.085, 0.14, 0.10),
        (*p[29], 0.09, 0.12, 0.12),
        (*shift(p[30], 0, 0.02), 0.115, 0.10, 0.17),
        (*shift(p[[21, 22]].mean(axis=0), 0, -0.38), 0.55, 0.26, 0.12),
        (*p[[21, 22]].mean(axis=0), 0.16, 0.07, 0.03),
    ]
    for side, (eye, brow, outward) in enumerate(
        ((p[36:42], p[17:22], -1), (p[42:48], p[22:27][::-1], 1))
    ):
        centre = eye.mean(axis=0)
        bulge = 0.05 * scene.strength(4)[side]
        found += [
            (*shift(centre, -0.04 * outward, -0.07), 0.22, 0.09, -0.085),
            (*shift(centre, 0, -0.01), 0.12, 0.085, 0.06),
            (*shift(centre, -0.22 * outward, 0.06), 0.07, 0.10, -0.05),
            (*shift(centre, 0.0, 0.17), 0.17, 0.05, -0.02),
            (*shift(brow[2], 0, 0.01), 0.2, 0.06, 0.045),
            (*shift(brow[4], 0, 0.01), 0.08, 0.05, bulge),
            (*shift(brow[0], 0.1 * outward, -0.05), 0.12, 0.2, -0.05),
        ]
    return found


def _lower_mounds(scene: Scene) -> list[tuple[float, ...]]:
    p = scene.landmarks
    chin_raised = sum(scene.strength(17)) / 2
    half_mouth = max(0.1, (p[54, 0] - p[48, 0]) / 2)
    found: list[tuple[float, ...]] = [
        (*p[[51, 62]].mean(axis=0), 0.5 * half_mouth, 0.04, 0.035),
        (*shift(p[[57, 66]].mean(axis=0), 0, -0.01), 0.45 * half_mouth, 0.05, 0.05),
        (*shift(p[51], 0, -0.08), 0.04, 0.07, -0.025),
        (*shift(p[57], 0, 0.08), 0.2, 0.05, -0.05),
        (*shift(p[8], 0, -0.19), 0.2, 0.13, 0.10 + 0.04 * chin_raised),
        (*(p[[51, 57]].mean(axis=0)), 0.42, 0.26, 0.08),
    ]
    for side, (eye, corner, wing, outward) in enumerate(((36, 48, 31, -1), (45, 54, 35, 1))):
        raised = max(scene.strength(6)[side], 0.8 * scene.strength(12)[side])
        cheek = shift(0.52 * p[eye] + 0.48 * p[corner], 0.03 * outward, 0)
        sneer = 0.05 * max(scene.strength(9)[side], scene.strength(10)[side])
        found += [
            (*cheek, 0.24, 0.2, 0.10),
            (*shift(cheek, -0.06 * outward, -0.03), 0.17, 0.12, 0.10 * raised),
            (*shift(p[wing], -0.02 * outward, -0.06), 0.07, 0.06, 0.075),
            (*shift(p[wing], 0.12 * outward, -0.06), 0.08, 0.08, sneer),
            (*shift(p[corner], 0.02 * outward, 0.0), 0.06, 0.05, -0.03),
            (*shift(p[corner], 0.22 * outward, 0.06), 0.16, 0.22, -0.03),
        ]
    return found


def _draw_folds(scene: Scene) -> Field:
    folds = np.zeros(GRID_SHAPE, np.uint8)
    for crease in find_creases(scene):
        shades = np.rint(255 * np.clip(crease.depth, 0, 1)).tolist()
        ends = pairwise(grid_corners(crease.line).tolist())
        for (start, end), shade in zip(ends, shades[1:], strict=True):
            cv2.line(folds, start, end, shade, 2, cv2.LINE_8, 4)
    soft = cv2.GaussianBlur(folds, (5, 5), 1.0)
    return np.asarray(soft, dtype=np.float32) / np.float32(255)


def _light_relief(height: Field, folds: Field, light: Light) -> Shading:
    scale = SAMPLES_PER_UNIT / 32
    slope_x = cv2.Scharr(height, cv2.CV_32F, 1, 0, scale=scale)
    slope_y = cv2.Scharr(height, cv2.CV_32F, 0, 1, scale=scale)
    length = np.sqrt(1 + slope_x**2 + slope_y**2)
    x, y, z = (np.float32(part) for part in light.direction)
    facing = np.maximum(0, (z - x * slope_x - y * slope_y) / length)
    ambient = np.float32(light.ambient_fraction)
    # The middle of the face, which looks at the viewer, keeps the skin's own colour.
    tone = (ambient + (1 - ambient) * facing / z) * (1 - np.float32(0.42) * folds)
    half = np.array([x, y, z + 1], np.float32)
    half /= np.linalg.norm(half)
    mirrored = (half[2] - half[0] * slope_x - half[1] * slope_y) / length
    gloss = np.maximum(0, mirrored) ** 24
    return Shading(np.asarray(tone, np.float32), np.asarray(gloss, np.float32))
