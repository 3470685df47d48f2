"""Other ways to occlude a folder of faces, to measure occbench against.

Each takes pairs of an image and its landmark file, writes to a folder and uses nothing of
occbench. The rectangle is that of the AffectNet occlusion study (temple distance wide,
105 / 224 of it high, on the outer eye corners).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, cos, degrees, hypot, sin
from pathlib import Path

import cv2
import numpy as np

Pairs = Sequence[tuple[Path, Path]]

JPEG_QUALITY = 95


def bare_loop(pairs: Pairs, output: Path, form: str) -> None:
    """What a short script does: load, fill a polygon with OpenCV, save."""
    for image_path, landmark_path in pairs:
        points = np.load(landmark_path).reshape(68, 2)
        image = cv2.imread(str(image_path))
        cv2.fillConvexPoly(image, np.rint(_corners(points)).astype(np.int32), (0, 0, 0))
        _save(output / f"{image_path.stem}_occ.{form}", image)


def recode_loop(pairs: Pairs, output: Path, form: str) -> None:
    """Decodes and encodes, the least that any method has to do."""
    for image_path, _ in pairs:
        _save(output / f"{image_path.stem}_occ.{form}", cv2.imread(str(image_path)))


def matplotlib_loop(pairs: Pairs, output: Path, form: str) -> None:
    """The renderer of the study: a figure with a black patch, and a checkpoint per image."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    for image_path, landmark_path in pairs:
        points = np.load(landmark_path).reshape(68, 2)
        picture = plt.imread(image_path)
        height, width = picture.shape[:2]
        figure = plt.figure(figsize=(width / 100, height / 100), dpi=100)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.imshow(picture)
        _, _, wide, high, angle = _rectangle(points)
        corner = tuple(_corners(points)[0])
        axes.add_patch(Rectangle(corner, wide, high, angle=degrees(angle), color="black"))
        axes.axis("off")
        target = output / f"{image_path.stem}_occ.{form}"
        figure.savefig(target, bbox_inches="tight", pad_inches=0, dpi=100)
        plt.close(figure)
        (output / "checkpoint.txt").write_text(image_path.name, encoding="utf-8")


def _rectangle(points: np.ndarray) -> tuple[float, float, float, float, float]:
    """Centre, width, height and angle."""
    (left_x, left_y), (right_x, right_y) = points[36].tolist(), points[45].tolist()
    (one_x, one_y), (other_x, other_y) = points[0].tolist(), points[16].tolist()
    width = hypot(other_x - one_x, other_y - one_y)
    angle = atan2(right_y - left_y, right_x - left_x)
    return (left_x + right_x) / 2, (left_y + right_y) / 2, width, width * 105 / 224, angle


def _corners(points: np.ndarray) -> np.ndarray:
    x, y, width, height, angle = _rectangle(points)
    across = np.array([cos(angle), sin(angle)]) * width / 2
    down = np.array([-sin(angle), cos(angle)]) * height / 2
    corners = (-across - down, across - down, across + down, down - across)
    return np.add(corners, (x, y))


def _save(path: Path, image: np.ndarray) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix == ".jpg" else []
    cv2.imwrite(str(path), image, options)
