"""Where the head is in the picture and how it is turned."""

import math
import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occbench.dataset.drawing.curves import Points

# Heads turn about a point behind the bridge of the nose, near the height of the cheekbones.
_PIVOT_HEIGHT = 0.4


@dataclass(frozen=True)
class Pose:
    """A head's turn and place.

    Attributes:
        yaw: Radians; positive turns the nose to the viewer's right.
        pitch: Radians; positive turns the nose up.
        roll: Radians; positive tilts the crown to the viewer's right.
        unit_fraction: Half a face width as a fraction of the picture's width.
        centre_fraction: Where the pivot lies, as fractions of width and height.
    """

    yaw: float
    pitch: float
    roll: float
    unit_fraction: float
    centre_fraction: tuple[float, float]

    def turn(self, points: npt.ArrayLike) -> Points:
        """Gives points of the head as seen along the line of sight, before roll.

        Args:
            points: Shape ``(n, 3)``, in half face widths.

        Returns:
            Shape ``(n, 2)``, float64, in half face widths, relative to the pivot.
        """
        x, y, z = np.asarray(points, dtype=np.float64).T
        y = y - _PIVOT_HEIGHT
        turned_x = x * math.cos(self.yaw) + z * math.sin(self.yaw)
        depth = z * math.cos(self.yaw) - x * math.sin(self.yaw)
        return np.stack([turned_x, y * math.cos(self.pitch) - depth * math.sin(self.pitch)], axis=1)

    def pixel_transform(self, size: int) -> Points:
        """Gives the map from turned points to pixels.

        Args:
            size: Width and height of the picture in pixels.

        Returns:
            Shape ``(2, 3)``, float64; pixel centres lie at integers.
        """
        unit = self.unit_fraction * size
        cosine, sine = unit * math.cos(self.roll), unit * math.sin(self.roll)
        x, y = (fraction * size - 0.5 for fraction in self.centre_fraction)
        return np.array([[cosine, -sine, x], [sine, cosine, y]])


def to_pixels(points: Points, transform: Points) -> Points:
    """Gives turned points in pixels.

    Args:
        points: Shape ``(..., 2)``, in half face widths.
        transform: Shape ``(2, 3)``, from ``Pose.pixel_transform``.

    Returns:
        The same shape, float64.
    """
    x, y = points[..., :1], points[..., 1:]
    return np.asarray(x * transform[:, 0] + y * transform[:, 1] + transform[:, 2])


def sample_pose(rng: random.Random) -> Pose:
    """Gives a pose like those of cropped portraits: nearly frontal, the face filling the frame.

    Args:
        rng: The picture's generator.

    Returns:
        Yaw within 0.4, pitch within 0.2 and roll within 0.26 (15 degrees), in radians.
    """
    roll_limit = math.radians(15)
    return Pose(
        yaw=rng.uniform(-0.4, 0.4) * rng.random(),
        pitch=rng.uniform(-0.2, 0.2) * rng.random(),
        roll=max(-roll_limit, min(roll_limit, rng.gauss(0.0, 0.08))),
        unit_fraction=rng.uniform(0.275, 0.32),
        centre_fraction=(0.5 + rng.uniform(-0.035, 0.035), 0.525 + rng.uniform(-0.03, 0.03)),
    )
