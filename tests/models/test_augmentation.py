"""Augmentation: what each layer may do to a picture, when it acts, and that draws repeat."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import pytest

from occbench.core.spec import parse_spec
from occbench.models.augmentation import augmentation_layers
from occbench.models.specs import AUGMENTATIONS, checked
from tests.trainings import PLAIN, array, recipe

pytestmark = pytest.mark.tf

SIDE, MANY = 21, 48

# Differs from all of its mirror images.
CORNER = np.zeros((4, 4, 1), np.float32)
CORNER[0, 1], CORNER[1, 3] = 100, 200


def drawn(text: str, batch: np.ndarray, *, seed: int = 5, training: bool = True) -> np.ndarray:
    """A batch after the layers of a spec."""
    seeds = count(seed)
    spec = checked("augmentation", text, AUGMENTATIONS)
    for layer in augmentation_layers([spec], lambda: next(seeds)):
        batch = layer(batch, training=training)
    return array(batch)


def augmented(text: str, image: np.ndarray, *, training: bool = True) -> np.ndarray:
    """Many draws of one image."""
    batch = np.repeat(image[None].astype(np.float32), MANY, axis=0)
    return drawn(text, batch, training=training)


COLOUR = np.full((2, 2, 3), (200.0, 100.0, 0.0))


def colourful() -> np.ndarray:
    """A red spot on dark blue, which every augmentation changes."""
    return disc(3, 2) * (1.0, 0.5, 0.0) + (10.0, 10.0, 50.0)


def disc(x: float, y: float) -> np.ndarray:
    """A soft bright spot on black at a place counted from the middle."""
    ys, xs = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    return 200 * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / 3)[..., None]


def spots(images: np.ndarray) -> np.ndarray:
    """Where the light of each image lies, x and y from the middle, ``(N, 2)``."""
    ys, xs = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    light = images[..., 0] / images.sum(axis=(1, 2, 3))[:, None, None]
    return np.stack([(light * xs).sum(axis=(1, 2)), (light * ys).sum(axis=(1, 2))], axis=1)


def kinds(images: np.ndarray) -> set[bytes]:
    """The different images of a batch."""
    return {image.astype(np.float32).tobytes() for image in images}


@pytest.mark.parametrize(
    ("text", "mirrors"),
    [
        ("flip", [CORNER, CORNER[:, ::-1]]),
        ("flip(axis='vertical')", [CORNER, CORNER[::-1]]),
        ("flip(axis='both')", [CORNER, CORNER[:, ::-1], CORNER[::-1], CORNER[::-1, ::-1]]),
    ],
)
def test_flips_mirror_as_they_are_called(text, mirrors):
    """Horizontal changes left and right; each mirror image occurs, and nothing else.

    The two axes of ``both`` are drawn apart, so there are four kinds.
    """
    assert kinds(augmented(text, CORNER)) == kinds(np.stack(mirrors))


def test_a_shift_moves_by_at_most_its_fraction():
    """0.1 of 21 pixels, in both directions of both axes; what comes in is black."""
    moved = augmented("shift(fraction=0.1)", disc(0, 0))
    places = spots(moved)
    assert np.abs(places).max() <= 2.1 + 0.02
    assert (places.max(axis=0) > 1).all()
    assert (places.min(axis=0) < -1).all()
    white = augmented("shift(fraction=0.1)", np.full((SIDE, SIDE, 1), 255.0))
    assert white.min() == 0
    filled = augmented("shift(fraction=0.1, fill='nearest')", np.full((SIDE, SIDE, 1), 255.0))
    np.testing.assert_allclose(filled, 255, atol=1e-2)


def test_a_rotation_keeps_the_distance_and_turns_by_at_most_its_share():
    """0.1 of a turn to either side, that is 36 degrees."""
    places = spots(augmented("rotate(turns=0.1)", disc(5, 0)))
    np.testing.assert_allclose(np.hypot(*places.T), 5, atol=0.1)
    angles = np.degrees(np.arctan2(places[:, 1], places[:, 0]))
    assert np.abs(angles).max() <= 36.5
    assert angles.max() > 18
    assert angles.min() < -18


def test_a_zoom_goes_in_and_out_by_at_most_its_fraction():
    """A zoom of z shows 1 + z of the picture, so distances shrink by that."""
    places = spots(augmented("zoom(fraction=0.2)", disc(5, 0)))
    assert np.abs(places[:, 1]).max() < 0.7
    assert 5 / 1.2 - 0.1 <= places[:, 0].min() < 4.8
    assert 5.2 < places[:, 0].max() <= 5 / 0.8 + 0.1


def test_brightness_adds_the_same_to_all_pixels_within_the_scale():
    """At most a fifth of 255, and never beyond 0 or 255."""
    picture = np.array([[[100.0], [150.0]]])
    change = augmented("brightness(fraction=0.2)", picture) - picture
    np.testing.assert_allclose(change[:, 0, 0], change[:, 0, 1], atol=1e-3)
    assert 25 < np.abs(change).max() <= 51.001
    assert change.min() < 0 < change.max()
    ends = augmented("brightness(fraction=0.2)", np.array([[[0.0], [255.0]]]))
    assert ends.min() == 0
    assert ends.max() == 255


def test_contrast_scales_around_the_mean():
    """The factor lies within 0.8 and 1.2; the mean stays."""
    picture = np.array([[[100.0], [140.0]]])
    found = augmented("contrast(fraction=0.2)", picture)
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), 120, rtol=1e-5)
    factors = (found[:, 0, 1] - found[:, 0, 0]) / 40
    assert 0.799 <= factors.min() < 0.95
    assert 1.05 < factors.max() <= 1.201


def ramp() -> np.ndarray:
    """Levels 0 to 250 in equal steps of 5 from left to right."""
    return np.broadcast_to(np.arange(0, 251, 5)[:, None], (51, 51, 1)).astype(float)


def test_a_crop_shows_a_window_of_at_least_its_share():
    """Half to all of the side: the ramp rises by 2.5 to 5 a pixel, beginning at many places.

    Windows lie inside the image, and lines stay straight.
    """
    found = augmented("crop(fraction=0.5)", ramp())[..., 0]
    assert (found >= 0).all()
    assert (found <= 250).all()
    slopes = (found[:, 25, 40] - found[:, 25, 10]) / 30
    assert 2.499 <= slopes.min() < 2.8
    assert 4.7 < slopes.max() <= 5.001
    # The middle of the window is nearer to the middle of the image than half of what was cut off.
    middles = (found[:, 25, 25] / 5 - 25) / 51
    assert (np.abs(middles) <= (1 - slopes / 5) / 2 + 1e-4).all()
    assert middles.min() < -0.1
    assert middles.max() > 0.1
    np.testing.assert_allclose(np.diff(found[:, 25, 1:-1], n=2, axis=1), 0, atol=1e-2)


def test_a_crop_is_as_wide_as_it_is_high():
    """The ramp turned upright has the same slopes, and the places of the two axes are apart."""
    both = np.concatenate([ramp(), ramp().transpose(1, 0, 2)], axis=-1)
    found = augmented("crop(fraction=0.5)", both)
    across = found[:, 25, 40, 0] - found[:, 25, 10, 0]
    down = found[:, 40, 25, 1] - found[:, 10, 25, 1]
    np.testing.assert_allclose(across, down, rtol=1e-3)
    assert np.abs(found[:, 25, 25, 0] - found[:, 25, 25, 1]).max() > 10


def test_a_stretch_spreads_the_levels_over_the_scale():
    """Of levels 100, 125, 150 the ends become 0 and 255 and the middle stays in the middle.

    With up to 0.3 of the span cut off at both ends, a level a tenth above the lowest becomes
    255 (0.1 - p) / (1 - 2 p): 25.5 without a cut, 0 from p = 0.1 on.
    """
    picture = np.array([[[100.0], [105.0], [125.0], [150.0]]])
    found = augmented("stretch(fraction=0.3)", picture)[:, 0, :, 0]
    np.testing.assert_allclose(found[:, [0, 2, 3]], [[0, 127.5, 255]] * MANY, atol=1e-2)
    assert found[:, 1].min() == 0
    assert 12 < found[:, 1].max() <= 25.51
    flat = np.full((4, 4, 1), 90.0)
    np.testing.assert_array_equal(augmented("stretch", flat), np.full((MANY, 4, 4, 1), 90.0))


def test_a_stretch_keeps_colours_in_step():
    """Lowest and highest level are those of all channels together."""
    picture = np.array([[[50.0, 100.0, 150.0]]])
    found = augmented("stretch(fraction=0)", picture)
    np.testing.assert_allclose(found, np.broadcast_to([0, 127.5, 255], found.shape), atol=1e-3)


def test_saturation_scales_colours_about_their_luma():
    """Red 200, green 100, blue 0 has luma 118.5; one factor from 0.5 to 1.5 for the image."""
    found = augmented("saturation(fraction=0.5)", COLOUR)[:, 0, 0]
    factors = (found[:, 0] - 118.5) / 81.5
    np.testing.assert_allclose(found[:, 1], 118.5 - 18.5 * factors, atol=1e-3)
    np.testing.assert_allclose(found[:, 2], np.maximum(118.5 - 118.5 * factors, 0), atol=1e-3)
    assert 0.499 <= factors.min() < 0.65
    assert 1.35 < factors.max() <= 1.501
    grey = np.full((2, 2, 3), 80.0)
    np.testing.assert_allclose(augmented("saturation", grey), 80, atol=1e-3)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_outside_of_training_nothing_happens(name):
    """Every layer gives back what it got."""
    image = colourful()
    assert (augmented(name, image, training=False) == image.astype(np.float32)).all()
    assert not (augmented(name, image) == image.astype(np.float32)).all()


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_image_of_a_batch_is_drawn_alone_and_by_the_seed(name):
    """Draws differ within a batch; the same seed gives the same batch, another one another."""
    batch = np.repeat(colourful()[None].astype(np.float32), MANY, axis=0)
    first, again, other = (drawn(name, batch, seed=seed) for seed in (5, 5, 6))
    assert len(kinds(first)) > 1
    assert (first == again).all()
    assert (first != other).any()


def test_layers_stand_in_the_order_of_the_recipe():
    """And each gets a seed of its own."""
    seeds = iter((1, 2))
    specs = [checked("augmentation", name, AUGMENTATIONS) for name in ("zoom", "flip")]
    layers = augmentation_layers(specs, lambda: next(seeds))
    assert [type(layer).__name__ for layer in layers] == ["RandomZoom", "RandomFlip"]
    assert list(seeds) == []


@pytest.fixture(scope="module")
def faces():
    """Random pictures as a network takes them."""
    return np.random.default_rng(0).integers(0, 256, (6, 18, 18, 1), dtype=np.uint8)


def network(**changes: Any) -> Any:
    """An untrained network without batch normalisation, so that only draws are random."""
    from occbench.training.network import compiled_network

    return compiled_network(recipe(PLAIN, **changes), 3, steps=1)


RANDOM = {"augment": ["flip", "shift", "rotate", "brightness", "crop", "stretch"], "dropout": 0.3}


def test_a_whole_network_predicts_without_augmentation_and_dropout(faces):
    """Twice the same, and the same as a network with these weights that has neither."""
    model, plain = network(**RANDOM), network()
    for layer in plain.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights() if layer.weights else [])
    expected = array(plain(faces))
    for _ in range(2):
        np.testing.assert_array_equal(array(model(faces, training=False)), expected)
    assert (array(model(faces, training=True)) != expected).any()


def test_reseeding_draws_the_same_for_an_epoch_whatever_came_before(faces):
    """Seed and epoch alone decide augmentation and dropout."""
    from occbench.training.network import reseed

    model = network(**RANDOM)

    def draw(seed: int, epoch: int) -> bytes:
        reseed(model, seed, epoch)
        return array(model(faces, training=True)).tobytes()

    first = draw(3, 2)
    unseeded = array(model(faces, training=True)).tobytes()
    assert len({first, unseeded, draw(3, 1), draw(4, 2)}) == 4
    assert draw(3, 2) == first


def test_a_spec_without_its_parameters_is_no_augmentation():
    """Recipes fill in the defaults; a bare spec is a fault of the program."""
    with pytest.raises(KeyError):
        augmentation_layers([parse_spec("flip")], lambda: 1)
