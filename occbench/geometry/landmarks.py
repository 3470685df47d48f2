"""The 68 facial landmarks of the iBUG 300-W scheme.

Points are in pixels, x to the right and y down, pixel centres at integers. Order (Sagonas
et al. 2013, "300 Faces in-the-Wild Challenge", figure 1, counted from 0): 0-16 jaw from the
viewer's left temple over the chin to the right one, 17-26 brows, 27-35 nose, 36-41 the eye
on the viewer's left (36 its outer corner), 42-47 the other (45 its outer corner), 48-67 mouth.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.errors import DataError

POINTS = 68
LEFT_TEMPLE, CHIN, RIGHT_TEMPLE = 0, 8, 16
LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)
LEFT_EYE_OUTER, RIGHT_EYE_OUTER = 36, 45

_EYES_AND_CHIN = LEFT_EYE_OUTER, RIGHT_EYE_OUTER, CHIN

# Narrower faces show no expression; points given as fractions of the image end here too.
_SMALLEST_FACE = 1.0
# No image is larger by far; beyond, squares of coordinates lose whole pixels to rounding.
_FARTHEST = 1e6


@dataclass(frozen=True, eq=False)
class Landmarks68:
    """The landmarks of one face, checked.

    Args:
        points: ``(68, 2)`` or flat ``(136,)`` as x0, y0, x1, y1, ...; any numeric dtype or
            text that reads as numbers. Kept as float64 ``(68, 2)``, read-only.

    Raises:
        DataError: wrong shape, not numbers, NaN, infinite or beyond 1e100, temples less than
            one pixel apart, both outer eye corners in one place, or left and right swapped.
    """

    points: NDArray[np.float64]

    def __post_init__(self) -> None:
        points = _as_points(self.points)
        _check(points)
        points.flags.writeable = False
        object.__setattr__(self, "points", points)

    @property
    def face_width(self) -> float:
        """Distance from temple to temple, ``|p16 - p0|``, in pixels."""
        return _distance(self.points, LEFT_TEMPLE, RIGHT_TEMPLE)

    @property
    def eye_centre(self) -> tuple[float, float]:
        """The midpoint of the outer eye corners p36 and p45 as x, y."""
        left_x, left_y = _point(self.points, LEFT_EYE_OUTER)
        right_x, right_y = _point(self.points, RIGHT_EYE_OUTER)
        return (left_x + right_x) / 2, (left_y + right_y) / 2

    @property
    def roll(self) -> float:
        """Angle of the eye axis p36 -> p45 in radians; positive is clockwise on screen."""
        left_x, left_y = _point(self.points, LEFT_EYE_OUTER)
        right_x, right_y = _point(self.points, RIGHT_EYE_OUTER)
        return atan2(right_y - left_y, right_x - left_x)


def usable(stack: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows of a stack ``(N, 68, 2)`` make valid ``Landmarks68``, as ``(N,)``."""
    points = stack.astype(np.float64, copy=False)
    near = (np.abs(points) <= _FARTHEST).all(axis=(1, 2))
    with np.errstate(over="ignore", invalid="ignore"):
        across = points[:, RIGHT_TEMPLE] - points[:, LEFT_TEMPLE]
        wide = np.hypot(across[:, 0], across[:, 1]) >= _SMALLEST_FACE
        left, right, chin = (points[:, point] for point in _EYES_AND_CHIN)
        axis, down = right - left, chin - (left + right) / 2
        upright = axis[:, 0] * down[:, 1] - axis[:, 1] * down[:, 0] > 0
    result: NDArray[np.bool_] = near & wide & upright
    return result


def _as_points(values: Any) -> NDArray[np.float64]:
    array = np.asarray(values)
    if array.shape not in ((POINTS, 2), (2 * POINTS,)):
        raise DataError(
            f"landmarks have the shape {array.shape}; expected (68, 2) or (136,) in the "
            "iBUG 300-W order"
        )
    if array.dtype.kind not in "biufSU":
        raise DataError(f"landmarks have the dtype {array.dtype}; expected numbers")
    try:
        points: NDArray[np.float64] = array.astype(np.float64).reshape(POINTS, 2)
    except ValueError as error:
        raise DataError("landmarks hold text that is no number") from error
    return points


def _check(points: NDArray[np.float64]) -> None:
    # Also false where there is NaN.
    if not np.abs(points).max() <= _FARTHEST:
        missing = int((~np.isfinite(points)).any(axis=1).sum())
        if missing:
            raise DataError(f"{missing} of 68 landmarks are NaN or infinite")
        raise DataError(
            f"landmarks reach {np.abs(points).max():.3g}; expected pixels, at most {_FARTHEST:g}"
        )
    width = _distance(points, LEFT_TEMPLE, RIGHT_TEMPLE)
    if width < _SMALLEST_FACE:
        raise DataError(
            f"the temples (points 0 and 16) are {width:.3g} pixels apart; "
            "expected at least 1 (are the landmarks in pixels?)"
        )
    if _distance(points, LEFT_EYE_OUTER, RIGHT_EYE_OUTER) == 0:
        raise DataError("the outer eye corners (points 36 and 45) lie in one place")
    if not _side(points) > 0:
        raise DataError(
            "the chin lies above the eyes or left and right are swapped; "
            "after mirroring an image its landmarks must be renumbered"
        )


def _distance(points: NDArray[np.float64], one: int, other: int) -> float:
    (x, y), (other_x, other_y) = _point(points, one), _point(points, other)
    return hypot(other_x - x, other_y - y)


def _point(points: NDArray[np.float64], number: int) -> tuple[float, float]:
    """One point as plain floats, which are faster than arrays of two."""
    return points.item(number, 0), points.item(number, 1)


def _side(points: NDArray[np.float64]) -> float:
    """Positive where the chin lies on the lower side of the eye axis, whatever the roll."""
    (left_x, left_y), (right_x, right_y), (chin_x, chin_y) = (
        _point(points, number) for number in _EYES_AND_CHIN
    )
    down_x, down_y = chin_x - (left_x + right_x) / 2, chin_y - (left_y + right_y) / 2
    return (right_x - left_x) * down_y - (right_y - left_y) * down_x
