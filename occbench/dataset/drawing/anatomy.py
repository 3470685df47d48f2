"""The resting face: where its 68 landmarks lie in depth, and the outline of the head."""

from dataclasses import dataclass

import numpy as np

from occbench.dataset.drawing.action_units import MIRROR
from occbench.dataset.drawing.curves import Points

# The viewer's left half and the midline, (x, y, z) in half face widths from the point between
# the eyes: x points right, y down and z to the viewer. The proportions are chosen here.
_HALF_FACE: dict[int, tuple[float, float, float]] = {
    0: (-1.0, 0.02, -0.45), 1: (-0.99, 0.30, -0.43), 2: (-0.955, 0.57, -0.38),
    3: (-0.885, 0.84, -0.30), 4: (-0.765, 1.09, -0.20), 5: (-0.61, 1.295, -0.10),
    6: (-0.42, 1.455, 0.0), 7: (-0.215, 1.565, 0.06), 8: (0.0, 1.60, 0.10),
    17: (-0.80, -0.22, 0.0), 18: (-0.68, -0.335, 0.12), 19: (-0.52, -0.372, 0.20),
    20: (-0.35, -0.355, 0.26), 21: (-0.18, -0.305, 0.30),
    27: (0.0, 0.0, 0.30), 28: (0.0, 0.17, 0.38), 29: (0.0, 0.34, 0.48), 30: (0.0, 0.50, 0.58),
    31: (-0.20, 0.60, 0.30), 32: (-0.105, 0.635, 0.38), 33: (0.0, 0.66, 0.42),
    36: (-0.625, 0.025, 0.02), 37: (-0.52, -0.07, 0.12), 38: (-0.385, -0.07, 0.16),
    39: (-0.265, 0.035, 0.12), 40: (-0.38, 0.072, 0.14), 41: (-0.515, 0.078, 0.10),
    48: (-0.40, 0.97, 0.12), 49: (-0.255, 0.905, 0.25), 50: (-0.10, 0.868, 0.32),
    51: (0.0, 0.888, 0.34), 57: (0.0, 1.17, 0.30), 58: (-0.115, 1.16, 0.28),
    59: (-0.27, 1.09, 0.20), 60: (-0.345, 0.968, 0.14), 61: (-0.12, 0.962, 0.26),
    62: (0.0, 0.974, 0.28), 66: (0.0, 0.982, 0.28), 67: (-0.12, 0.972, 0.26),
}  # fmt: skip

# From the viewer's right temple over the crown to the left one.
_CROWN: tuple[tuple[float, float, float], ...] = (
    (0.995, -0.25, -0.44), (0.96, -0.55, -0.40), (0.87, -0.87, -0.36), (0.68, -1.15, -0.33),
    (0.37, -1.34, -0.30), (0.0, -1.40, -0.30), (-0.37, -1.34, -0.30), (-0.68, -1.15, -0.33),
    (-0.87, -0.87, -0.36), (-0.96, -0.55, -0.40), (-0.995, -0.25, -0.44),
)  # fmt: skip


@dataclass(frozen=True)
class Proportions:
    """How a face differs from the average face.

    Attributes:
        face_width: Factor on the width of the head.
        jaw_width: Outward shift of the corners of the jaw, in half face widths.
        chin_length: Downward shift of the chin, in half face widths.
        eye_size: Factor on the size of the eyes.
        eye_spacing: Outward shift of the eyes, in half face widths.
        eye_tilt: Upward shift of the outer corners of the eyes, in half face widths.
        brow_height: Upward shift of the brows, in half face widths.
        brow_arch: Upward shift of the outer brow, in half face widths.
        nose_width: Factor on the width of the nose.
        nose_length: Downward shift of the tip of the nose, in half face widths.
        mouth_width: Factor on the width of the mouth.
        lip_fullness: Factor on the thickness of the lips.
        mouth_curve: Upward shift of the corners of the mouth, in half face widths.
    """

    face_width: float = 1.0
    jaw_width: float = 0.0
    chin_length: float = 0.0
    eye_size: float = 1.0
    eye_spacing: float = 0.0
    eye_tilt: float = 0.0
    brow_height: float = 0.0
    brow_arch: float = 0.0
    nose_width: float = 1.0
    nose_length: float = 0.0
    mouth_width: float = 1.0
    lip_fullness: float = 1.0
    mouth_curve: float = 0.0


