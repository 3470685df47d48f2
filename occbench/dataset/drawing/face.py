"""One drawn face: the picture and its exact landmarks."""

import math
import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occbench.dataset.drawing.backdrop import draw_background, draw_body, draw_ears
from occbench.dataset.drawing.camera import photograph
from occbench.dataset.drawing.canvas import Canvas
from occbench.dataset.drawing.complexion import head_outline, light_skin
from occbench.dataset.drawing.expressions import EXPRESSIONS, sample_activation
from occbench.dataset.drawing.eyes import draw_brows, draw_catchlights, draw_eyes
from occbench.dataset.drawing.hair import draw_back_hair, draw_front_hair
from occbench.dataset.drawing.identity import sample_identity
from occbench.dataset.drawing.mouth import draw_mouth
from occbench.dataset.drawing.nose import draw_nose
from occbench.dataset.drawing.pose import sample_pose, to_pixels
from occbench.dataset.drawing.randomness import random_for
from occbench.dataset.drawing.scene import Light, Scene, compose_scene

SMALLEST_SIZE, LARGEST_SIZE = 32, 1024


@dataclass(frozen=True, eq=False)
class DrawnFace:
    """A drawn face with its landmarks.

    Attributes:
        image: Shape ``(size, size, 3)``, uint8, RGB.
        landmarks: Shape ``(68, 2)``, float32, x right and y down in pixels of ``image``, pixel
            centres at integers, in the order of iBUG 300-W.
    """

    image: npt.NDArray[np.uint8]
    landmarks: npt.NDArray[np.float32]


def draw_face(
    *, identity: int, expression: str, index: int, seed: int, size: int = 224
) -> DrawnFace:
    """Draws one picture of one person.

    The same arguments give the same bytes. The person (shape of the face, colours, hair) depends
    on ``seed`` and ``identity``; pose, light, background, intensity of the expression and noise
    depend on all arguments but ``size``.

    Args:
        identity: Number of the person.
        expression: One of ``EXPRESSIONS``.
        index: Number of the picture among those of this person and expression.
        seed: Number of the population, 0 or more.
        size: Width and height in pixels, 32 to 1024.

    Returns:
        The picture and the landmarks it was drawn from.

    Raises:
        ValueError: The expression is unknown, the seed is negative or the size is out of range.
    """
    if expression not in EXPRESSIONS:
        names = ", ".join(EXPRESSIONS)
        raise ValueError(f"expression must be one of {names}. Received: expression={expression!r}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more. Received: seed={seed!r}")
    if not SMALLEST_SIZE <= size <= LARGEST_SIZE:
        limits = f"{SMALLEST_SIZE} to {LARGEST_SIZE}"
        raise ValueError(f"size must be {limits} pixels. Received: size={size!r}")
    key = (seed, identity, expression, index)
    scene = _arrange(key)
    canvas = Canvas(size=size, pose=scene.pose)
    _draw(canvas, scene, key)
    image = photograph(canvas, size=size, rng=random_for("camera", *key), key=key)
    landmarks = to_pixels(scene.landmarks, scene.pose.pixel_transform(size))
    return DrawnFace(image=image, landmarks=landmarks.astype(np.float32))


def _arrange(key: tuple[int, int, str, int]) -> Scene:
    seed, identity, expression, _ = key
    staging = random_for("staging", *key)
    return compose_scene(
        identity=sample_identity(identity=identity, seed=seed),
        activation=sample_activation(expression, random_for("muscles", *key)),
        pose=sample_pose(staging),
        light=_sample_light(staging),
        gaze=(staging.uniform(-0.16, 0.16), staging.uniform(-0.04, 0.06)),
    )


def _sample_light(rng: random.Random) -> Light:
    sideways, upward = rng.uniform(-0.55, 0.55), rng.uniform(0.15, 0.55)
    length = math.sqrt(sideways**2 + upward**2 + 1)
    return Light(
        direction=(sideways / length, -upward / length, 1 / length),
        ambient_fraction=rng.uniform(0.25, 0.5),
    )


def _draw(canvas: Canvas, scene: Scene, key: tuple[int, int, str, int]) -> None:
    seed, identity, *_ = key
    staging, strands = random_for("backdrop", *key), random_for("strands", seed, identity)
    draw_background(canvas, staging)
    draw_back_hair(canvas, scene, strands)
    draw_body(canvas, scene, staging)
    draw_ears(canvas, scene)
    canvas.fill(head_outline(scene), scene.identity.skin)
    draw_eyes(canvas, scene)
    draw_nose(canvas, scene)
    draw_mouth(canvas, scene)
    draw_brows(canvas, scene, strands)
    light_skin(canvas, scene, key=key)
    draw_catchlights(canvas, scene)
    draw_front_hair(canvas, scene, strands)
