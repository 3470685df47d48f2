"""Each method on networks whose answer is known by construction."""

from __future__ import annotations

import numpy as np
import pytest

from occbench.errors import DataError, NothingToExplain
from occbench.explain.facial_parts import PARTS
from occbench.geometry.landmarks import Landmarks68
from tests.faces import level_face

pytestmark = pytest.mark.tf

SIZE, GREY, BRIGHT = 48, 100, 255
POINTS = level_face(34.0, (23.5, 16.0))
# Four by four bright pixels in the middle of the mouth.
MOUTH = POINTS[48:60].mean(axis=0).round().astype(int)
SPOT = (slice(MOUTH[1] - 2, MOUTH[1] + 2), slice(MOUTH[0] - 2, MOUTH[0] + 2))
GAIN, THRESHOLD = 2000.0, 0.75


@pytest.fixture(scope="module")
def keras():
    """Keras, loaded once for all tests here."""
    from occbench.models.backend import load_keras

    return load_keras()


@pytest.fixture(scope="module")
def spot_network(keras):
    """Class 1 is how much of the face is brighter than a threshold; the others are always 0."""
    layers = keras.layers
    image = keras.Input((SIZE, SIZE, 1), dtype="uint8", name="image")
    levels = keras.ops.cast(image, "float32") / 255.0
    seen = layers.Conv2D(1, 1, activation="relu", name="bright")(levels)
    logits = layers.Dense(3, use_bias=False, name="logits")(
        layers.GlobalAveragePooling2D(name="average")(seen)
    )
    model = keras.Model(image, logits)
    model.get_layer("bright").set_weights([np.ones((1, 1, 1, 1)), np.array([-THRESHOLD])])
    model.get_layer("logits").set_weights([np.array([[0.0, GAIN, 0.0]])])
    return model


def faces(count: int = 1) -> np.ndarray:
    """Grey faces with the bright spot in their mouth."""
    images = np.full((count, SIZE, SIZE, 1), GREY, np.uint8)
    images[:, SPOT[0], SPOT[1]] = BRIGHT
    return images


def probability(bright: int, label: int = 1) -> float:
    """What the network makes of so many bright pixels, by hand."""
    logits = np.array([0, GAIN * bright * (BRIGHT / 255 - THRESHOLD) / SIZE**2, 0])
    return float(np.exp(logits[label]) / np.exp(logits).sum())


def is_in_spot(place: int) -> bool:
    """Whether a pixel, counted through the rows, belongs to the spot."""
    y, x = divmod(int(place), SIZE)
    mask = np.zeros((SIZE, SIZE), bool)
    mask[SPOT] = True
    return bool(mask[y, x])


@pytest.mark.parametrize(("patch", "stride"), [(8, 2), (5, 3), (8, 7)])
def test_the_patch_costs_what_the_bright_pixels_under_it_are_worth(patch, stride, spot_network):
    """At every place; the last one touches the border, and the highest pixel lies in the spot."""
    from occbench.explain.sensitivity import sensitivity

    found = sensitivity(spot_network, faces(2), [1, 0], patch=patch, stride=stride)
    places = sorted({*range(0, SIZE - patch + 1, stride), SIZE - patch})
    assert found.tops.tolist() == found.lefts.tolist() == places
    assert found.drops.shape == (2, len(places), len(places))
    assert found.scores[0] == pytest.approx([probability(16, n) for n in range(3)], abs=1e-5)
    spot = np.zeros((SIZE, SIZE), bool)
    spot[SPOT] = True
    for row, top in enumerate(places):
        for column, left in enumerate(places):
            left_over = 16 - spot[top : top + patch, left : left + patch].sum()
            for face, label in enumerate([1, 0]):
                expected = probability(16, label) - probability(left_over, label)
                assert found.drops[face, row, column] == pytest.approx(expected, abs=1e-5)
    of_true, of_other = found.pixel_maps()
    assert of_true[SPOT].max() == of_true.max() > 0
    # The other class wins by what the true one loses: its map is lowest there.
    assert of_other[SPOT].min() == of_other.min() < 0
    if stride == 2:
        assert is_in_spot(of_true.argmax())


