"""Lips, teeth and the inside of the mouth."""

import numpy as np

from occbench.dataset.drawing.canvas import Canvas
from occbench.dataset.drawing.colours import Colour, dim, mix
from occbench.dataset.drawing.curves import Points, ellipse, ribbon, shift, smooth_line, swell
from occbench.dataset.drawing.scene import Scene

_CAVITY: Colour = (58, 20, 24)
_TEETH: Colour = (240, 234, 224)
_TONGUE: Colour = (186, 88, 92)


def draw_mouth(canvas: Canvas, scene: Scene) -> None:
    """Draws the lips through their landmarks and what shows between them.

    Args:
        canvas: Changed in place.
        scene: The picture's face.
    """
    p = scene.landmarks
    upper_outer = smooth_line(p[48:55])
    lower_outer = smooth_line(p[[54, 55, 56, 57, 58, 59, 48]])
    upper_inner = smooth_line(p[60:65])
    lower_inner = smooth_line(p[[64, 65, 66, 67, 60]])
    lips = scene.identity.lips
    _draw_inside(canvas, scene, upper_inner, lower_inner)
    canvas.fill(np.concatenate([upper_outer, upper_inner[::-1]]), dim(lips, 0.9))
    canvas.fill(np.concatenate([lower_outer, lower_inner[::-1]]), lips)
    _draw_lip_edges(canvas, scene, upper_inner, lower_outer)


def _draw_inside(canvas: Canvas, scene: Scene, upper: Points, lower: Points) -> None:
    outline = np.concatenate([upper, lower[1:-1]])
    middle = len(upper) // 2
    opening = float(lower[middle, 1] - upper[middle, 1])
    if opening < 0.015:
        return
    with canvas.clip(outline, 0.2):
        canvas.fill(outline, _CAVITY)
        if opening > 0.16:
            tongue = shift(lower[middle], 0, 0.02)
            canvas.fill(ellipse(tongue, (0.19, 0.32 * opening)), _TONGUE)
        _draw_teeth(canvas, scene, upper, opening)


def _draw_teeth(canvas: Canvas, scene: Scene, upper: Points, opening: float) -> None:
    middle = len(upper) // 2
    arch = 1 - np.linspace(-1, 1, len(upper)) ** 4
    height = min(0.12, 0.75 * opening + 0.012)
    gum = shift(upper, 0, -0.02)
    edge = upper[middle] + shift((upper - upper[middle]) * (1, 0.55), 0, height)
    edge[:, 1] = gum[:, 1] + (edge[:, 1] - gum[:, 1]) * arch
    teeth = np.concatenate([gum, edge[::-1]])
    canvas.fill(teeth, _TEETH)
    gaps = [np.stack([gum[i], edge[i]]) for i in range(3, len(upper) - 3, 3)]
    canvas.stroke(gaps, dim(_TEETH, 0.88), 0.006)
    stretch = max(scene.strength(20))
    if stretch > 0.3:
        bottom = shift(scene.landmarks[[67, 66, 65]], 0, 0.03)
        row = smooth_line(bottom)
        canvas.fill(ribbon(row, 0.055), dim(_TEETH, 0.9))


def _draw_lip_edges(canvas: Canvas, scene: Scene, upper: Points, lower_outer: Points) -> None:
    lips, skin = scene.identity.lips, scene.identity.skin
    pressed = max(scene.strength(24))
    line = ribbon(upper, (0.008 + 0.004 * pressed) * (0.4 + swell(len(upper))))
    canvas.fill(line, mix(dim(lips, 0.42), (50, 18, 20), 0.5))
    for corner in scene.landmarks[[60, 64]]:
        canvas.fill(ellipse(corner, (0.022, 0.013), 12), dim(skin, 0.42))
    under = shift(lower_outer[6:-6], 0, 0.012)
    canvas.fill(ribbon(under, 0.012 * swell(len(under))), mix(dim(skin, 0.78), lips, 0.25))
