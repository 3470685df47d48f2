"""A picture to draw on in half face widths."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np
import numpy.typing as npt

from occbench.dataset.drawing.colours import Colour
from occbench.dataset.drawing.curves import Points
from occbench.dataset.drawing.pose import Pose, to_pixels

Picture = npt.NDArray[np.uint8]

# OpenCV takes polygon corners as fixed-point numbers with this many fractional bits.
_FRACTIONAL_BITS = 5


class Canvas:
    """A picture at a multiple of the delivered size; shapes are given in half face widths.

    Args:
        size: Width and height of the delivered picture in pixels.
        pose: Pose of the head.

    Attributes:
        image: Shape ``(side, side, 3)``, uint8, RGB; the side is a multiple of the size.
        transform: Shape ``(2, 3)``, from half face widths to pixels of ``image``.
        unit: Half a face width in pixels of ``image``.
    """

    def __init__(self, *, size: int, pose: Pose) -> None:
        side = size * (2 if size >= 160 else 4)
        self.image: Picture = np.zeros((side, side, 3), np.uint8)
        self.transform = pose.pixel_transform(side)
        self.unit = pose.unit_fraction * side

    def _corners(self, points: Points) -> npt.NDArray[np.int32]:
        scaled = to_pixels(points, self.transform) * (1 << _FRACTIONAL_BITS)
        return np.asarray(np.rint(scaled), dtype=np.int32)

    def fill(self, outline: Points, colour: Colour) -> None:
        """Fills an outline with a colour.

        Args:
            outline: Shape ``(n, 2)``.
            colour: RGB, 0 to 255.
        """
        corners = self._corners(outline)
        cv2.fillPoly(self.image, [corners], colour, cv2.LINE_AA, _FRACTIONAL_BITS)

    def stroke(self, lines: Points | Sequence[Points], colour: Colour, width: float) -> None:
        """Draws lines of even width.

        Args:
            lines: Lines of the same number of points, shape ``(lines, points, 2)``.
            colour: RGB, 0 to 255.
            width: In half face widths; at least one pixel is drawn.
        """
        corners = list(self._corners(np.asarray(lines)))
        thickness = max(1, round(width * self.unit))
        # Making the picture smaller smooths lines this thin; smoothing them here takes far longer.
        cv2.polylines(self.image, corners, False, colour, thickness, cv2.LINE_8, _FRACTIONAL_BITS)

    @contextmanager
    def clip(self, outline: Points, margin: float) -> Iterator[None]:
        """Lets what is drawn show inside an outline only.

        Args:
            outline: Shape ``(n, 2)``.
            margin: How far beyond the outline is drawn at most, in half face widths.

        Yields:
            Nothing; the picture outside is restored at the end.
        """
        corners = to_pixels(outline, self.transform)
        low, window = self._window(corners, margin * self.unit)
        behind = window.copy()
        yield
        if window.size:
            cv2.copyTo(behind, 255 - _mask(corners - low, window), window)

    def multiply(self, outline: Points, factors: Picture, transform: Points) -> None:
        """Multiplies the colours inside an outline.

        Args:
            outline: Shape ``(n, 2)``.
            factors: Shape ``(rows, columns, 3)``, uint8, 128 for a factor of 1.
            transform: Shape ``(2, 3)``, from pixels of ``factors`` to half face widths.
        """
        corners = to_pixels(outline, self.transform)
        low, window = self._window(corners, 0.0)
        if not window.size:
            return
        matrix = self.transform @ np.vstack([transform, (0, 0, 1)])
        matrix[:, 2] -= low
        extent = (window.shape[1], window.shape[0])
        warped = cv2.warpAffine(factors, matrix, extent, borderMode=cv2.BORDER_REPLICATE)
        product = cv2.multiply(window, warped, scale=1 / 128)
        cv2.copyTo(product, _mask(corners - low, window), window)

    def _window(self, corners: Points, reach: float) -> tuple[Points, Picture]:
        low = np.maximum(np.floor(corners.min(axis=0) - reach - 2), 0)
        high = np.maximum(np.ceil(corners.max(axis=0) + reach + 2), 0)
        (left, top), (right, bottom) = low.astype(int), high.astype(int)
        return low, self.image[top:bottom, left:right]


def _mask(corners: Points, window: Picture) -> Picture:
    inside = np.zeros(window.shape[:2], np.uint8)
    fixed = np.rint(corners * (1 << _FRACTIONAL_BITS)).astype(np.int32)
    cv2.fillPoly(inside, [fixed], 255, cv2.LINE_8, _FRACTIONAL_BITS)
    return inside