def test_the_map_of_pixels_is_the_mean_over_patches_that_cover_them():
    """Computed once more patch by patch."""
    from occbench.explain.sensitivity import Sensitivity

    rng = np.random.default_rng(0)
    starts = np.array([0, 3, 6, 7])
    drops = rng.normal(size=(2, 4, 4))
    found = Sensitivity(starts, starts, 3, 10, np.ones((2, 3)), drops).pixel_maps()
    sums, counts = np.zeros((2, 10, 10)), np.zeros((10, 10))
    for row, top in enumerate(starts):
        for column, left in enumerate(starts):
            sums[:, top : top + 3, left : left + 3] += drops[:, row, column, None, None]
            counts[top : top + 3, left : left + 3] += 1
    np.testing.assert_allclose(found, sums / counts, atol=1e-12)


def test_the_patch_is_a_sixth_of_the_face_unless_somebody_says_otherwise(spot_network):
    """8 of 48 pixels, and a quarter of it from place to place."""
    from occbench.explain.sensitivity import sensitivity

    found = sensitivity(spot_network, faces(), [1])
    assert (found.patch, found.tops.tolist()) == (8, list(range(0, 41, 2)))
    with pytest.raises(DataError, match="A patch of 48 pixels leaves nothing of faces of 48"):
        sensitivity(spot_network, faces(), [1], patch=48)


def test_grad_cam_is_the_spot(spot_network):
    """Nothing else lights up; the peak is gradient times value, by hand."""
    from occbench.explain.grad_cam import grad_cam

    found = grad_cam(spot_network, faces(), [1], "bright")
    expected = np.zeros((SIZE, SIZE))
    expected[SPOT] = 1
    np.testing.assert_allclose(found.maps[0], expected, atol=1e-6)
    assert found.peaks[0] == pytest.approx(GAIN / SIZE**2 * (1 - THRESHOLD), rel=1e-5)
    assert is_in_spot(found.pixel_maps()[0].argmax())
    # Nothing at this layer raises the logit of another class.
    other = grad_cam(spot_network, faces(), [0], "bright")
    assert other.peaks.tolist() == [0]
    assert not other.maps.any()


def test_covering_the_mouth_costs_the_most(spot_network):
    """It holds the spot; the control patch of the same area costs what it happens to cover."""
    from occbench.explain.importance import importances
    from occbench.explain.regions import Placed, region_effects

    ids = [f"f{row}" for row in range(12)]
    images = faces(12)
    placed = [Placed(face, 1, Landmarks68(POINTS)) for face in ids]
    effects = region_effects(spot_network, placed, lambda row: images[row, ..., 0])
    assert effects.ids == tuple(ids)
    drops = effects.score_drops()
    mouth = PARTS.index("mouth")
    assert drops[:, mouth, 0] == pytest.approx(probability(16) - probability(0), abs=1e-5)
    others = np.delete(drops[..., 0], mouth, axis=1)
    assert others == pytest.approx(0, abs=1e-6)
    assert effects.score == pytest.approx(probability(16), abs=1e-5)
    assert effects.right.all()
    # A third each is what is left: the first of equal classes is taken, which is not class 1.
    assert effects.covered_right[:, mouth, 0].tolist() == [0] * 12
    assert effects.accuracy_drops()[:, mouth, 0].tolist() == [1] * 12
    table = importances(effects, ("a", "b", "c"), ids)
    assert max(table, key=lambda one: one.drop.value).part == "mouth"
    assert [one.part for one in table[:6] if one.matters] == ["mouth"]


def test_the_control_patch_has_the_area_of_the_part(spot_network):
    """Every face has another place for it, and it lies there again next time."""
    from occbench.explain.regions import Placed, region_effects

    rng = np.random.default_rng(1)
    noise = np.where(rng.random((6, SIZE, SIZE)) < 0.004, BRIGHT, GREY).astype(np.uint8)
    placed = [Placed(f"f{row}", 1, Landmarks68(POINTS)) for row in range(6)]
    first = region_effects(spot_network, placed, lambda row: noise[row])
    again = region_effects(spot_network, placed[::-1], lambda row: noise[5 - row])
    np.testing.assert_allclose(first.covered, again.covered[::-1], atol=1e-6)
    assert len(np.unique(first.covered[:, 0, 1].round(6))) > 1
    sizes = first.areas * SIZE**2
    assert np.array_equal(sizes, sizes.round())


def test_a_part_outside_the_image_has_no_number(spot_network):
    """A face that is cut off above the eyes has no forehead to cover."""
    from occbench.explain.regions import Placed, region_effects

    high = Landmarks68(POINTS - (0, 18))
    effects = region_effects(spot_network, [Placed("f", 1, high)], lambda _: faces()[0, ..., 0])
    outside = np.isnan(effects.areas[0])
    assert [part for part, gone in zip(PARTS, outside, strict=True) if gone] == [
        "forehead",
        "brows",
    ]
    assert np.isnan(effects.covered[0][outside]).all()
    assert np.isnan(effects.accuracy_drops()[0][outside]).all()
    assert not np.isnan(effects.covered[0][~outside]).any()


