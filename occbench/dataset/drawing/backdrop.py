"""What lies behind the face: background, clothes, neck and ears."""

import random

import cv2
import numpy as np

from occbench.dataset.drawing.canvas import Canvas
from occbench.dataset.drawing.colours import CLOTH_COLOURS, Colour, dim, mix, vary
from occbench.dataset.drawing.curves import Points, ellipse, ribbon, shift, smooth_line, smooth_loop
from occbench.dataset.drawing.hair import COVERS_EARS
from occbench.dataset.drawing.scene import Scene

_COARSE = 24


def draw_background(canvas: Canvas, rng: random.Random) -> None:
    """Draws an out-of-focus background: a gradient with soft spots of light and colour.

    Args:
        canvas: Changed in place.
        rng: The picture's generator.
    """
    level = rng.randint(70, 205)
    base = mix((level, level, level), _saturated(rng), rng.uniform(0.05, 0.4))
    across, down = rng.uniform(-0.3, 0.3), rng.uniform(-0.35, 0.1)
    place = np.linspace(-1, 1, _COARSE)
    gradient = 1 + across * place[None, :] + down * place[:, None]
    coarse = np.clip(gradient[..., None] * np.asarray(base), 0, 255).astype(np.uint8)
    for _ in range(rng.randint(0, 6)):
        spot = (rng.randrange(_COARSE), rng.randrange(_COARSE))
        colour = vary(dim(base, rng.uniform(0.7, 1.35)), 18, rng)
        cv2.circle(coarse, spot, rng.randint(2, 6), colour, -1)
    coarse = cv2.GaussianBlur(coarse, (0, 0), rng.uniform(0.7, 1.8))
    # Cubic steps keep the spots round; the last, large step need not.
    smooth = cv2.resize(coarse, (5 * _COARSE, 5 * _COARSE), interpolation=cv2.INTER_CUBIC)
    side = canvas.image.shape[0]
    cv2.resize(smooth, (side, side), dst=canvas.image, interpolation=cv2.INTER_LINEAR)


def _saturated(rng: random.Random) -> Colour:
    return (rng.randrange(40, 225), rng.randrange(40, 225), rng.randrange(40, 225))


def draw_body(canvas: Canvas, scene: Scene, rng: random.Random) -> None:
    """Draws shoulders, clothes and neck, slightly out of focus.

    Args:
        canvas: Changed in place; holds background and back hair.
        scene: The picture's face.
        rng: The picture's generator.
    """
    p, skin = scene.landmarks, scene.identity.skin
    wide = 0.62 + 0.9 * scene.identity.proportions.jaw_width
    bottom = 0.5 * (p[5] + p[11])[0]
    cloth = vary(rng.choice(CLOTH_COLOURS), 14, rng)
    shoulders = _mirrored([(0.0, 1.5), (0.75, 1.5), (1.2, 1.62), (2.2, 1.95), (2.4, 3.2)], bottom)
    neck = _mirrored([(wide, 0.3), (wide, 1.1), (wide + 0.1, 1.42)], bottom)
    collar = _mirrored([(0.0, 1.95), (0.45, 1.8), (wide + 0.1, 1.42)], bottom)
    throat = np.concatenate([neck, collar[::-1]])
    canvas.fill(shoulders, cloth)
    canvas.fill(throat, dim(skin, 0.8))
    canvas.fill(ribbon(collar, 0.03), dim(cloth, 0.8))
    jaw = smooth_line(p[3:14])
    with canvas.clip(throat, 0.4):
        for drop in (0.3, 0.22, 0.14):
            shadow = np.concatenate([shift(jaw * (0.96, 1.0), 0, drop), jaw[::-1]])
            canvas.fill(shadow, dim(skin, 0.5 + 0.8 * drop))
    width = max(3, round(0.04 * canvas.unit) | 1)
    cv2.blur(canvas.image, (width, width), dst=canvas.image)


def _mirrored(right: list[tuple[float, float]], centre: float) -> Points:
    half = smooth_line(right)
    return shift(np.concatenate([half[::-1] * (-1, 1), half]), centre, 0)


def draw_ears(canvas: Canvas, scene: Scene) -> None:
    """Draws both ears, unless hair covers them.

    Args:
        canvas: Changed in place.
        scene: The picture's face.
    """
    if scene.identity.hair_style in COVERS_EARS:
        return
    skin = scene.identity.skin
    for temple, jaw, outward in ((0, 2, -1), (16, 14, 1)):
        top, lobe = shift(scene.landmarks[temple], 0, -0.03), shift(scene.landmarks[jaw], 0, 0.02)
        ear = [
            top,
            shift(top, 0.07 * outward, -0.06),
            shift(top, 0.15 * outward, 0.02),
            shift(0.5 * (top + lobe), 0.14 * outward, 0.0),
            shift(lobe, 0.06 * outward, -0.02),
            lobe,
        ]
        canvas.fill(smooth_loop(ear), mix(dim(skin, 0.86), (190, 80, 70), 0.08))
        hollow = shift(0.55 * top + 0.45 * lobe, 0.07 * outward, 0.0)
        canvas.fill(ellipse(hollow, (0.035, 0.12), 16), mix(dim(skin, 0.74), (150, 60, 50), 0.1))
