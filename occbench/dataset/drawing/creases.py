"""Furrows and folds: where the skin folds and how deeply, from the action units and age."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occbench.dataset.drawing.curves import Points, shift, smooth_line, swell
from occbench.dataset.drawing.scene import Scene

# Landmarks of the two halves, named as on the viewer's left.
_SIDES: tuple[dict[str, int], dict[str, int]] = (
    {"wing": 31, "corner": 48, "outer": 36, "inner": 39, "lid_out": 41, "lid_in": 40},
    {"wing": 35, "corner": 54, "outer": 45, "inner": 42, "lid_out": 46, "lid_in": 47},
)

_LEAST_VISIBLE_DEPTH = 0.06


@dataclass(frozen=True)
class Crease:
    """One fold of the skin.

    Attributes:
        line: Shape ``(n, 2)``, in half face widths.
        depth: Shape ``(n,)``, 0 (none) to 1 (deep).
    """

    line: Points
    depth: npt.NDArray[np.float64]


def _fading(points: list[Points], depth: float) -> Crease:
    line = smooth_line(points, 3)
    return Crease(line, depth * swell(len(line)))


def find_creases(scene: Scene) -> list[Crease]:
    """Gives the folds of a face.

    Which action unit folds the skin where follows Ekman, Friesen and Hager (2002); the depths
    are chosen here.

    Args:
        scene: The picture's face.

    Returns:
        The folds that are deep enough to be seen.
    """
    creases = [*_forehead(scene), *_frown(scene), *_nose_root(scene), *_chin(scene)]
    for side in (0, 1):
        creases += [*_eye(scene, side), *_cheek(scene, side), *_mouth_corner(scene, side)]
    return [crease for crease in creases if crease.depth.max() > _LEAST_VISIBLE_DEPTH]


def _forehead(scene: Scene) -> list[Crease]:
    p, age = scene.landmarks, scene.identity.age
    inner, outer = scene.strength(1), scene.strength(2)
    raised = np.array([outer[0], outer[0], 0.5 * (outer[0] + inner[0]), inner[0], inner[0]])
    raised_right = np.array([inner[1], inner[1], 0.5 * (outer[1] + inner[1]), outer[1], outer[1]])
    depth = 0.14 * age + (0.35 + 0.3 * age) * np.concatenate([raised, raised_right])
    depth[[0, -1]] *= 0.1
    knots = p[18:26].copy()
    knots[:, 1] = 0.35 * knots[:, 1] + 0.65 * knots[:, 1].mean()
    creases = []
    for row in range(3):
        line = smooth_line(shift(knots * (0.95 - 0.08 * row, 1), 0, -0.17 - 0.13 * row), 3)
        along = np.linspace(0, len(depth) - 1, len(line))
        fading = np.interp(along, np.arange(len(depth)), depth)
        creases.append(Crease(line, fading * (1 - 0.15 * row)))
    return creases


def _frown(scene: Scene) -> list[Crease]:
    p = scene.landmarks
    frown, wrinkle = scene.strength(4), scene.strength(9)
    creases = []
    for side, place in enumerate((0.28, 0.72)):
        top = p[21] * (1 - place) + p[22] * place
        outward = -1 if side == 0 else 1
        depth = 0.95 * frown[side] + 0.45 * wrinkle[side] + 0.15 * scene.identity.age
        line = [
            shift(top, 0.02 * outward, -0.11),
            shift(top, -0.008 * outward, 0.0),
            shift(top, 0.005 * outward, 0.1),
        ]
        creases.append(_fading(line, min(depth, 1.0)))
    return creases


def _nose_root(scene: Scene) -> list[Crease]:
    p = scene.landmarks
    wrinkle = max(scene.strength(9)) + 0.2 * max(scene.strength(10))
    creases: list[Crease] = []
    if wrinkle < _LEAST_VISIBLE_DEPTH:
        return creases
    for place in (0.1, 0.55, 1.0):
        middle = p[27] * (1 - place) + p[28] * place
        half = 0.09 - 0.02 * place
        line = [shift(middle, -half, -0.015), shift(middle, 0, 0.015), shift(middle, half, -0.015)]
        creases.append(_fading(line, 0.5 * wrinkle))
    for outward in (-1, 1):
        for drop in (0.0, 0.08):
            start = shift(p[28], 0.11 * outward, -0.07 + drop)
            line = [start, shift(start, 0.06 * outward, 0.05), shift(start, 0.09 * outward, 0.12)]
            creases.append(_fading(line, 0.55 * wrinkle))
    return creases


def _chin(scene: Scene) -> list[Crease]:
    p = scene.landmarks
    raised = sum(scene.strength(17)) / 2
    pressed = sum(scene.strength(24)) / 2
    middle = shift(p[57], 0.0, 0.085)
    fold = [shift(middle, -0.17, 0.03), shift(middle, 0, -0.01), shift(middle, 0.17, 0.03)]
    creases = [_fading(fold, 0.16 + 0.45 * raised + 0.3 * pressed)]
    if raised < _LEAST_VISIBLE_DEPTH:
        return creases
    ball = 0.55 * p[8] + 0.45 * p[57]
    for x, y in ((-0.1, 0.04), (0.09, 0.05), (0.0, 0.0), (-0.05, 0.11), (0.06, 0.12)):
        dent = shift(ball, x, y)
        creases.append(
            _fading([shift(dent, -0.025, 0.012), dent, shift(dent, 0.03, 0.01)], 0.7 * raised)
        )
    return creases


def _eye(scene: Scene, side: int) -> list[Crease]:
    p, of = scene.landmarks, _SIDES[side]
    age, outward = scene.identity.age, (-1, 1)[side]
    cheek, smile = scene.strength(6)[side], scene.strength(12)[side]
    tight, wrinkle = scene.strength(7)[side], scene.strength(9)[side]
    pouch = [
        shift(p[of["outer"]], 0.03 * -outward, 0.07),
        shift(p[of["lid_out"]], 0, 0.075),
        shift(p[of["lid_in"]], 0, 0.08),
        shift(p[of["inner"]], 0.02 * -outward, 0.075),
    ]
    creases = [_fading(pouch, 0.14 + 0.25 * age + 0.5 * cheek + 0.4 * tight + 0.3 * wrinkle)]
    crow_feet = (0.6 + 0.2 * age) * cheek + 0.2 * age * (0.4 + smile)
    if crow_feet < _LEAST_VISIBLE_DEPTH:
        return creases
    for rise in (-0.075, 0.0, 0.07):
        start = shift(p[of["outer"]], 0.06 * outward, 0.01 + 0.5 * rise)
        ray = [
            start,
            shift(start, 0.07 * outward, 0.55 * rise),
            shift(start, 0.13 * outward, 1.2 * rise),
        ]
        creases.append(_fading(ray, crow_feet))
    return creases


def _cheek(scene: Scene, side: int) -> list[Crease]:
    p, of = scene.landmarks, _SIDES[side]
    age, outward = scene.identity.age, (-1, 1)[side]
    depth = (
        0.12
        + 0.3 * age
        + 0.55 * scene.strength(12)[side]
        + 0.6 * scene.strength(10)[side]
        + 0.45 * scene.strength(9)[side]
        + 0.6 * scene.strength(11)[side]
    )
    top = shift(p[of["wing"]], 0.05 * outward, -0.05)
    end = shift(p[of["corner"]], 0.09 * outward, 0.01)
    bow = shift(0.5 * (top + end), 0.05 * outward, -0.03)
    creases = [_fading([top, bow, end], min(depth, 0.95))]
    stretch = scene.strength(20)[side]
    if stretch < _LEAST_VISIBLE_DEPTH:
        return creases
    for away in (0.1, 0.17):
        start = shift(p[of["corner"]], away * outward, -0.08)
        line = [start, shift(start, 0.025 * outward, 0.09), shift(start, 0.0, 0.19)]
        creases.append(_fading(line, 0.55 * stretch))
    return creases


def _mouth_corner(scene: Scene, side: int) -> list[Crease]:
    corner, outward = scene.landmarks[_SIDES[side]["corner"]], (-1, 1)[side]
    down, dimple = scene.strength(15)[side], scene.strength(14)[side]
    droop = [
        shift(corner, 0.02 * outward, 0.03),
        shift(corner, 0.045 * outward, 0.1),
        shift(corner, 0.045 * outward, 0.19),
    ]
    comma = [
        shift(corner, 0.03 * outward, -0.07),
        shift(corner, 0.055 * outward, 0.0),
        shift(corner, 0.035 * outward, 0.06),
    ]
    return [
        _fading(droop, 0.75 * down + 0.2 * scene.identity.age),
        _fading(comma, dimple + 0.25 * scene.strength(12)[side]),
    ]
