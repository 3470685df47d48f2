"""What each parameter of the headset does."""

from __future__ import annotations

from math import cos, hypot, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.errors import SpecError, UnknownName
from occbench.geometry.landmarks import Landmarks68
from occbench.occluders.headset import Headset
from tests.faces import level_face, random_faces

LEVEL = Landmarks68(level_face(100, (60, 50)))


@given(points=random_faces(), scale=st.floats(0.1, 5))
def test_scale_grows_both_sides_about_the_same_centre(points, scale):
    """Width and height are multiplied, centre and angle stay."""
    plain, scaled = (Headset(scale=s).rect(Landmarks68(points)) for s in (1.0, scale))

    assert scaled.width == pytest.approx(plain.width * scale)
    assert scaled.height == pytest.approx(plain.height * scale)
    assert (scaled.cx, scaled.cy, scaled.angle) == (plain.cx, plain.cy, plain.angle)


@given(points=random_faces(), aspect=st.floats(0.01, 5))
def test_aspect_sets_the_height_and_takes_the_devices_place(points, aspect):
    """Whatever the device, the height is the aspect times the width."""
    rects = [
        Headset(device=device, aspect=aspect).rect(Landmarks68(points))
        for device in ("quest-2", "gear-vr")
    ]

    assert rects[0] == rects[1]
    assert rects[0].height == pytest.approx(aspect * hypot(*(points[16] - points[0])))


@pytest.mark.parametrize(("device", "height"), [("quest-2", 46.875), ("gear-vr", 50)])
def test_the_device_sets_the_aspect(device, height):
    """105 : 224 and 10 : 20."""
    assert Headset(device=device).rect(LEVEL).height == pytest.approx(height)


def test_centre_temples_slides_to_between_the_temples():
    """A level face whose temples lie 12 to the right and 30 below: only x moves."""
    points = level_face(100, (60, 50))
    points[[0, 16]] += (12, 30)

    rect = Headset(centre="temples").rect(Landmarks68(points))

    assert (rect.cx, rect.cy) == pytest.approx((72, 50))


@given(points=random_faces())
def test_centre_temples_lies_on_the_eye_axis_across_from_the_temples(points):
    """It is the foot of the perpendicular from the temples' midpoint onto the eye axis."""
    eyes, temples = (Headset(centre=c).rect(Landmarks68(points)) for c in ("eyes", "temples"))
    middle = (points[0] + points[16]) / 2
    u = np.array([cos(eyes.angle), sin(eyes.angle)])
    slid = np.array([temples.cx - eyes.cx, temples.cy - eyes.cy])

    assert slid[0] * u[1] - slid[1] * u[0] == pytest.approx(0, abs=1e-9)
    assert (middle - (temples.cx, temples.cy)) @ u == pytest.approx(0, abs=1e-9)
    assert (temples.width, temples.height) == (eyes.width, eyes.height)


def test_size_and_seed_do_not_change_the_region():
    """The rectangle depends on the face alone."""
    one = Headset().region(LEVEL, size=(10, 10), seed=0)
    other = Headset(seed=5).region(LEVEL, size=(999, 3), seed=77)

    assert (one.polygons[0] == other.polygons[0]).all()


@pytest.mark.parametrize(
    "value", [0, 0.0099, -1, 5.001, float("nan"), float("inf"), "1", None, True, [1]]
)
def test_scale_out_of_range_is_refused(value):
    """The message names the parameter, the value and the range."""
    with pytest.raises(SpecError, match=r"'scale' is .*from 0\.01 to 5"):
        Headset(scale=value)


@pytest.mark.parametrize("value", [0, -0.5, 6, float("nan"), "1", False, (1,)])
def test_aspect_out_of_range_is_refused(value):
    """The message names the parameter."""
    with pytest.raises(SpecError, match="'aspect' is"):
        Headset(aspect=value)


@pytest.mark.parametrize("value", ["eye", "Eyes", "", None, 1])
def test_another_centre_is_refused(value):
    """Both choices are named."""
    with pytest.raises(SpecError, match="'eyes' or 'temples'"):
        Headset(centre=value)


@pytest.mark.parametrize("value", [2, None, 1.5, ("quest-2",)])
def test_a_device_that_is_no_text_is_refused(value):
    """A device is named in quotes."""
    with pytest.raises(SpecError, match=r"'device'.*quotes"):
        Headset(device=value)


def test_an_unknown_device_is_refused_with_the_nearest():
    """A slip of the pen gets a suggestion."""
    with pytest.raises(UnknownName, match=r"device 'quest2'.*Did you mean 'quest-2'\?.*gear-vr"):
        Headset(device="quest2")


@pytest.mark.parametrize("value", [-1, 1.0, "1", None, True])
def test_a_seed_that_is_no_whole_number_is_refused(value):
    """Seeds are whole numbers of 0 or more."""
    with pytest.raises(SpecError, match="'seed'"):
        Headset(seed=value)


@pytest.mark.parametrize(
    "value",
    [
        "grey",
        "",
        "Black",
        None,
        0,
        (1, 2),
        (1, 2, 3, 4),
        (0, 0, 256),
        (-1, 0, 0),
        (0.5, 0, 0),
        (True, 0, 0),
        "black ",
    ],
)
def test_another_fill_is_refused(value):
    """Fills are named or are three whole levels."""
    with pytest.raises(SpecError, match=r"'fill' is .*black, mean, noise"):
        Headset(fill=value)


def test_a_colour_may_be_a_list():
    """Specs from JSON or the command line write colours with brackets."""
    assert Headset(fill=[1, 2, 3]) == Headset(fill=(1, 2, 3))
