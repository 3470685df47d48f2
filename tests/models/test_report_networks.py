"""The networks of reports 000, 002, 003 and 004: parameters, sides, switches, single values."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from occbench.core.spec import Spec, parse_spec
from occbench.errors import SpecError
from occbench.models.backbones import report_003_inception, report_004_inception
from occbench.models.base import REGISTRY, resolve_backbone
from occbench.models.blocks import Style, layer_seeds
from occbench.models.classifier import Architecture, build_classifier
from tests.trainings import array

pytestmark = pytest.mark.tf

# With seven logits at 48 pixels: the totals of the reports, all of them checked by hand.
# 000 counts the moving statistics of batch normalisation, as Keras does; the others do not.
WITH_STATISTICS = {
    "report-000(step=0)": 1_084_583,
    "report-000(step=1)": 994_871,
    "report-000(step=2)": 349_559,
    "report-000(step=3)": 126_967,
    "report-000(step=4)": 174_511,
    "report-000(step=5)": 145_495,
    "report-000(step=6)": 268_983,
    "report-000(step=7)": 100_215,
}
TRAINED = {
    "report-002-cnn": (1, 5_850_951),
    "report-002-forward": (1, 3_054_087),
    "resnet18": (3, 11_180_103),
    "report-003-plain": (1, 700_439),
    "report-003-inception": (1, 1_714_183),
    "report-004-plain": (3, 70_307_083),
    "report-004-inception": (3, 63_030_807),
}

BRANCHES = ("a", "b1", "b2", "c1", "c2", "d", "mix")

SMALL = ("report-002-cnn", "report-002-forward", "report-003-inception", "report-003-plain")
SHORT = {
    "Activation": "act",
    "BatchNormalization": "norm",
    "Conv2D": "conv",
    "Dense": "dense",
    "Dropout": "drop",
    "Flatten": "flat",
    "LeakyReLU": "act",
    "MaxPooling2D": "pool",
}
ORDERS = {
    ("report-000", "stage1"): "conv act norm conv act norm pool",
    ("report-000", "fc"): "flat dense act drop",
    ("report-002-cnn", "block2"): "conv act norm conv act norm pool drop",
    ("report-002-cnn", "fc"): "flat dense act norm drop",
    ("report-002-forward", "fc2"): "dense norm act drop",
    ("report-003-inception", "stem"): "conv norm act pool",
    ("report-003-inception", "inception1_mix"): "conv norm act",
    ("report-003-inception", "inception1_b1"): "conv act",
    ("report-003-inception", "last"): "conv norm act pool",
    ("report-003-inception", "fc"): "flat dense act drop",
    ("report-003-plain", "conv1"): "conv norm act",
    ("report-003-plain", "conv2"): "conv norm act pool drop",
    ("report-003-plain", "conv4"): "conv norm act drop",
    ("report-003-plain", "fc"): "flat " + " ".join(["dense act"] * 4),
}

# Sides after each convolution and pool. 003 and 004 pad, so only pools change them.
TRACES = {
    "report-000(step=0)": "46-23",
    "report-000(step=1)": "46-44-22",
    "report-000(step=2)": "46-44-22-20-18-9",
    "report-000(step=3)": "46-44-22-20-18-9-7-6-3",
    "report-000(step=4)": "46-44-22-20-18-9-8-7-6-3",
    "report-000(step=5)": "48-48-24-25-24-12-13-12-6-7-6-3",
    "report-000(step=6)": "46-44-22-20-18-9-8-7-6-3",
    "report-000(step=7)": "46-44-22-20-18-9-8-7-6-3",
    "report-002-cnn": "48-48-24-24-24-12-12-12-6",
    "report-003-plain": "48-48-24-24-12-12-12-6-6-3",
    "report-003-plain(pools=(1, 2, 3))": "48-24-24-12-12-6-6-6-6",
}


def build(text: str, channels: int = 1, size: int = 48) -> Any:
    """A classifier of seven classes."""
    return build_classifier(Architecture(parse_spec(text), size, channels, "unit"), 7, seed=0)


def count(variables: Any) -> int:
    """All numbers but the states of random layers."""
    named = (each for each in variables if "seed_generator" not in each.path)
    return sum(int(np.prod(variable.shape)) for variable in named)


def layers_of(model: Any, *kinds: str) -> list[Any]:
    """The layers of these classes, from the input on."""
    return [layer for layer in model.layers if type(layer).__name__ in kinds]


@pytest.mark.parametrize("text", WITH_STATISTICS)
def test_parameters_with_moving_statistics(text):
    """To the digit."""
    assert count(build(text).variables) == WITH_STATISTICS[text]


@pytest.mark.parametrize("text", TRAINED)
def test_trained_parameters(text):
    """To the digit; nothing is frozen or left out of what is trained and saved."""
    channels, expected = TRAINED[text]
    model = build(text, channels)
    assert count(model.trainable_variables) == expected
    still = [each for each in model.non_trainable_variables if "seed_generator" not in each.path]
    assert all("moving" in each.path for each in still)


def test_the_facts_of_a_backbone_say_the_same_numbers():
    """What ``occbench list`` prints is what is counted above, at the same size and channels."""
    stated = {}
    for name in REGISTRY.names():
        for each in REGISTRY.module(name).BACKBONE.reported:
            resolve_backbone(Spec(name, each.arguments))
            assert 0 < each.accuracy < 1
            if name.startswith(("report-", "resnet18")):
                stated[str(Spec(name, each.arguments))] = each
    assert stated.keys() == WITH_STATISTICS.keys() | TRAINED.keys()
    for text, each in stated.items():
        channels, expected = TRAINED.get(text) or (1, WITH_STATISTICS[text])
        assert (each.size, each.channels, each.classes, each.head) == (48, channels, 7, ())
        assert each.parameters == expected
        assert each.statistics == (text in WITH_STATISTICS)


@pytest.mark.parametrize("text", TRACES)
def test_the_side_behind_each_layer(text):
    """As the reports print it."""
    found = layers_of(build(text), "Conv2D", "MaxPooling2D")
    assert "-".join(str(layer.output.shape[1]) for layer in found) == TRACES[text]


def test_what_follows_what():
    """The order of norm, activation, pool and dropout, which no count tells."""
    networks = {name.split("(")[0]: build(name) for name in ("report-000(step=3)", *SMALL)}
    for (name, stage), expected in ORDERS.items():
        layers = (each for each in networks[name].layers if each.name.startswith(f"{stage}_"))
        assert " ".join(SHORT[type(layer).__name__] for layer in layers) == expected, (name, stage)


def test_the_sides_of_resnet18():
    """Half at the first convolution, at the pool, and at the beginning of layers 2, 3 and 4."""
    model = build("resnet18", 3, 224)
    names = ["conv1_conv", "conv1_pool", *(f"layer{n}_1_relu" for n in (1, 2, 3, 4))]
    sides = [model.get_layer(name).output.shape[1] for name in names]
    assert sides == [112, 56, 56, 28, 14, 7]


def test_a_stride_pads_alike_on_all_sides():
    """The corner pixel meets the centre of a 7 x 7 kernel, as in PyTorch.

    Keras' own padding of an even side would make it meet another.
    """
    from occbench.models.backend import load_keras

    keras = load_keras()
    image = keras.Input((12, 12, 1))
    style = Style(activation="linear", bias=False)
    y = style.convolution(image, "a", 1, layer_seeds(0), size=7, stride=2)
    model = keras.Model(image, y)
    corner = np.zeros((1, 12, 12, 1), np.float32)
    corner[0, 0, 0] = 1
    kernel = array(model.get_layer("a_conv").kernel)
    assert y.shape == (None, 6, 6, 1)
    np.testing.assert_allclose(array(model(corner))[0, 0, 0, 0], kernel[3, 3, 0, 0], rtol=1e-6)


def test_the_layers_of_report_003_plain():
    """Parameters of each convolution, of its norm, and of each dense layer, from the report."""
    model = build("report-003-plain")
    convolutions = [count(layer.variables) for layer in layers_of(model, "Conv2D")]
    assert convolutions == [80, 1_168, 4_640, 18_496, 73_856, 295_168]
    norms = layers_of(model, "BatchNormalization")
    trained = [count(layer.trainable_variables) for layer in norms]
    assert trained == [16, 32, 64, 128, 256, 512]
    dense = [count(layer.variables) for layer in layers_of(model, "Dense")]
    assert dense == [295_040, 8_256, 2_080, 528, 119]


@pytest.mark.parametrize(
    ("switch", "difference"),
    [
        ("activation='relu'", 0),
        ("dropout=0.0", 0),
        ("dilation=2", 0),
        # 8 filters see 25 or 49 pixels in place of 9.
        ("kernel=5", 8 * 16),
        ("kernel=7", 8 * 40),
        # 256 filters see one pixel of 128 maps.
        ("last_kernel=1", -8 * 128 * 256),
        # 16 filters see one map in place of 8.
        ("groups=8", -9 * 7 * 16),
        ("norm=False", -2 * (8 + 16 + 32 + 64 + 128 + 256)),
        # A fifth pool leaves one place of nine.
        ("pools=(1, 2, 3, 5, 6)", -8 * 256 * 128),
        ("dense=(128, 64, 32, 16, 16)", 16 * 16 + 16),
    ],
)
def test_the_switches_of_report_003_plain(switch, difference):
    """Each changes the number of parameters by what can be counted by hand."""
    changed = count(build(f"report-003-plain({switch})").trainable_variables)
    assert changed == 700_439 + difference


def test_a_small_network_of_the_comparison_in_report_003():
    """8, 16, 32 and 64 maps with a pool behind each, one dense layer of 32, no norm."""
    text = (
        "report-003-plain(filters=(8, 16, 32, 64), pools=(1, 2, 3, 4), dense=(32,), norm=False, "
        "activation='relu', dropout=0.0)"
    )
    model = build(text)
    places = (1, 8, 16, 32, 64)
    kernels = sum(9 * before * after + after for before, after in pairwise(places))
    assert count(model.variables) == kernels + 9 * 64 * 32 + 32 + 32 * 7 + 7
    assert not layers_of(model, "BatchNormalization", "Dropout")
    names = {layer.activation.__name__ for layer in layers_of(model, "Activation")}
    assert names == {"relu"}


def test_groups_and_dilation_are_those_of_the_second_convolution():
    """And of no other; the side stays."""
    model = build("report-003-plain(groups=4, dilation=2)")
    found = layers_of(model, "Conv2D")
    assert [layer.groups for layer in found] == [1, 4, 1, 1, 1, 1]
    assert [layer.dilation_rate for layer in found] == [(1, 1), (2, 2)] + [(1, 1)] * 4
    assert found[1].output.shape[1:3] == (48, 48)


def test_the_layers_of_report_003_inception():
    """Parameters of the branches a, b, c, d and of the convolution that mixes them."""
    model = build("report-003-inception")
    expected = {
        1: [144, 144, 4_640, 144, 12_832, 144, 3_104],
        2: [2_112, 2_112, 73_856, 2_112, 204_928, 2_112, 24_640],
        3: [8_320, 8_320, 295_168, 8_320, 819_456, 8_320, 196_864],
    }
    for number, counts in expected.items():
        branches = [f"inception{number}_{name}_conv" for name in BRANCHES]
        assert [count(model.get_layer(name).variables) for name in branches] == counts
    others = [count(model.get_layer(name).variables) for name in ("stem_conv", "last_conv")]
    assert others == [400, 16_448]
    joined = [model.get_layer(f"inception{n}_join").output.shape[1:] for n in (1, 2, 3)]
    assert joined == [(24, 24, 96), (24, 24, 384), (12, 12, 768)]
    assert [count(layer.variables) for layer in layers_of(model, "Dense")] == [18_464, 231]


@pytest.mark.parametrize(
    ("switch", "difference"),
    [
        ("activation='relu'", 0),
        ("dropout=0.2", 0),
        ("stem=3", -8 * 40),
        ("stem=5", -8 * 24),
        # The large kernel of a module sees 9 pixels of A maps, and gives 2 A.
        ("large=(5, 3, 3)", -16 * (64 * 128 + 128 * 256)),
        ("skip=True", 32 * 64 + 64),
        ("norm=False", -2 * (8 + 32 + 64 + 256 + 64)),
        ("dense=(32, 32)", 32 * 32 + 32),
    ],
)
def test_the_switches_of_report_003_inception(switch, difference):
    """Each changes the number of parameters by what can be counted by hand."""
    changed = count(build(f"report-003-inception({switch})").trainable_variables)
    assert changed == 1_714_183 + difference


@pytest.mark.parametrize(
    ("switch", "difference", "activation"),
    [
        ("activation='relu'", 0, "Activation"),
        ("initial='pytorch'", 0, "LeakyReLU"),
        ("norm=False", -2 * (1024 + 512 + 256 + 128), "LeakyReLU"),
    ],
)
def test_the_switches_of_report_002_forward(switch, difference, activation):
    """Four hidden layers with this activation, and what they have less."""
    model = build(f"report-002-forward({switch})")
    assert count(model.trainable_variables) == 3_054_087 + difference
    assert len(layers_of(model, activation)) == 4


def test_the_modules_of_report_004_inception_are_trained():
    """The 47,745,888 weights that the original never registered, and the 15,284,919 others."""
    trained = build("report-004-inception", 3).trainable_variables
    modules = [each for each in trained if each.path.startswith("inception_")]
    assert count(modules) == 47_745_888
    assert count(trained) - count(modules) == 15_284_919


@pytest.mark.parametrize(("start", "bias"), [("pytorch", True), ("glorot", False), ("he", False)])
@pytest.mark.parametrize("kind", ["convolution", "dense"])
def test_the_initial_values(start, bias, kind):
    """Each within its bound or of its variance; only PyTorch's bias is not 0.

    PyTorch's lie evenly within 1 / sqrt(fan in), Glorot's within sqrt(6 / (fan in + fan out));
    He's have a variance of 2 / fan out.
    """
    from occbench.models.backend import load_keras

    keras = load_keras()
    # 9 pixels of 12 maps, or 108 features, to 80 maps of 9 pixels, or 80 features.
    shape, fan_in, fan_out = ((8, 8, 12), 108, 720) if kind == "convolution" else ((108,), 108, 80)
    image = keras.Input(shape)
    y = getattr(Style(start=start), kind)(image, "a", 80, layer_seeds(3))
    layer = keras.Model(image, y).layers[1]
    kernel, offsets = array(layer.kernel).ravel(), array(layer.bias)
    bound = {"pytorch": fan_in**-0.5, "glorot": (6 / (fan_in + fan_out)) ** 0.5}.get(start)
    if bound is None:
        assert np.var(kernel) == pytest.approx(2 / fan_out, rel=0.1)
    else:
        assert 0.99 * bound < np.abs(kernel).max() <= bound
        assert np.var(kernel) == pytest.approx(bound**2 / 3, rel=0.1)
    assert offsets.any() == bias
    assert np.abs(offsets).max() <= fan_in**-0.5
    assert len(np.unique(offsets)) == (80 if bias else 1)


def test_he_s_values_let_a_face_reach_the_logits():
    """Through 10 convolutions and 5 dense layers PyTorch's leave a millionth of what differs."""
    images = np.random.default_rng(5).integers(0, 256, (4, 16, 16, 1), dtype=np.uint8)
    spread = {}
    for initial in ("he", "pytorch"):
        text = (
            "report-004-plain(channels=(16, 16, 16, 16), dense=(32, 32, 32, 32), "
            f"initial='{initial}')"
        )
        spread[initial] = array(build(text, size=16)(images)).std(axis=0).mean()
    assert spread["he"] > 1e-3
    assert spread["pytorch"] < 1e-5


