"""Skin: its colour from place to place, and the light laid over it."""

import cv2
import numpy as np

from occbench.dataset.drawing.canvas import Canvas
from occbench.dataset.drawing.curves import Points, shift, smooth_line, smooth_loop
from occbench.dataset.drawing.randomness import noise_for
from occbench.dataset.drawing.relief import (
    GRID_SHAPE,
    Field,
    grid_corners,
    grid_transform,
    mounds,
    shade_face,
)
from occbench.dataset.drawing.scene import Scene

# Light that has passed through skin is red, so shade on skin loses red more slowly than blue.
_SHADE_EXPONENTS = (0.8, 1.08, 1.18)
_OWN_COLOUR = 128
_GLOSS = 20


def head_outline(scene: Scene) -> Points:
    """Gives the outline of face and skull, shape ``(n, 2)``, in half face widths."""
    return smooth_loop(np.concatenate([scene.landmarks[:17], scene.crown]))


def light_skin(canvas: Canvas, scene: Scene, *, key: tuple[object, ...]) -> None:
    """Lays light, shade and redness over the face.

    Args:
        canvas: Holds the face in flat colours; changed in place.
        scene: The picture's face.
        key: Key of the skin's mottling.
    """
    shading = shade_face(scene)
    log_tone = np.log(np.maximum(shading.tone, 0.05))
    factors = _skin_tint(scene, key)
    for channel, exponent in enumerate(_SHADE_EXPONENTS):
        factors[..., channel] *= np.exp(np.float32(exponent) * log_tone)
        # Gloss is white light that is added; as a factor it depends on the skin's own colour.
        factors[..., channel] += np.float32(_GLOSS / scene.identity.skin[channel]) * shading.gloss
    levels = np.clip(factors * _OWN_COLOUR, 0, 255).astype(np.uint8)
    canvas.multiply(head_outline(scene), levels, grid_transform())


def _skin_tint(scene: Scene, key: tuple[object, ...]) -> Field:
    p, identity = scene.landmarks, scene.identity
    red: list[tuple[float, ...]] = [
        (*p[30], 0.13, 0.10, 0.09),
        (*shift(p[8], 0, -0.2), 0.2, 0.12, 0.05),
    ]
    dark: list[tuple[float, ...]] = []
    for eye, corner, outward in ((36, 48, -1), (45, 54, 1)):
        cheek = shift(0.5 * (p[eye] + p[corner]), 0.06 * outward, -0.02)
        red.append((*cheek, 0.2, 0.16, 0.17 * identity.blush))
        centre = p[[eye, 39 if outward < 0 else 42]].mean(axis=0)
        dark.append((*shift(centre, -0.06 * outward, 0.13), 0.16, 0.06, 0.05 + 0.06 * identity.age))
        dark.append((*shift(centre, 0, -0.12), 0.2, 0.06, 0.06 + 0.07 * identity.lashes))
    redness, shadow = mounds(red), mounds(dark) + _stubble(scene, key)
    mottling = _mottling(key, redness.shape)
    tint = np.empty((*redness.shape, 3), np.float32)
    tint[..., 0] = 1 - shadow + mottling
    tint[..., 1] = 1 - redness - 0.95 * shadow + mottling
    tint[..., 2] = 1 - 0.85 * redness - 0.8 * shadow + mottling
    return tint


def _mottling(key: tuple[object, ...], shape: tuple[int, ...]) -> Field:
    rows, columns = shape[0] // 5, shape[1] // 5
    noise = noise_for("mottling", *key, count=rows * columns).reshape(rows, columns)
    smooth = cv2.resize(noise, shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(0.014 * smooth, dtype=np.float32)


def _stubble(scene: Scene, key: tuple[object, ...]) -> Field:
    p, strength = scene.landmarks, scene.identity.stubble
    beard = np.zeros(GRID_SHAPE, np.uint8)
    if strength == 0:
        return beard.astype(np.float32)
    upper = [
        shift(p[54], 0.36, -0.12),
        shift(p[54], 0.10, -0.06),
        0.5 * p[53] + 0.5 * p[35],
        0.6 * p[51] + 0.4 * p[33],
        0.5 * p[49] + 0.5 * p[31],
        shift(p[48], -0.10, -0.06),
        shift(p[48], -0.36, -0.12),
    ]
    outline = np.concatenate([smooth_line(p[2:15]), smooth_line(upper)])
    cv2.fillPoly(beard, [grid_corners(outline)], 255, cv2.LINE_AA, 4)
    cv2.GaussianBlur(beard, (15, 15), 4, dst=beard)
    cv2.fillPoly(beard, [grid_corners(smooth_loop(p[48:60]))], 0, cv2.LINE_AA, 4)
    hairs = noise_for("stubble", *key, count=beard.size).reshape(beard.shape)
    share = beard.astype(np.float32) / np.float32(255)
    return np.asarray(strength * share * (0.24 + 0.05 * hairs), dtype=np.float32)
