"""The Samsung Gear VR patch of Houshmand and Khan."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2

from occbench.geometry.landmarks import LEFT_EYE, RIGHT_EYE, Landmarks68
from occbench.geometry.polygon import Region
from occbench.geometry.rect import RotatedRect
from occbench.occluders.base import Fill
from occbench.occluders.devices import device
from occbench.occluders.rules import checked_fill, checked_seed


@dataclass(frozen=True)
class GearVR:
    """A rectangle as wide as the temples and half as high, between the eyes' own centres.

    It differs from ``headset`` in its centre and angle: both come from the means of the six
    points of each eye, not from the outer corners. Source: Houshmand and Khan 2020, "Facial
    Expression Recognition Under Partial Occlusion from Virtual Reality Headsets based on
    Transfer Learning", BigMM; bita-github/MRP-FER, occlusion_simulation.py at 9e4f158
    (scale_VR, find_EyeCentre, get_VR_points, rotate_pts). The original cuts every
    coordinate to whole pixels; here they stay exact.

    Args:
        fill: see ``paint``; the original paints grey level 1.
        seed: for fills that are drawn at random.
    """

    fill: Fill = "black"
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "fill", checked_fill(self.fill))
        checked_seed(self.seed)

    def region(self, landmarks: Landmarks68, *, size: tuple[int, int], seed: int) -> Region:  # noqa: ARG002
        """The rectangle as a region; neither the image's size nor the seed matter."""
        left = landmarks.points[LEFT_EYE].mean(axis=0)
        right = landmarks.points[RIGHT_EYE].mean(axis=0)
        x, y = (left + right) / 2
        width = landmarks.face_width
        height = width * device("gear-vr").aspect
        angle = atan2(right[1] - left[1], right[0] - left[0])
        return Region((RotatedRect(float(x), float(y), width, height, angle).corners(),))


OCCLUDER = GearVR