def _largest_around(maps: np.ndarray) -> np.ndarray:
    """The maximum over 3 x 3 places, those beyond the border left out, in plain loops."""
    found = np.empty_like(maps)
    for y in range(maps.shape[1]):
        for x in range(maps.shape[2]):
            part = maps[:, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
            found[:, y, x] = part.max(axis=(1, 2))
    return found


@pytest.mark.parametrize("network", ["003", "004"])
def test_the_pool_of_a_module_keeps_its_border(network):
    """Its branch gives the largest value around every place, at the border too.

    The original of report 004 pooled 3 x 3 places to one and padded that one back to 3 x 3.
    """
    from occbench.models.backend import load_keras

    keras = load_keras()
    image = keras.Input((3, 3, 2))
    linear = Style(activation="linear")
    if network == "003":
        joined = report_003_inception.branches(image, "a", 2, layer_seeds(0), linear, large=5)
    else:
        joined = report_004_inception.module(image, "a", 1, layer_seeds(0), linear)
    model = keras.Model(image, joined)
    branch = keras.Model(image, model.get_layer("a_d_conv").output)
    maps = np.random.default_rng(4).normal(-5, 1, (2, 3, 3, 2)).astype(np.float32)
    layer = branch.layers[-1]
    expected = _largest_around(maps) @ array(layer.kernel)[0, 0] + array(layer.bias)
    np.testing.assert_allclose(array(branch(maps)), expected, rtol=1e-5, atol=1e-5)
    assert joined.shape == (None, 3, 3, 12 if network == "003" else 256)


def test_the_modules_of_report_004_have_a_way_around_from_the_second_on():
    """The first changes the number of maps, so nothing can be added to what it gives."""
    text = "report-004-inception(channels=(4,), repeats=(1,), modules=3, multiplier=1, dense=(4,))"
    model = build(text, size=8)
    added = [layer.name for layer in layers_of(model, "Add")]
    assert added == ["inception_2_add", "inception_3_add"]


def test_dropout_of_report_004_takes_whole_maps():
    """Before and behind the modules; each map is dropped at all places or at none."""
    text = "report-004-plain(channels=(40,), repeats=(1,), dense=(4,), dropout=0.5)"
    model = build(text, size=8)
    (layer,) = layers_of(model, "SpatialDropout2D")
    kept = array(layer(np.ones((4, 3, 3, 40), np.float32), training=True))
    assert set(np.unique(kept)) == {0.0, 2.0}
    assert (kept == kept[:, :1, :1]).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["report-004-plain", "report-004-inception"])
