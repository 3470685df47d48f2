"""Nostrils and the shadow under the nose."""

from occbench.dataset.drawing.canvas import Canvas
from occbench.dataset.drawing.colours import dim
from occbench.dataset.drawing.curves import ellipse, ribbon, shift, smooth_line, swell
from occbench.dataset.drawing.scene import Scene


def draw_nose(canvas: Canvas, scene: Scene) -> None:
    """Draws the wings of the nose, the nostrils and the shadow under the tip.

    Args:
        canvas: Changed in place.
        scene: The picture's face.
    """
    p, skin = scene.landmarks, scene.identity.skin
    base = smooth_line(p[31:36])
    canvas.fill(ribbon(shift(base, 0, -0.004), 0.016 * swell(len(base))), dim(skin, 0.8))
    for wing, between, outward in ((31, 32, -1), (35, 34, 1)):
        alar = smooth_line(
            [
                shift(p[wing], -0.045 * outward, 0.012),
                p[wing],
                shift(p[wing], 0.032 * outward, -0.055),
                shift(p[wing], 0.012 * outward, -0.125),
            ]
        )
        canvas.fill(ribbon(alar, 0.010 * swell(len(alar))), dim(skin, 0.76))
        nostril = shift(0.42 * p[wing] + 0.58 * p[between], 0, -0.018)
        canvas.fill(ellipse(nostril, (0.05, 0.02), 20), dim(skin, 0.36))