def test_activations_are_what_the_layer_gives(spot_network):
    """Its formula, written out."""
    from occbench.explain.kernels import activations

    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (3, SIZE, SIZE, 1), dtype=np.uint8)
    expected = np.maximum(images / 255 - THRESHOLD, 0)
    np.testing.assert_allclose(activations(spot_network, images, "bright"), expected, atol=1e-6)


def test_kernels_come_output_by_output(keras):
    """Of a plain, a grouped and a depthwise layer, in the layout that they are drawn in."""
    from occbench.explain.kernels import kernels

    layers = keras.layers
    image = keras.Input((12, 12, 4), dtype="uint8")
    x = keras.ops.cast(image, "float32")
    x = layers.Conv2D(6, (3, 5), name="plain")(x)
    x = layers.Conv2D(4, 2, groups=2, name="grouped")(x)
    x = layers.DepthwiseConv2D(2, depth_multiplier=3, name="deep")(x)
    model = keras.Model(image, layers.Flatten()(x))
    sizes = {"plain": (3, 5, 4, 6), "grouped": (2, 2, 3, 4), "deep": (2, 2, 4, 3)}
    for name, shape in sizes.items():
        known = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        layer = model.get_layer(name)
        layer.set_weights([known, *layer.get_weights()[1:]])
        found = kernels(model, name)
        assert found.shape == (shape[3], shape[2], *shape[:2])
        for out in range(shape[3]):
            for each in range(shape[2]):
                assert np.array_equal(found[out, each], known[:, :, each, out])


def test_an_unknown_layer_names_those_there_are(spot_network):
    """Those that the method can use."""
    from occbench.explain.grad_cam import grad_cam
    from occbench.explain.kernels import activations, kernels
    from occbench.explain.network import first_convolution, last_pictures

    with pytest.raises(
        DataError, match=r"no layer 'average' with a kernel. Those it has: bright\."
    ):
        kernels(spot_network, "average")
    with pytest.raises(DataError, match=r"whose output is a picture. Those it has: bright\."):
        grad_cam(spot_network, faces(), [1], "logits")
    with pytest.raises(DataError, match="no layer 'nothing' whose output is a picture"):
        activations(spot_network, faces(), "nothing")
    assert first_convolution(spot_network) == last_pictures(spot_network) == "bright"


def test_a_network_without_convolutions_is_told(keras):
    """It can be covered all the same."""
    from occbench.explain.network import first_convolution, last_pictures

    image = keras.Input((8, 8, 1), dtype="uint8")
    flat = keras.layers.Flatten()(keras.ops.cast(image, "float32"))
    model = keras.Model(image, keras.layers.Dense(2)(flat))
    for ask in (first_convolution, last_pictures):
        with pytest.raises(NothingToExplain, match="The network has no convolution"):
            ask(model)


@pytest.mark.parametrize("layer", ["stage1_pool", "stage2_res1_conv", "stage3_add"])
def test_grad_cam_is_that_of_tensorflows_tape(layer, keras):
    """Through skip connections and norms, on a real layout, and whatever stands beside a face."""
    import tensorflow as tf

    from occbench.explain.grad_cam import grad_cam
    from occbench.models.classifier import build_classifier
    from occbench.training.network import architecture
    from tests.trainings import recipe

    model = build_classifier(architecture(recipe(size=32, augment=[])), 3, seed=5)
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (20, 32, 32, 1), dtype=np.uint8)
    labels = (np.arange(20) % 3).tolist()
    both = keras.Model(model.inputs[0], [model.get_layer(layer).output, model.output])
    with tf.GradientTape() as tape:
        maps, logits = both(tf.convert_to_tensor(images), training=False)
        total = tf.reduce_sum(tf.gather(logits, labels, batch_dims=1))
    weights = tape.gradient(total, maps).numpy().mean(axis=(1, 2))
    expected = np.maximum(np.einsum("nc,nyxc->nyx", weights, maps.numpy()), 0)
    found = grad_cam(model, images, labels, layer)
    np.testing.assert_allclose(found.peaks, expected.max(axis=(1, 2)), rtol=1e-4)
    np.testing.assert_allclose(
        found.maps * found.peaks[:, None, None], expected, rtol=1e-3, atol=1e-7
    )
    assert found.pixel_maps().shape == (20, 32, 32)
