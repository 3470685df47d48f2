"""A rectangle turned about its centre."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RotatedRect:
    """A rectangle with its centre at ``(cx, cy)``; all in pixels, y down.

    ``angle`` is in radians and turns the width axis from x towards y, which is clockwise on
    screen. A point p is inside iff ``|(p - c).u| <= width / 2`` and ``|(p - c).v| <= height / 2``
    with ``u = (cos, sin)`` and ``v = (-sin, cos)``.
    """

    cx: float
    cy: float
    width: float
    height: float
    angle: float

    def corners(self) -> NDArray[np.float64]:
        """The corners ``(4, 2)``, upper left first and clockwise when the angle is 0."""
        cosine, sine = cos(self.angle), sin(self.angle)
        ux, uy = cosine * self.width / 2, sine * self.width / 2
        vx, vy = -sine * self.height / 2, cosine * self.height / 2
        offsets = ((-ux - vx, -uy - vy), (ux - vx, uy - vy), (ux + vx, uy + vy), (vx - ux, vy - uy))
        return np.array([(self.cx + x, self.cy + y) for x, y in offsets])
