"""Hair in front of and behind the head."""

import random
from collections.abc import Callable

import numpy as np

from occbench.dataset.drawing.canvas import Canvas
from occbench.dataset.drawing.colours import dim, mix
from occbench.dataset.drawing.curves import Points, ellipse, resample, shift
from occbench.dataset.drawing.scene import Scene

_SAMPLES = 61
_STRAND = 13
_LAST_ROOT = _SAMPLES - _STRAND + 1
_HAIR_DEPTH = -0.35
_Outline = list[tuple[float, float]]


def _symmetric(right: _Outline) -> _Outline:
    """Gives a line from the viewer's left over the top to the right, from its right half."""
    return [(-x, y) for x, y in right[:0:-1]] + right


def _cap(volume: float, end: _Outline) -> _Outline:
    top = [(0.0, -1.42 - volume), (0.42, -1.36 - volume), (0.76, -1.15 - 0.9 * volume)]
    side = [(0.97 + 0.6 * volume, -0.82 - 0.4 * volume), (1.03 + 0.6 * volume, -0.45)]
    return _symmetric([*top, *side, *end])


def _high_hairline(height: float, end: _Outline) -> _Outline:
    return _symmetric([(0.0, -height), (0.34, -height), (0.64, -0.82 * height), (0.84, -0.5), *end])


def _parted_hairline(height: float, parting: float, end: _Outline) -> _Outline:
    right = [(0.5, -0.86 * height), (0.8, -0.52), *end]
    left = [(-x, y) for x, y in right[::-1]]
    return [*left, (parting, -1.02 * height), *right]


def _short(height: float, _: float) -> tuple[_Outline, _Outline]:
    end = [(0.955, -0.2), (0.965, 0.05)]
    return _cap(0.06, [(1.03, -0.15), (1.0, 0.08)]), _high_hairline(height, end)


def _shaved(height: float, _: float) -> tuple[_Outline, _Outline]:
    end = [(0.965, -0.2), (0.97, 0.0)]
    return _cap(0.0, [(1.01, -0.15), (0.99, 0.02)]), _high_hairline(height, end)


def _receding(_: float, __: float) -> tuple[_Outline, _Outline]:
    inner = [(0.0, -1.1), (0.3, -1.13), (0.62, -1.0), (0.82, -0.6), (0.95, -0.25), (0.965, 0.05)]
    return _cap(0.03, [(1.02, -0.15), (1.0, 0.08)]), _symmetric(inner)


def _parted(height: float, parting: float) -> tuple[_Outline, _Outline]:
    end = [(0.935, -0.2), (0.955, 0.12)]
    return _cap(0.12, [(1.07, -0.1), (1.0, 0.15)]), _parted_hairline(height, parting, end)


def _tied(height: float, parting: float) -> tuple[_Outline, _Outline]:
    end = [(0.94, -0.2), (0.97, 0.05)]
    return _cap(0.05, [(1.02, -0.1), (0.99, 0.08)]), _parted_hairline(height, parting, end)


def _long(height: float, parting: float) -> tuple[_Outline, _Outline]:
    inner = [(0.91, -0.15), (0.95, 0.35), (0.93, 0.8), (0.9, 1.4), (0.95, 2.4)]
    outer = [(1.14, 0.0), (1.2, 0.6), (1.25, 1.3), (1.3, 2.4)]
    return _cap(0.14, outer), _parted_hairline(height, parting, inner)


def _bob(height: float, _: float) -> tuple[_Outline, _Outline]:
    inner = [
        (0.0, 0.18 - height), (0.4, 0.2 - height), (0.72, 0.27 - height), (0.87, -0.35),
        (0.92, 0.0), (0.93, 0.5), (0.84, 0.95), (0.9, 1.12),
    ]  # fmt: skip
    return _cap(0.14, [(1.18, 0.0), (1.22, 0.5), (1.16, 0.95), (1.02, 1.2)]), _symmetric(inner)


def _curly(height: float, _: float) -> tuple[_Outline, _Outline]:
    end = [(0.95, -0.15), (0.98, 0.2)]
    return _cap(0.22, [(1.2, -0.1), (1.1, 0.3)]), _high_hairline(height, end)


# Each style gives its outer and its inner outline, from the viewer's left to the right.
STYLES: dict[str, Callable[[float, float], tuple[_Outline, _Outline]]] = {
    "short": _short,
    "shaved": _shaved,
    "receding": _receding,
    "parted": _parted,
    "tied": _tied,
    "long": _long,
    "bob": _bob,
    "curly": _curly,
}
_COMBED_BACK: frozenset[str] = frozenset({"short", "receding", "bob"})
_SHADES = 8
COVERS_EARS: frozenset[str] = frozenset({"long", "bob"})


def _place(scene: Scene, outline: _Outline, inset: float) -> Points:
    width = scene.identity.proportions.face_width
    flat = resample(outline, _SAMPLES)
    # Hair rises towards the viewer from the outline of the head to the hairline.
    depth = np.full(len(flat), _HAIR_DEPTH + inset)
    return scene.place(np.column_stack([flat[:, 0] * width, flat[:, 1], depth]))


def _outlines(scene: Scene) -> tuple[Points, Points]:
    identity = scene.identity
    outer, inner = STYLES[identity.hair_style](identity.hairline, identity.parting)
    return _place(scene, outer, 0.0), _place(scene, inner, 0.05)