def _average_face() -> Points:
    face = np.empty((68, 3))
    for point, place in _HALF_FACE.items():
        face[point] = place
        face[MIRROR[point]] = (-place[0], *place[1:])
    return face


def resting_landmarks(proportions: Proportions) -> Points:
    """Gives the landmarks of a relaxed face seen from the front.

    Args:
        proportions: How the face differs from the average.

    Returns:
        Shape ``(68, 3)``, float64, in half widths of the average face; x points right, y down and
        z to the viewer, the origin lies between the eyes.
    """
    face = _average_face()
    outward = np.sign(face[:, 0])
    _shape_jaw(face, outward, proportions)
    _shape_eyes_and_brows(face, outward, proportions)
    _shape_nose_and_mouth(face, proportions)
    return face


def _shape_jaw(face: Points, outward: Points, proportions: Proportions) -> None:
    # Shares of the landmarks from the temple to the chin.
    of_jaw = np.array([0.0, 0.1, 0.4, 0.8, 1.0, 1.0, 0.7, 0.3, 0.0])
    of_chin = np.array([0.0, 0.0, 0.05, 0.2, 0.45, 0.7, 0.9, 1.0, 1.0])
    face[:17, 0] += outward[:17] * np.append(of_jaw, of_jaw[-2::-1]) * proportions.jaw_width
    face[:17, 0] *= proportions.face_width
    face[:17, 1] += np.append(of_chin, of_chin[-2::-1]) * proportions.chin_length


def _shape_eyes_and_brows(face: Points, outward: Points, proportions: Proportions) -> None:
    for eye in (slice(36, 42), slice(42, 48)):
        centre = face[eye].mean(axis=0)
        face[eye] = centre + (face[eye] - centre) * proportions.eye_size
    face[[36, 45], 1] -= proportions.eye_tilt
    face[[37, 41, 44, 46], 1] -= proportions.eye_tilt / 2
    spaced = [*range(17, 27), *range(36, 48)]
    face[spaced, 0] += outward[spaced] * proportions.eye_spacing
    face[17:27, 1] -= proportions.brow_height
    face[[17, 26], 1] -= proportions.brow_arch / 2
    face[[18, 19, 24, 25], 1] -= proportions.brow_arch


def _shape_nose_and_mouth(face: Points, proportions: Proportions) -> None:
    face[31:36, 0] *= proportions.nose_width
    face[28:31, 1] += np.array([0.3, 0.7, 1.0]) * proportions.nose_length
    face[31:36, 1] += proportions.nose_length
    face[48:68, 0] *= proportions.mouth_width
    line = np.interp(face[48:60, 0], face[60:65, 0], face[60:65, 1])
    face[48:60, 1] = line + (face[48:60, 1] - line) * proportions.lip_fullness
    face[48:68, 1] += 0.5 * proportions.nose_length + 0.3 * proportions.chin_length
    face[[48, 54, 60, 64], 1] -= proportions.mouth_curve
    face[[49, 53, 59, 55], 1] -= proportions.mouth_curve / 2


def crown_outline(proportions: Proportions) -> Points:
    """Gives the outline of the skull above the temples.

    Args:
        proportions: How the face differs from the average.

    Returns:
        Shape ``(11, 3)``, float64, from the viewer's right temple to the left one, in the unit of
        ``resting_landmarks``.
    """
    return np.asarray(_CROWN) * (proportions.face_width, 1.0, 1.0)
