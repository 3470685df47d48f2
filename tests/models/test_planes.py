"""Planes: what edges, levels and turns answer, worked out by hand, in NumPy and in a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from occbench.core.spec import Spec
from occbench.errors import DataError
from occbench.models.planes import planes, planes_tensor
from occbench.models.specs import PLANES, checked, plane_channels
from tests.trainings import TINY, array, recipe

# The 14 planes of report 004's filter bank, in its order.
BANK = (
    "image",
    "sobel",
    "sobel-x",
    "sobel-y",
    *(f"gamma(exponent={power})" for power in (0.5, 2, 3)),
    "mirror",
    *(f"rotate(degrees={turn})" for turn in (60, 40, 20, -20, -40, -60)),
)
SIDE = 16


def specs(*texts: str) -> list[Spec]:
    """Planes as a recipe names them."""
    return [checked("plane", text, PLANES) for text in texts]


def plane(text: str, image: Any) -> np.ndarray:
    """One plane of one grey image ``(H, W)``, or of one colour image."""
    image = np.asarray(image)
    found = planes(specs(text), image.reshape(1, *image.shape[:2], -1))
    assert found.dtype == np.float32
    return found[0, ..., 0]


def step(low: float, high: float) -> np.ndarray:
    """Columns up to the middle of one level, the others of another."""
    image = np.full((SIDE, SIDE), low)
    image[:, SIDE // 2 :] = high
    return image


@pytest.mark.parametrize(("low", "high"), [(0, 255), (40, 100), (200, 20)])
def test_an_upright_edge(low, high):
    """Gx is 4 h on both sides of an edge of h levels and 0 elsewhere; Gy is 0 everywhere."""
    across, down, length = (plane(f"sobel{end}", step(low, high)) for end in ("-x", "-y", ""))
    gradient = np.zeros((SIDE, SIDE))
    gradient[:, SIDE // 2 - 1 : SIDE // 2 + 1] = 4 * (high - low)
    np.testing.assert_allclose(across, 127.5 + gradient / 8, atol=1e-4)
    np.testing.assert_allclose(down, 127.5, atol=1e-4)
    np.testing.assert_allclose(length, np.abs(gradient) / np.sqrt(20), atol=1e-4)


def test_a_level_edge_is_an_upright_one_turned():
    """What is brighter below lies above 127.5 in ``sobel-y``; the length does not care."""
    image = step(10, 90)
    np.testing.assert_array_equal(plane("sobel-y", image.T), plane("sobel-x", image).T)
    np.testing.assert_array_equal(plane("sobel", image.T), plane("sobel", image).T)
    assert plane("sobel-y", image.T).max() == pytest.approx(127.5 + 4 * 80 / 8)


def test_a_slope():
    """Levels 3 x + 4 y have Gx = 24 and Gy = 32 away from the edge, a length of 40."""
    ys, xs = np.mgrid[:SIDE, :SIDE]
    found = plane("sobel", 3 * xs + 4 * ys)[1:-1, 1:-1]
    np.testing.assert_allclose(found, 40 / np.sqrt(20), rtol=1e-6)


def test_the_longest_gradient_is_255():
    """Of all 3 x 3 images of black and white some reach the end of the scale, none leaves it."""
    bits = (np.arange(512)[:, None] >> np.arange(9)) & 1
    found = planes(specs("sobel"), bits.reshape(512, 3, 3, 1) * 255)
    assert found.max() == pytest.approx(255)
    assert (found[:, 1, 1, 0] > 254).any()


def test_contrast_is_the_mean_square_of_the_pixel_and_those_above_and_left():
    """With the edge repeated: at the corner it is the square of the pixel itself."""
    image = np.array([[51, 102], [153, 255]])
    a, b, c, d = 0.04, 0.16, 0.36, 1.0
    expected = [[a, (a + b) / 2], [(a + c) / 2, (a + b + c + d) / 4]]
    np.testing.assert_allclose(plane("contrast", image), 255 * np.array(expected), rtol=1e-6)


@pytest.mark.parametrize("exponent", [0.5, 2, 3])
def test_gamma_bends_the_scale(exponent):
    """A band of level m between black and white comes to 255 (m / 255)^e; its rims are thirds."""
    image = np.zeros((SIDE, SIDE))
    image[:, 5:10], image[:, 10:] = 102, 255
    found = plane(f"gamma(exponent={exponent})", image)
    middle = 255 * 0.4**exponent
    np.testing.assert_allclose(found[:, :4], 0, atol=1e-3)
    np.testing.assert_allclose(found[:, 4], middle / 3, rtol=1e-4)
    np.testing.assert_allclose(found[:, 6:9], middle, rtol=1e-4)
    np.testing.assert_allclose(found[:, 12:], 255, rtol=1e-6)


@pytest.mark.parametrize("level", [0, 77, 255])
def test_an_image_of_one_level(level):
    """No edge anywhere, not at the frame either, and nothing to stretch."""
    image = np.full((SIDE, SIDE), level)
    np.testing.assert_allclose(plane("sobel", image), 0, atol=1e-5)
    np.testing.assert_array_equal(plane("sobel-x", image), 127.5)
    np.testing.assert_array_equal(plane("gamma", image), 0)
    np.testing.assert_allclose(plane("contrast", image), level**2 / 255, rtol=1e-6)


def test_colour_becomes_luma_and_image_keeps_it():
    """Rec. 601, as OpenCV rounds it; the image itself keeps its three channels."""
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    np.testing.assert_allclose(plane("luma", image), grey, atol=0.51)
    np.testing.assert_array_equal(plane("luma", grey), grey)
    found = planes(specs("image", "mirror", "luma"), image[None])
    assert found.shape == (1, SIDE, SIDE, 5)
    np.testing.assert_array_equal(found[0, ..., :3], image)
    np.testing.assert_array_equal(found[0, ..., 3], found[0, :, ::-1, 4])


@pytest.mark.parametrize(("high", "wide"), [(16, 16), (15, 15), (12, 9)])
def test_half_a_turn_is_both_mirrors(high, wide):
    """Whatever the shape."""
    image = np.random.default_rng(1).integers(0, 256, (high, wide))
    found = plane("rotate(degrees=180)", image)
    np.testing.assert_allclose(found, image[::-1, ::-1], atol=1e-3)


def test_turns_go_counter_clockwise():
    """A quarter as NumPy's; any other as OpenCV's, which rounds places to 1/32 pixel."""
    image = np.random.default_rng(2).integers(0, 256, (9, 9))
    np.testing.assert_allclose(plane("rotate(degrees=90)", image), np.rot90(image), atol=1e-3)
    smooth = cv2.resize(image.astype(np.float32), (48, 48), interpolation=cv2.INTER_CUBIC)
    smooth = smooth.clip(0, 255)
    matrix = cv2.getRotationMatrix2D((23.5, 23.5), -20, 1)
    expected = cv2.warpAffine(smooth, matrix, (48, 48), flags=cv2.INTER_LINEAR)
    found = plane("rotate(degrees=-20)", smooth)
    assert np.abs(found - expected).mean() < 0.5
    assert found[0, 0] == 0


GREY = arrays(np.uint8, (1, 8, 8, 1))


@given(GREY)
def test_every_plane_stays_on_the_scale(images):
    """Whatever the image: 0 to 255, and no plane is without a number."""
    found = planes(specs(*BANK, "contrast"), images)
    assert found.min() >= -1e-3
    assert found.max() <= 255 + 1e-3


@given(GREY)
def test_mirrored_faces_have_mirrored_planes(images):
    """Left and right change sides, and what was brighter to the right is so to the left."""
    texts = ("luma", "sobel", "sobel-y", "gamma", "mirror")
    mirrored = images[:, :, ::-1]
    there, back = (planes(specs(*texts), each) for each in (mirrored, images))
    np.testing.assert_allclose(there, back[:, :, ::-1], atol=1e-2)
    there, back = (planes(specs("sobel-x"), each) for each in (mirrored, images))
    np.testing.assert_allclose(there, 255 - back[:, :, ::-1], atol=1e-3)


@given(GREY, st.integers(-300, 300))
def test_edges_do_not_see_the_light(images, light):
    """The same summand everywhere changes no gradient."""
    for name in ("sobel", "sobel-x", "sobel-y"):
        lit = planes(specs(name), images.astype(float) + light)
        np.testing.assert_allclose(lit, planes(specs(name), images), atol=1e-2)


def test_the_filter_bank_has_fourteen_planes():
    """As report 004 counts them for a grey image."""
    assert plane_channels(specs(*BANK), 1) == 14
    assert plane_channels(specs(*BANK), 3) == 16
    assert planes(specs(*BANK), np.zeros((2, 8, 8, 1), np.uint8)).shape == (2, 8, 8, 14)
    assert (plane_channels([], 1), plane_channels([], 3)) == (1, 3)


@pytest.mark.parametrize("images", [np.zeros((8, 8)), np.zeros((1, 8, 8, 2)), np.array([["a"]])])
def test_what_is_no_image_is_refused(images):
    """The sentence says what came."""
    with pytest.raises(
        DataError, match=r"^Images to make planes of have shape .* expected numbers"
    ):
        planes(specs("luma"), images)


def network(**changes: Any) -> Any:
    """The network of a recipe, not compiled."""
    from occbench.training.network import make_network

    return make_network(recipe(TINY, **changes), 3)


def batch(channels: int) -> np.ndarray:
    """Random faces as a network takes them."""
    return np.random.default_rng(3).integers(0, 256, (4, SIDE, SIDE, channels), dtype=np.uint8)


@pytest.mark.tf
@pytest.mark.parametrize("channels", [1, 3])
def test_a_network_sees_the_same_planes(channels):
    """To a thousandth of a level; without planes it sees the image."""
    images = batch(channels)
    found = array(planes_tensor(specs(*BANK, "contrast", "luma"), images))
    expected = planes(specs(*BANK, "contrast", "luma"), images)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert planes_tensor([], images) is images


@pytest.mark.tf
def test_planes_stand_between_image_and_preprocessing():
    """A network with planes says of an image what one without them says of its planes."""
    chosen: Sequence[str] = ("luma", "sobel", "gamma")
    whole = network(channels=1, augment=[], planes=list(chosen))
    inner = network(channels=3, augment=[])
    inner.set_weights(whole.get_weights())
    images = batch(1)
    seen = planes(specs(*chosen), images).round().astype(np.uint8)
    first = array(whole(images, training=False))
    # Rounding the planes to whole levels for the second network changes little.
    np.testing.assert_allclose(array(inner(seen, training=False)), first, atol=0.02)
    assert np.abs(first - array(inner(np.repeat(images, 3, -1), training=False))).max() > 0.1


@pytest.mark.tf
def test_a_trunk_keeps_its_planes():
    """Cut before the head, features of the trunk end in what the whole network says."""
    from occbench.models.trunk import cut

    model = network(planes=["image", "sobel", "rotate"], trainable="head", augment=["crop"])
    parts = cut(model, dtype="float32")
    images = batch(1)
    found = parts.tail(parts.trunk(images.astype(np.float32)), training=False)
    np.testing.assert_allclose(array(found), array(model(images, training=False)), atol=1e-5)
