"""A network cut in two computes what the whole does, and what is trained of it is the whole's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from occbench.core.spec import parse_spec
from occbench.errors import DataError
from occbench.models.base import REGISTRY
from occbench.models.specs import AUGMENTATIONS, checked
from tests.trainings import array

pytestmark = pytest.mark.tf

# Backbone, size, channels and trainable; the layer that is stored, its shape, every which pixel.
CUTS = [
    ("resnet9(width=2)", 24, 1, "head", "pool_average", (16,), 1),
    ("resnet9(width=2)", 24, 1, "pool", "pool_average", (16,), 1),
    ("resnet9(width=2)", 24, 1, "stage3", "stage2_add", (3, 3, 8), 1),
    ("resnet9(width=2)", 24, 1, "stage1", "stem_relu", (12, 12, 2), 1),
    ("convnet-chollet", 18, 1, "stage3", "stage2_pool", (3, 3, 64), 1),
    ("vggface-resnet50", 48, 3, "conv5", "conv4_6_relu", (2, 2, 1024), 2),
    ("vggface-resnet50", 80, 3, "conv4", "conv3_4_relu", (5, 5, 512), 2),
    ("vggface-senet50", 72, 3, "conv5", "conv4_6_relu", (3, 3, 1024), 2),
    ("vggface-vgg16", 48, 3, "conv5", "pool4", (3, 3, 512), 1),
]


def network(backbone, size, channels, trainable, **changes):
    """A classifier of four classes with a hidden layer; batch norms have seen something."""
    from occbench.models.classifier import Architecture, build_classifier

    chosen = Architecture(
        parse_spec(backbone),
        size,
        channels,
        "centered",
        head=(5,),
        trainable=trainable,
        **changes,
    )
    model = build_classifier(chosen, 4, seed=3)
    rng = np.random.default_rng(0)
    for variable in model.variables:
        if variable.path.endswith("moving_variance"):
            # Wide enough that no activation of a random network grows beyond all bounds.
            variable.assign(rng.uniform(2, 6, variable.shape))
        elif variable.path.endswith(("moving_mean", "beta")):
            variable.assign(rng.uniform(-0.5, 0.5, variable.shape))
    return model


def faces(count, size, channels, seed=1):
    """Noise as images."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, size, size, channels), dtype=np.uint8)


def toy(build, side=6, channels=3):
    """A model of a few layers."""
    from occbench.models.backend import load_keras

    keras = load_keras()
    images = keras.Input((side, side, channels))
    return keras.Model(images, build(keras.layers, images))


def frozen(layer):
    """The layer, not to be trained."""
    layer.trainable = False
    return layer


@pytest.mark.parametrize(
    ("backbone", "size", "channels", "trainable", "place", "shape", "step"), CUTS
)
def test_trunk_and_tail_are_the_network(backbone, size, channels, trainable, place, shape, step):
    """Bit for bit with features of 32 bits; with 16 the tail sees the rounded ones, no other."""
    from occbench.models.trunk import cut

    model = network(backbone, size, channels, trainable)
    parts = cut(model, dtype="float32")
    assert (parts.place, parts.shape, parts.step) == (place, shape, step)
    assert parts.augment is None
    images = faces(5, size, channels)
    features = parts.trunk.predict_on_batch(images)
    assert features.shape == (5, *shape)
    whole = model.predict_on_batch(images)
    assert np.ptp(whole) > 0
    np.testing.assert_array_equal(parts.tail.predict_on_batch(features), whole)
    half = features.astype(np.float16)
    np.testing.assert_array_equal(
        cut(model).tail.predict_on_batch(half),
        parts.tail.predict_on_batch(half.astype(np.float32)),
    )


def test_every_stage_of_every_network_can_be_cut():
    """One tensor leads from what is frozen to what is trained, but for the first stage."""
    from occbench.models.trunk import cut

    for name in REGISTRY.names():
        backbone = REGISTRY.module(name).BACKBONE
        size = max(backbone.smallest, 32) + backbone.smallest % 2
        for stage in (*backbone.stages[1:], "head"):
            parts = cut(network(name, size, 3, stage))
            assert parts.tail.input.shape[1:] == parts.trunk.output.shape[1:] == parts.shape


@pytest.mark.parametrize(
    ("backbone", "trainable", "size"),
    [
        ("vggface-resnet50", "conv5", 100_352),
        ("vggface-senet50", "conv5", 100_352),
        ("vggface-resnet50", "head", 4_096),
        ("vggface-vgg16", "conv5", 200_704),
        ("vggface-vgg16", "head", 50_176),
    ],
)
def test_the_documented_sizes(backbone, trainable, size):
    """Bytes a face at 224 pixels: two for each number that is stored."""
    from occbench.models.trunk import cut

    assert 2 * np.prod(cut(network(backbone, 224, 3, trainable)).shape) == size
    page = Path(__file__).parents[2] / "docs" / "explanation" / "trunk-cache.md"
    assert f"| {size:,} |" in page.read_text(encoding="utf-8")


