"""Everything the parts of a drawing need to know about one picture."""

from dataclasses import dataclass

import numpy.typing as npt

from occbench.dataset.drawing.action_units import (
    Activation,
    action_unit_displacement,
    keep_in_order,
)
from occbench.dataset.drawing.anatomy import crown_outline, resting_landmarks
from occbench.dataset.drawing.curves import Points
from occbench.dataset.drawing.identity import Identity
from occbench.dataset.drawing.pose import Pose


@dataclass(frozen=True)
class Light:
    """Light on the face.

    Attributes:
        direction: Unit vector to the light; x points right, y down and z to the viewer.
        ambient_fraction: Light that comes from everywhere, as a fraction of all light.
    """

    direction: tuple[float, float, float]
    ambient_fraction: float


@dataclass(frozen=True)
class Scene:
    """One face, posed and moved by its muscles.

    Attributes:
        identity: The person.
        activation: Intensities of the action units on the viewer's left and right.
        pose: Turn and place of the head.
        light: Light on the face.
        gaze: Shift of the irises, as a fraction of half an eye width.
        landmarks: Shape ``(68, 2)``, float64, turned but not rolled, in half face widths.
        crown: Shape ``(11, 2)``, the skull's outline from the viewer's right to left temple.
    """

    identity: Identity
    activation: Activation
    pose: Pose
    light: Light
    gaze: tuple[float, float]
    landmarks: Points
    crown: Points

    def strength(self, action_unit: int) -> tuple[float, float]:
        """Gives the intensity of an action unit on the viewer's left and right, 0 to 1."""
        return self.activation.get(action_unit, (0.0, 0.0))

    def place(self, points: npt.ArrayLike) -> Points:
        """Gives points of the head, shape ``(n, 3)``, as turned points, shape ``(n, 2)``."""
        return self.pose.turn(points)


def compose_scene(
    *,
    identity: Identity,
    activation: Activation,
    pose: Pose,
    light: Light,
    gaze: tuple[float, float],
) -> Scene:
    """Gives the scene of one picture.

    Args:
        identity: The person.
        activation: Intensities of the action units.
        pose: Turn and place of the head.
        light: Light on the face.
        gaze: Shift of the irises, as a fraction of half an eye width.

    Returns:
        The scene, its landmarks moved by the muscles first and turned by the pose then.
    """
    face = resting_landmarks(identity.proportions)
    face[:, :2] += action_unit_displacement(activation)
    return Scene(
        identity=identity,
        activation=activation,
        pose=pose,
        light=light,
        gaze=gaze,
        landmarks=pose.turn(keep_in_order(face)),
        crown=pose.turn(crown_outline(identity.proportions)),
    )