def test_every_weight_of_a_large_network_gets_a_gradient(name):
    """All 70 and 63 million lie between a face and its loss; a gradient of none is all zeros."""
    import tensorflow as tf

    from occbench.models.backend import load_keras

    model = build(name, 3)
    face = np.random.default_rng(6).integers(0, 256, (2, 48, 48, 3), dtype=np.uint8)
    loss = load_keras().losses.CategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        value = loss(np.eye(7, dtype=np.float32)[[0, 4]], model(face))
    gradients = tape.gradient(value, [each.value for each in model.trainable_variables])
    assert all(each is not None and array(each).any() for each in gradients)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("report-000(step=8)", "'step' of 'report-000' is 8; expected 0, 1, 2, 3, 4, 5, 6, 7."),
        ("report-000(step=True)", "'step' of 'report-000' is True"),
        ("report-002-cnn(dropout=1)", "is 1; expected a number from 0 to 0.99."),
        ("report-002-forward(norm=1)", "'norm' of 'report-002-forward' is 1; expected True, False"),
        ("report-002-forward(activation='elu')", "expected 'leaky-relu', 'relu'"),
        ("report-003-plain(filters=(8,))", "expected two or more"),
        ("report-003-plain(pools=(2, 2))", "expected different convolutions from 1 to 6"),
        ("report-003-plain(pools=(7,))", "expected different convolutions from 1 to 6"),
        ("report-003-plain(groups=3)", "'groups' of 'report-003-plain' is 3"),
        ("report-003-plain(dense=128)", "expected whole numbers of 1 or more in brackets"),
        ("report-003-plain(dense=(128, 0))", "expected whole numbers of 1 or more in brackets"),
        ("report-003-inception(large=(5, 3))", "expected 3 or 5 for each of the three modules"),
        ("report-003-inception(large=(5, 3, 7))", "expected 3 or 5 for each of the three modules"),
        ("report-004-plain(channels=(8, 16))", "expected one number in each for every block"),
        ("report-004-inception(channels=(), repeats=())", "expected one number in each"),
    ],
)
def test_a_wrong_switch_is_refused(text, message):
    """What was expected is said."""
    with pytest.raises(SpecError) as caught:
        resolve_backbone(parse_spec(text))
    assert message in str(caught.value)