def test_what_rounding_to_16_bits_can_change():
    """Of two dense layers on pooled features, by their weights: at most 2^-11 of each feature.

    The first layer is ReLU, which brings no two numbers further apart.
    """
    from occbench.models.trunk import cut

    model = network("resnet9(width=8)", 24, 1, "head")
    parts, images = cut(model), faces(40, 24, 1)
    features = parts.trunk.predict_on_batch(images)
    found = parts.tail.predict_on_batch(features.astype(np.float16))
    first, last = (
        np.abs(array(model.get_layer(name).kernel)) for name in ("head_dense1", "head_logits")
    )
    # Below 2^-14 a number of 16 bits has steps of 2^-24.
    rounding = np.maximum(np.abs(features) * 2.0**-11, 2.0**-25)
    bound = rounding @ first @ last
    error = np.abs(found - model.predict_on_batch(images))
    assert (error <= bound + 1e-5).all()
    assert error.max() > 0
    assert bound.max() < 0.05


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("side", [6, 7, 9])
def test_pixels_that_a_stride_skips_are_not_stored(side, stride, padding):
    """With bias and activation, for sides that the stride divides and others."""
    from occbench.models.trunk import cut

    def build(layers, x):
        x = frozen(layers.Conv2D(4, 3, padding="same", name="before"))(x)
        ways = [
            layers.Conv2D(
                5, 1, strides=stride, padding=padding, bias_initializer="ones", activation=kind
            )(x)
            for kind in ("relu", None)
        ]
        return layers.Flatten()(layers.Add()(ways))

    model = toy(build, side)
    parts, images = cut(model, dtype="float32"), faces(3, side, 3).astype(np.float32)
    inner = -(-side // stride)
    assert (parts.shape, parts.step) == ((inner, inner, 4), stride)
    features = parts.trunk.predict_on_batch(images)
    whole = array(model.get_layer("before")(images))
    np.testing.assert_allclose(features, whole[:, ::stride, ::stride], rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(
        parts.tail.predict_on_batch(features), model.predict_on_batch(images), rtol=1e-5, atol=1e-3
    )


@pytest.mark.parametrize(
    "other",
    [
        lambda layers, x: layers.Conv2D(5, 3, strides=2, padding="same")(x),
        lambda layers, x: layers.MaxPooling2D(2)(layers.Conv2D(5, 1)(x)),
        lambda layers, x: layers.Conv2D(5, 1, strides=3, padding="same")(x)[:, :1, :1],
        lambda layers, x: layers.Conv2D(5, 1, strides=(2, 1))(x)[:, :, :3],
    ],
    ids=["3x3", "stride 1", "stride 3", "stride 2 x 1"],
)
def test_all_pixels_are_stored_where_something_reads_them(other):
    """One reader that is no 1 x 1 convolution with the common stride is enough."""
    from occbench.models.trunk import cut

    def build(layers, x):
        x = frozen(layers.Conv2D(4, 3, padding="same"))(x)
        ways = layers.Conv2D(5, 1, strides=2)(x), other(layers, x)
        return layers.Flatten()(layers.Add()(ways))

    assert cut(toy(build)).step == 1
    assert cut(toy(build)).shape == (6, 6, 4)


def test_a_step_on_the_tail_is_a_step_of_the_network():
    """After one step of plain descent on equal batches every weight is the same, bit for bit."""
    from occbench.models.backend import load_keras
    from occbench.models.trunk import cut

    keras = load_keras()
    images, truth = faces(8, 48, 3), np.eye(4, dtype=np.float32)[np.arange(8) % 4]
    found = []
    for through_cut in (False, True):
        model = network("vggface-resnet50", 48, 3, "conv5")
        trained, given = model, images
        if through_cut:
            parts = cut(model, dtype="float32")
            trained, given = parts.tail, parts.trunk.predict_on_batch(images)
        trained.compile(
            optimizer=keras.optimizers.SGD(0.1),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True),
            jit_compile=False,
        )
        before = [array(variable) for variable in model.weights]
        trained.train_on_batch(given, truth)
        found.append([array(variable) for variable in model.weights])
        changed = [not np.array_equal(a, b) for a, b in zip(before, found[-1], strict=True)]
        # Ten convolutions and their norms' four arrays each, and two dense layers with biases.
        assert sum(changed) == 10 + 10 * 4 + 4
    for whole, cut_up in zip(*found, strict=True):
        np.testing.assert_array_equal(whole, cut_up)


def test_the_tail_holds_all_that_is_trained_and_random():
    """The very variables of the network; dropout among them, augmentation not."""
    from occbench.models.trunk import cut

    augment = [checked("augmentation", name, AUGMENTATIONS) for name in ("flip", "brightness")]
    model = network("resnet9(width=1)", 16, 1, "stage2", dropout=0.5, augment=augment)
    parts = cut(model)
    assert set(map(id, parts.tail.trainable_variables)) == set(map(id, model.trainable_variables))
    assert parts.trunk.trainable_variables == []
    random = [v.path for v in model.variables if v.path.endswith("seed_generator_state")]
    tails = [v.path for v in parts.tail.variables if v.path.endswith("seed_generator_state")]
    first = [v.path for v in parts.augment.variables]
    assert (len(tails), len(first)) == (2, 2)
    assert sorted(tails + first) == sorted(random)


def test_augmentation_stands_before_the_trunk():
    """It passes images on outside training; in training the trunk sees what it makes of them."""
    from occbench.models.trunk import cut

    flip = checked("augmentation", "flip", AUGMENTATIONS)
    model = network("resnet9(width=1)", 16, 1, "stage3", augment=[flip])
    parts, images = cut(model, dtype="float32"), faces(16, 16, 1)
    np.testing.assert_array_equal(array(parts.augment(images, training=False)), images)
    drawn = array(parts.augment(images, training=True))
    turned = [not np.array_equal(a, b) for a, b in zip(drawn, images, strict=True)]
    assert 0 < sum(turned) < 16
    expected = np.where(np.reshape(turned, (16, 1, 1, 1)), images[:, :, ::-1], images)
    np.testing.assert_array_equal(drawn, expected)
    np.testing.assert_array_equal(
        parts.tail.predict_on_batch(parts.trunk.predict_on_batch(drawn)),
        model.predict_on_batch(expected),
    )


def test_running_averages_belong_to_the_tail():
    """A batch normalisation without weights to train still changes while it is not frozen."""
    from occbench.models.trunk import cut

    def build(layers, x, trainable):
        x = frozen(layers.Conv2D(4, 3, name="first"))(x)
        norm = layers.BatchNormalization(center=False, scale=False, name="norm")
        norm.trainable = trainable
        return layers.Dense(2)(layers.Flatten(name="flat")(norm(x)))

    assert cut(toy(lambda layers, x: build(layers, x, True))).place == "first"
    assert cut(toy(lambda layers, x: build(layers, x, False))).place == "flat"


def test_a_trunk_of_half_precision_is_stored_as_it_is():
    """Under mixed precision the features have 16 bits already, and nothing is rounded."""
    from occbench.models.trunk import cut

    model = network("resnet9(width=1)", 16, 1, "stage3", precision="mixed_float16")
    parts, images = cut(model), faces(4, 16, 1)
    features = parts.trunk.predict_on_batch(images)
    assert features.dtype == np.float16
    np.testing.assert_array_equal(
        parts.tail.predict_on_batch(features), model.predict_on_batch(images)
    )


def test_the_digest_is_that_of_the_trunk():
    """The head may learn; a single frozen weight that is another makes another trunk."""
    from occbench.models.trunk import cut

    model = network("resnet9(width=1)", 16, 1, "stage3")
    known = cut(model).digest()
    assert len(known) == 64
    kernel = model.get_layer("head_logits").kernel
    kernel.assign(kernel + 1)
    assert cut(model).digest() == known
    mean = model.get_layer("stage2_res2_bn").moving_mean
    mean.assign(mean + 1e-6)
    assert cut(model).digest() != known


def test_a_network_that_trains_everything_has_no_trunk():
    """With augmentation or without."""
    from occbench.models.trunk import cut

    flip = checked("augmentation", "flip", AUGMENTATIONS)
    for augment in ([], [flip]):
        model = network("resnet9(width=1)", 16, 1, "all", augment=augment)
        with pytest.raises(
            DataError, match=r"Nothing of this network is frozen .* cache_trunk = fa"
        ):
            cut(model)


def test_a_tail_that_reads_two_tensors_is_refused():
    """A trained layer within a residual block leaves the way around it and the way through."""
    from occbench.models.trunk import cut

    def build(layers, x):
        x = frozen(layers.Conv2D(4, 3, padding="same", name="entry"))(x)
        y = frozen(layers.Conv2D(4, 3, padding="same", name="inner"))(x)
        y = layers.Conv2D(4, 3, padding="same")(y)
        return layers.Flatten()(layers.Add()([x, y]))

    with pytest.raises(DataError, match=r"reads 2 outputs of the frozen part \('entry', 'inner'\)"):
        cut(toy(build))