def draw_back_hair(canvas: Canvas, scene: Scene, rng: random.Random) -> None:
    """Draws the hair that hangs behind the neck.

    Args:
        canvas: Changed in place.
        scene: The picture's face.
        rng: The person's generator of strands.
    """
    if scene.identity.hair_style not in COVERS_EARS:
        return
    outer, _ = _outlines(scene)
    colour = dim(scene.identity.hair, 0.6)
    canvas.fill(outer, colour)
    if scene.identity.hair_style == "long":
        roots = np.array([(rng.uniform(-1.0, 1.0), rng.uniform(0.85, 1.2)) for _ in range(20)])
        fall = np.array([(0.0, -0.2), (0.02, 0.7), (0.06, 1.9)])
        for x, shade in roots.tolist():
            canvas.stroke([fall * (np.sign(x), 1) + (x, 0)], dim(colour, shade), 0.03)


def draw_front_hair(canvas: Canvas, scene: Scene, rng: random.Random) -> None:
    """Draws the hair that covers the skull.

    Args:
        canvas: Changed in place; holds the face.
        scene: The picture's face.
        rng: The person's generator of strands.
    """
    outer, inner = _outlines(scene)
    style = scene.identity.hair_style
    if style == "shaved":
        _draw_cropped(canvas, scene, outer, inner, rng)
    elif style == "curly":
        _draw_curls(canvas, scene, outer, inner, rng)
    else:
        canvas.fill(np.concatenate([outer, inner[::-1]]), dim(scene.identity.hair, 0.92))
        combed = _combed_back if style in _COMBED_BACK else _hanging
        _draw_strands(canvas, scene, combed(outer, inner, rng), rng)


def _shine(scene: Scene, places: Points) -> Points:
    """Gives how bright hair is: most on the crown and on the side of the light, shape ``(n,)``."""
    sideways = 0.25 * scene.light.direction[0] * places[:, 0]
    crown = 0.22 * np.exp(-(((places[:, 1] + 1.5) / 0.5) ** 2))
    return np.asarray(0.88 + sideways + crown)


def _combed_back(outer: Points, inner: Points, rng: random.Random) -> Points:
    """Gives strands from the hairline to the outline of the hair, shape ``(n, 3, 2)``."""
    phase = rng.uniform(0.0, 6.0)
    picks = np.array([(rng.randrange(_SAMPLES), rng.random()) for _ in range(150)])
    at, start = picks[:, 0].astype(int), 0.5 * picks[:, 1:] - 0.02
    # Neighbouring strands lean the same way.
    lean = np.rint(1.5 * np.sin(at / 4 + phase)).astype(int)
    to = np.clip(at + lean, 0, _SAMPLES - 1)
    share = np.stack([start, start + 0.25, start + 0.5], axis=1)
    return np.asarray(inner[at][:, None] * (1 - share) + outer[to][:, None] * share)


def _hanging(outer: Points, inner: Points, rng: random.Random) -> Points:
    """Gives strands along the hair from the crown to the ends, shape ``(n, 5, 2)``."""
    picks = np.array([(rng.randrange(_LAST_ROOT), rng.random(), rng.random()) for _ in range(170)])
    at = picks[:, :1].astype(int) + np.arange(0, _STRAND, 3)
    start, drift = 1.1 * picks[:, 1:2] - 0.05, 0.25 * (picks[:, 2:] - 0.5)
    share = (start + drift * np.linspace(0, 1, at.shape[1])).clip(0, 1)[..., None]
    return np.asarray(outer[at] * (1 - share) + inner[at] * share)


def _draw_strands(canvas: Canvas, scene: Scene, strands: Points, rng: random.Random) -> None:
    shades = _shine(scene, strands.mean(axis=1))
    shades *= [rng.uniform(0.86, 1.12) for _ in range(len(strands))]
    order = np.argsort(shades, kind="stable")
    # Strands of nearly the same shade are drawn at once, the brightest last.
    for group in np.array_split(order, _SHADES):
        colour = dim(scene.identity.hair, float(shades[group].mean()))
        canvas.stroke(strands[group], colour, 0.02)


def _draw_cropped(
    canvas: Canvas, scene: Scene, outer: Points, inner: Points, rng: random.Random
) -> None:
    skin, hair = scene.identity.skin, scene.identity.hair
    for step in range(4):
        share = 0.04 * step
        edge = inner * (1 - share) + outer * share
        tone = dim(mix(skin, hair, 0.3 + 0.07 * step), 0.92)
        canvas.fill(np.concatenate([outer, edge[::-1]]), tone)
    picks = [(rng.randrange(_SAMPLES), rng.uniform(0.1, 0.95)) for _ in range(120)]
    depth = np.array([pick[1] for pick in picks])[:, None]
    at = [pick[0] for pick in picks]
    roots = inner[at] * (1 - depth) + outer[at] * depth
    canvas.stroke(np.stack([roots, shift(roots, 0.01, -0.025)], axis=1), dim(hair, 1.1), 0.008)


def _draw_curls(
    canvas: Canvas, scene: Scene, outer: Points, inner: Points, rng: random.Random
) -> None:
    hair = scene.identity.hair
    canvas.fill(np.concatenate([outer, inner[::-1]]), dim(hair, 0.72))
    # Curls lie evenly along the hair and by chance across it.
    at = np.arange(0, 16 * _SAMPLES, 9) % _SAMPLES
    share = np.array([(rng.random(),) for _ in at])
    centres = inner[at] * (1 - share) + outer[at] * share
    for centre, shade in zip(centres, _shine(scene, centres).tolist(), strict=True):
        radius, tone = rng.uniform(0.06, 0.11), dim(hair, shade * rng.uniform(0.75, 1.15))
        canvas.fill(ellipse(centre, (radius, radius), 14), tone)
        curl = ellipse(centre, (0.6 * radius, 0.6 * radius), 12)[:9]
        canvas.stroke([curl], dim(tone, 0.75), 0.014)
