"""Eyes, lashes and brows."""

import random

import numpy as np

from occbench.dataset.drawing.canvas import Canvas
from occbench.dataset.drawing.colours import Colour, dim, mix
from occbench.dataset.drawing.curves import Points, ellipse, ribbon, shift, smooth_line, swell
from occbench.dataset.drawing.scene import Scene

_SCLERA: Colour = (238, 232, 226)
_CARUNCLE: Colour = (198, 128, 120)
_LASH: Colour = (34, 24, 22)
_PUPIL: Colour = (14, 11, 11)
# Upper lid from the outer to the inner corner, then the lower lid back.
_LIDS: tuple[tuple[list[int], list[int]], ...] = (
    ([36, 37, 38, 39], [39, 40, 41, 36]),
    ([45, 44, 43, 42], [42, 47, 46, 45]),
)
# Diameter of the iris as a fraction of the width of the eye opening; a human iris is 11.7 mm wide
# on average (Rüfer et al. 2005), and the opening is taken as 26 mm here.
_IRIS_FRACTION = 0.45


def draw_eyes(canvas: Canvas, scene: Scene) -> None:
    """Draws eyeballs, lids and lashes between the landmarks of the eyes.

    Args:
        canvas: Changed in place.
        scene: The picture's face.
    """
    for side, (upper_points, lower_points) in enumerate(_LIDS):
        upper = smooth_line(scene.landmarks[upper_points], 7)
        lower = smooth_line(scene.landmarks[lower_points], 7)
        _draw_lid_fold(canvas, scene, upper, side)
        _draw_eyeball(canvas, scene, upper, lower)
        _draw_lashes(canvas, scene, upper, lower)


def _iris(scene: Scene, upper: Points) -> tuple[Points, float]:
    outer, inner = upper[0], upper[-1]
    width = float(np.hypot(*(inner - outer)))
    radius = _IRIS_FRACTION * width / 2 * scene.identity.proportions.eye_size**-0.5
    # The eyeball does not move with the lids: its height follows the corners alone.
    centre = shift(0.5 * (outer + inner), 0.0, -0.028)
    return centre + np.asarray(scene.gaze) * width / 2, radius


def _draw_eyeball(canvas: Canvas, scene: Scene, upper: Points, lower: Points) -> None:
    outline = np.concatenate([upper, lower[1:-1]])
    centre, radius = _iris(scene, upper)
    colour = scene.identity.iris
    rings = ((1.0, dim(colour, 0.45)), (0.86, colour), (0.44, _PUPIL))
    with canvas.clip(outline, 0.15):
        canvas.fill(outline, _SCLERA)
        canvas.fill(ellipse(upper[-1], (0.045, 0.035), 12), _CARUNCLE)
        for share, tone in rings:
            canvas.fill(ellipse(centre, (share * radius, share * radius)), tone)
        glow = ellipse(shift(centre, 0, 0.62 * radius), (0.45 * radius, 0.18 * radius), 14)
        canvas.fill(glow, dim(colour, 1.3))
        # The upper lid throws a shadow on the eyeball.
        shadow = ribbon(shift(upper, 0, 0.012), 0.014)
        canvas.fill(shadow, dim(mix(_SCLERA, scene.identity.skin, 0.3), 0.6))


def _draw_lid_fold(canvas: Canvas, scene: Scene, upper: Points, side: int) -> None:
    skin, lashes = scene.identity.skin, scene.identity.lashes
    open_wide, tight = scene.strength(5)[side], scene.strength(7)[side]
    lift = max(0.02, 0.062 - 0.02 * open_wide - 0.02 * tight)
    share = swell(len(upper))[:, None]
    fold = upper - share * np.array((0.0, lift))
    lid = np.concatenate([upper, fold[::-1]])
    canvas.fill(lid, mix(dim(skin, 0.93), (120, 70, 70), 0.10 * lashes))
    canvas.fill(ribbon(fold, 0.011 * share[:, 0]), dim(skin, 0.58))


def _draw_lashes(canvas: Canvas, scene: Scene, upper: Points, lower: Points) -> None:
    lashes, skin = scene.identity.lashes, scene.identity.skin
    along = np.linspace(0, 1, len(upper))
    thickness = (0.010 + 0.011 * lashes) * (1.15 - along) ** 0.4
    canvas.fill(ribbon(lower, 0.008), mix(dim(skin, 0.55), _LASH, 0.25))
    canvas.fill(ribbon(upper, thickness), _LASH)
    if lashes > 0.5:
        outward = np.sign(upper[0, 0] - upper[-1, 0])
        tip = shift(upper[0], 0.055 * outward, -0.035)
        wing = smooth_line([upper[3], upper[0], tip], 5)
        canvas.fill(ribbon(wing, np.linspace(0.016, 0.002, len(wing)) * lashes), _LASH)


def draw_catchlights(canvas: Canvas, scene: Scene) -> None:
    """Draws the reflection of the light in both eyes.

    Args:
        canvas: Changed in place; holds the eyes under their light.
        scene: The picture's face.
    """
    sideways = scene.light.direction[0]
    for upper_points, lower_points in _LIDS:
        upper = smooth_line(scene.landmarks[upper_points], 5)
        lower = smooth_line(scene.landmarks[lower_points], 5)
        centre, radius = _iris(scene, upper)
        spot = shift(centre, 0.6 * radius * sideways, -0.33 * radius)
        with canvas.clip(np.concatenate([upper, lower[1:-1]]), 0.05):
            canvas.fill(ellipse(spot, (0.24 * radius, 0.24 * radius), 12), (252, 252, 250))


def draw_brows(canvas: Canvas, scene: Scene, rng: random.Random) -> None:
    """Draws both brows along their landmarks.

    Args:
        canvas: Changed in place.
        scene: The picture's face.
        rng: The person's generator of single hairs.
    """
    identity = scene.identity
    colour = mix(dim(identity.hair, 0.8), dim(identity.skin, 0.4), 0.45)
    for points in (scene.landmarks[17:22], scene.landmarks[26:21:-1]):
        line = smooth_line(points, 6)
        along = np.linspace(0, 1, len(line))
        half = 0.5 * identity.brow_thickness * np.clip(0.25 + 1.5 * along, 0, 1)
        half[-3:] *= (0.9, 0.75, 0.5)
        canvas.fill(ribbon(line, half), mix(colour, identity.skin, 0.28))
        canvas.stroke(_brow_hairs(line, half, rng), dim(colour, 0.8), 0.011)


def _brow_hairs(line: Points, half: Points, rng: random.Random) -> Points:
    # Hairs grow outwards and up, and stay within the brow.
    count = 34
    root = np.array([rng.randrange(3, len(line)) for _ in range(count)])
    tip = root - [rng.randint(2, 3) for _ in range(count)]
    low = half[root] * [rng.uniform(0.1, 0.9) for _ in range(count)]
    high = half[tip] * [rng.uniform(-1.05, -0.3) for _ in range(count)]
    hairs = np.stack([line[root], line[tip]], axis=1)
    hairs[..., 1] += np.stack([low, high], axis=1)
    return hairs
