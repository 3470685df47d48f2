"""A headset as a rectangle from temple to temple, turned with the eyes."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from occbench.errors import SpecError
from occbench.geometry.landmarks import LEFT_TEMPLE, RIGHT_TEMPLE, Landmarks68
from occbench.geometry.polygon import Region
from occbench.geometry.rect import RotatedRect
from occbench.occluders.base import Fill
from occbench.occluders.devices import device
from occbench.occluders.rules import checked_fill, checked_number, checked_seed

_CENTRES = ("eyes", "temples")


@dataclass(frozen=True)
class Headset:
    """The headset rectangle of the AffectNet occlusion study.

    Width is the temple distance ``|p16 - p0|``, height follows the device's front
    (105 / 224 for the Quest 2), the centre is the midpoint of the outer eye corners p36 and
    p45, and the width axis runs from p36 to p45. Source:
    LeanderWernst/facial-expression-recognition, notebook
    230531_occlusion_pipeline_v3_final. Its report prints the height formula upside down.

    Args:
        device: a headset of ``devices.toml``; gives the aspect.
        scale: width over temple distance; both sides grow with it.
        aspect: height over width; takes the device's place.
        centre: ``eyes``, or ``temples`` to slide along the eye axis until the rectangle
            lies between the temples (a variant in the same notebooks, for turned heads).
        fill: see ``paint``.
        seed: for fills that are drawn at random.
    """

    device: str = "quest-2"
    scale: float = 1.0
    aspect: float | None = None
    centre: str = "eyes"
    fill: Fill = "black"
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.device, str):
            raise SpecError(f"'device' is {self.device!r}; expected a name in quotes.")
        device(self.device)
        if self.centre not in _CENTRES:
            raise SpecError(f"'centre' is {self.centre!r}; expected 'eyes' or 'temples'.")
        object.__setattr__(self, "scale", checked_number("scale", self.scale, 0.01, 5))
        if self.aspect is not None:
            object.__setattr__(self, "aspect", checked_number("aspect", self.aspect, 0.01, 5))
        object.__setattr__(self, "fill", checked_fill(self.fill))
        checked_seed(self.seed)

    def rect(self, landmarks: Landmarks68) -> RotatedRect:
        """The rectangle on one face."""
        width = self.scale * landmarks.face_width
        aspect = device(self.device).aspect if self.aspect is None else self.aspect
        x, y = self._centre(landmarks)
        return RotatedRect(x, y, width, width * aspect, landmarks.roll)

    def region(self, landmarks: Landmarks68, *, size: tuple[int, int], seed: int) -> Region:  # noqa: ARG002
        """The rectangle as a region; neither the image's size nor the seed matter."""
        return Region((self.rect(landmarks).corners(),))

    def _centre(self, landmarks: Landmarks68) -> tuple[float, float]:
        x, y = landmarks.eye_centre
        if self.centre == "eyes":
            return x, y
        between = (landmarks.points[LEFT_TEMPLE] + landmarks.points[RIGHT_TEMPLE]) / 2
        axis = np.array([cos(landmarks.roll), sin(landmarks.roll)])
        slide = float((between - (x, y)) @ axis)
        return x + slide * float(axis[0]), y + slide * float(axis[1])


OCCLUDER = Headset
