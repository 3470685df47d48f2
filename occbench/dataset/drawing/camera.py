"""How the finished drawing becomes a photograph: exposure, focus and sensor noise."""

import random

import cv2
import numpy as np

from occbench.dataset.drawing.canvas import Canvas, Picture
from occbench.dataset.drawing.randomness import noise_for


def photograph(
    canvas: Canvas, *, size: int, rng: random.Random, key: tuple[object, ...]
) -> Picture:
    """Gives the picture at its delivered size, as a camera would take it.

    Args:
        canvas: The finished drawing.
        size: Width and height of the picture in pixels.
        rng: The picture's generator.
        key: Key of the sensor noise.

    Returns:
        Shape ``(size, size, 3)``, uint8, RGB.
    """
    exposure, warmth = rng.uniform(0.85, 1.1), rng.uniform(-0.06, 0.06)
    gamma, defocus = rng.uniform(0.9, 1.12), rng.uniform(0.1, 0.75)
    noise_level = rng.uniform(0.8, 4.0)
    picture = cv2.resize(canvas.image, (size, size), interpolation=cv2.INTER_AREA)
    sigma = defocus * size / 224
    if sigma > 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), sigma)
    gains = np.array([exposure * (1 + warmth), exposure, exposure * (1 - warmth)])
    levels = (np.arange(256) / 255.0) ** gamma
    table = np.clip(255 * levels[:, None] * gains, 0, 255).astype(np.uint8)
    graded = cv2.LUT(np.asarray(picture, dtype=np.uint8), table[None, :, :])
    return _add_noise(np.asarray(graded, dtype=np.uint8), noise_level, key)


def _add_noise(picture: Picture, level: float, key: tuple[object, ...]) -> Picture:
    rows, columns = picture.shape[:2]
    noise = noise_for("sensor", *key, count=rows * columns).reshape(rows, columns)
    grey = cv2.cvtColor(noise * np.float32(level), cv2.COLOR_GRAY2RGB)
    noisy = cv2.add(picture, grey, dtype=cv2.CV_8U)
    return np.asarray(noisy, dtype=np.uint8)
