"""The VGGFace networks: their layers, sizes, cuts, and blocks computed again in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np
import pytest

import occbench
from occbench.core.spec import parse_spec
from occbench.errors import DataError, SpecError, UnknownName
from occbench.models.base import REGISTRY
from occbench.models.classifier import Architecture, build_classifier
from occbench.models.vggface_blocks import Residual
from tests.keras2 import original_name, write_keras2
from tests.trainings import array

pytestmark = pytest.mark.tf

RESIDUAL = ("vggface-resnet50", "vggface-senet50")
NETWORKS = (*RESIDUAL, "vggface-vgg16")

# Layers, layers with weights, arrays, parameters: counted in the original under Keras 2.2.4.
TABLE = {
    ("vggface-resnet50", False): (174, 106, 265, 23_561_152),
    ("vggface-resnet50", True): (176, 107, 267, 41_246_071),
    ("vggface-senet50", False): (286, 138, 329, 26_092_144),
    ("vggface-senet50", True): (288, 139, 331, 43_777_063),
    ("vggface-vgg16", False): (19, 13, 26, 14_714_688),
    ("vggface-vgg16", True): (26, 16, 32, 145_002_878),
}


def pictures(*shape: int) -> np.ndarray:
    """Random pictures as a network takes them, about 0."""
    return np.random.default_rng(3).normal(0, 60, shape).astype(np.float32)


@pytest.mark.parametrize(("name", "include_top"), TABLE)
def test_the_layers_are_those_of_the_original(name, include_top):
    """As many of each kind; the classifier has an output for each identity."""
    model = occbench.load_backbone(name, include_top=include_top)
    weighted = [layer for layer in model.layers if layer.weights]
    found = len(model.layers), len(weighted), len(model.weights), model.count_params()
    assert found == TABLE[name, include_top]
    assert model.name == name.replace("-", "_")
    features = (1, 1, 2048) if name in RESIDUAL else (7, 7, 512)
    identities = 8631 if name in RESIDUAL else 2622
    assert model.output.shape[1:] == ((identities,) if include_top else features)
    if include_top:
        assert model.layers[-1].activation.__name__ == "softmax"


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_belongs_to_a_stage_by_its_name(name):
    """But the input, pools that stand between stages, and the last average."""
    model = occbench.load_backbone(name, input_shape=(32, 32, 3))
    stages = [f"conv{number}_" for number in range(1, 6)]
    others = [each.name for each in model.layers if not each.name.startswith(tuple(stages))]
    pools = ["avg_pool"] if name in RESIDUAL else [f"pool{number}" for number in range(1, 6)]
    assert others == ["image", *pools]
    order = [each.name[:6] for each in model.layers if each.name.startswith(tuple(stages))]
    assert order == sorted(order)
    assert set(order) == set(stages)


# Stage 5 of the original, layers[:-33], [:-54] and [:-4] frozen, and the published heads of 8
# classes: parameters of the whole and those that train, as printed in the notebooks of
# LeanderWernst/facial-expression-recognition; the last one is layers[:-8] and the same head.
@pytest.mark.parametrize(
    ("name", "stage", "head", "whole", "trained"),
    [
        ("vggface-resnet50", "conv5", (1024,), 25_667_528, 17_071_112),
        ("vggface-senet50", "conv5", (1024,), 28_198_520, 18_650_504),
        ("vggface-vgg16", "conv5", (256,), 21_139_528, 13_504_264),
        ("vggface-vgg16", "conv4", (256,), 21_139_528, 12_979_200 + 6_424_840),
    ],
)
def test_the_published_cuts(name, stage, head, whole, trained):
    """Freezing by stage is freezing by the published counts of layers."""
    model = build_classifier(
        Architecture(parse_spec(name), 224, 3, "vggface2", head=head, dropout=0.5, trainable=stage),
        8,
        seed=0,
    )
    weights = [v for v in model.weights if "seed_generator" not in v.path]
    assert sum(np.prod(v.shape) for v in weights) == whole
    assert sum(np.prod(v.shape) for v in model.trainable_variables) == trained
    first = next(each.name for each in model.layers if each.trainable and each.weights)
    assert first == f"{stage}_1" + ("_1x1_reduce" if name in RESIDUAL else "")


@pytest.mark.parametrize("name", RESIDUAL)
def test_a_network_and_a_classifier_have_their_layers_in_one_order(name):
    """That of the files, on which loading falls back where names are others."""
    alone = occbench.load_backbone(name, input_shape=(32, 32, 3))
    whole = build_classifier(
        Architecture(parse_spec(name), 40, 3, "vggface2", augment=(), head=(4,)), 3, seed=0
    )
    names = [each.name for each in alone.layers if each.weights]
    assert [each.name for each in whole.layers if each.weights][: len(names)] == names
    # In the first block of a stage the two branches alternate.
    start = names.index("conv3_1_1x1_increase")
    around = ["increase", "proj", "increase_bn", "proj_bn"]
    if name == "vggface-senet50":
        around = ["increase", "increase_bn", "down", "up", "proj", "proj_bn"]
    assert names[start : start + len(around)] == [f"conv3_1_1x1_{part}" for part in around]


@pytest.mark.parametrize("name", RESIDUAL)
def test_strides_and_paddings(name):
    """Stage 3 to 5 halve in their first 1 x 1 convolutions; the first pool cuts its edge."""
    model = occbench.load_backbone(name)
    halving = {each.name for each in model.layers if getattr(each, "strides", (1, 1)) == (2, 2)}
    first = {f"conv{n}_1_1x1_{part}" for n in (3, 4, 5) for part in ("reduce", "proj")}
    assert halving == {"conv1_7x7_s2", "conv1_pool", *first}
    places = ("conv1_relu", "conv1_pool", "conv2_3_relu", "conv3_4_relu", "conv4_6_relu")
    sides = [model.get_layer(place).output.shape[1] for place in (*places, "conv5_3_relu")]
    assert sides == [112, 55, 55, 28, 14, 7]


# From 197 pixels, where seven places are left of each side, the original's average of 7 x 7; below
# that it fails or refuses. 197 to 99, 49, 25, 13, 7; 196 to 98, 48, 24, 12, 6.
@pytest.mark.parametrize(
    ("side", "features"),
    [((32, 32), (1, 1)), ((196, 300), (1, 1)), ((197, 197), (1, 1)), ((256, 448), (1, 2))],
)
def test_the_sizes_of_residual_features(side, features):
    """Always 2048 of them; more than one place where more than one window fits."""
    model = occbench.load_backbone("vggface-resnet50", input_shape=(*side, 3))
    assert model.output.shape == (None, *features, 2048)


@pytest.mark.parametrize(("shape", "window"), [((70, 90, 3), 7), ((200, 256, 3), 7)])
def test_residual_features_are_averages_of_the_last_map(shape, window):
    """Of all of it where it is small, else of its first 7 x 7 places."""
    from occbench.models.backend import load_keras

    model = occbench.load_backbone("vggface-resnet50", input_shape=shape)
    both = load_keras().Model(model.input, [model.get_layer("conv5_3_relu").output, model.output])
    last, features = map(array, both(pictures(1, *shape)))
    expected = last[:, :window, :window].mean(axis=(1, 2), dtype=np.float64)
    np.testing.assert_allclose(features[:, 0, 0], expected, rtol=1e-4, atol=1e-5 * expected.max())


@pytest.mark.parametrize(
    ("side", "places"), [((32, 32), (1, 1)), ((48, 63), (1, 1)), ((100, 230), (3, 7))]
)
def test_the_sizes_of_vgg16_features(side, places):
    """Five pools without padding."""
    model = occbench.load_backbone("vggface-vgg16", input_shape=(*side, 3))
    assert model.output.shape == (None, *places, 512)


@pytest.mark.parametrize("name", NETWORKS)
def test_equal_seeds_give_equal_networks(name):
    """Another seed changes every kernel; a normalisation begins as one."""
    one, same, other = (
        occbench.load_backbone(name, input_shape=(32, 32, 3), seed=seed).weights
        for seed in (1, 1, 2)
    )
    for first, again, third in zip(one, same, other, strict=True):
        assert (array(first) == array(again)).all()
        assert (array(first) != array(third)).any() == first.path.endswith("kernel")


@pytest.mark.parametrize(("pooling", "reduce"), [("avg", np.mean), ("max", np.max)])
@pytest.mark.parametrize("name", ["vggface-vgg16", "convnet-chollet"])
def test_pooling_reduces_the_places(name, pooling, reduce):
    """To one number per feature, of whichever network."""
    shape = 70, 100, 3
    images = pictures(2, *shape)
    features = array(occbench.load_backbone(name, input_shape=shape)(images))
    pooled = array(occbench.load_backbone(name, input_shape=shape, pooling=pooling)(images))
    np.testing.assert_allclose(pooled, reduce(features, axis=(1, 2)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", REGISTRY.names())
def test_every_backbone_can_be_loaded_alone(name):
    """With random weights, at its smallest size and in grey."""
    side = REGISTRY.module(name).BACKBONE.smallest
    model = occbench.load_backbone(name, input_shape=(side, side, 1))
    assert np.isfinite(array(model(pictures(1, side, side, 1)))).all()


@pytest.mark.parametrize(
    ("name", "how", "error", "message"),
    [
        ("vggface-resnet", {}, UnknownName, "Did you mean 'vggface-resnet50'"),
        ("vggface-vgg16", {"input_shape": (31, 64, 3)}, DataError, "needs images of 32 pixels"),
        ("vggface-vgg16", {"input_shape": (64, 64)}, DataError, "expected height, width and"),
        ("vggface-vgg16", {"input_shape": (64, 64.0, 3)}, DataError, "expected height, width"),
        ("vggface-vgg16", {"pooling": "mean"}, SpecError, "pooling is 'mean'"),
        (
            "vggface-vgg16",
            {"include_top": True, "input_shape": (256, 224, 3)},
            DataError,
            "needs features (7, 7, 512), which input_shape = (224, 224, 3) gives; these are "
            "(8, 7, 512)",
        ),
        (
            "vggface-resnet50",
            {"include_top": True, "input_shape": (448, 224, 3)},
            DataError,
            "these are (2, 1, 2048)",
        ),
        ("resnet9", {"include_top": True}, SpecError, "'resnet9' has no published classifier"),
        ("resnet9", {"weights": "w.h5"}, SpecError, "'resnet9' has no published weights"),
        ("resnet9", {"pooling": "avg"}, SpecError, "have no places to pool"),
        ("resnet9(depth=3)", {}, SpecError, "has no parameter 'depth'"),
        ("vggface-vgg16", {"weights": "no/such.h5"}, DataError, "'no/such.h5' does not exist"),
    ],
)
def test_what_does_not_go_is_refused(name, how, error, message):
    """With what was expected."""
    with pytest.raises(error) as caught:
        occbench.load_backbone(name, **how)
    assert message in str(caught.value)


def spread(variable: Any, seed: int) -> np.ndarray:
    """Random values that no two weights share; variances are above 0."""
    values = np.random.default_rng(seed).uniform(-1, 1, variable.shape).astype(np.float32)
    return np.abs(values) + np.float32(0.1) if variable.name == "moving_variance" else values


@pytest.mark.parametrize("name", NETWORKS)
def test_a_file_in_the_original_layout_fills_every_weight(name, tmp_path):
    """Bit for bit; a grey network does not fit it and stays as it was."""
    template = occbench.load_backbone(name, input_shape=(32, 32, 3))
    seeds = count()
    layers = [
        (original_name(layer.name), {v.name: spread(v, next(seeds)) for v in layer.weights})
        for layer in template.layers
    ]
    path = write_keras2(tmp_path / "w.h5", layers)
    loaded = occbench.load_backbone(name, weights=path, input_shape=(32, 32, 3))
    expected = {original.replace("/", "_"): arrays for original, arrays in layers}
    for layer in loaded.layers:
        for variable in layer.weights:
            assert (array(variable) == expected[layer.name][variable.name]).all()
    with pytest.raises(DataError, match=r"layer 'conv1_.*' expects .*, 1, 64"):
        occbench.load_backbone(name, weights=path, input_shape=(32, 32, 1))


def convolve(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """A convolution as TensorFlow pads it: ``same``, the odd row at the far edge."""
    size = kernel.shape[0]
    pads = []
    for side in x.shape[:2]:
        total = max((-(-side // stride) - 1) * stride + size - side, 0)
        pads.append((total // 2, total - total // 2))
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(x, [*pads, (0, 0)]), (size, size), axis=(0, 1)
    )[::stride, ::stride]
    return np.einsum("hwcij,ijco->hwo", windows, kernel, optimize=True)


def relu(x: np.ndarray) -> np.ndarray:
    """Nothing below 0."""
    return np.maximum(x, 0)


class Weights:
    """The weights of a model by layer, in double precision."""

    def __init__(self, model: Any, epsilon: float) -> None:
        self.epsilon = epsilon
        self.of = {
            layer.name: {v.name: array(v).astype(np.float64) for v in layer.weights}
            for layer in model.layers
        }

    def conv_bn(self, x: np.ndarray, name: str, stride: int = 1) -> np.ndarray:
        """A convolution and its normalisation by stored statistics."""
        bn = self.of[f"{name}_bn"]
        x = convolve(x, self.of[name]["kernel"], stride) - bn["moving_mean"]
        return x / np.sqrt(bn["moving_variance"] + self.epsilon) * bn["gamma"] + bn["beta"]

    def bottleneck(self, x: np.ndarray, *, stride: int, project: bool, squeeze: bool) -> np.ndarray:
        """A block called ``b``: narrow, look around, widen, weigh the channels, add."""
        y = relu(self.conv_bn(x, "b_1x1_reduce", stride))
        y = self.conv_bn(relu(self.conv_bn(y, "b_3x3")), "b_1x1_increase")
        if squeeze:
            down, up = self.of["b_1x1_down"], self.of["b_1x1_up"]
            share = relu(y.mean(axis=(0, 1)) @ down["kernel"][0, 0] + down["bias"])
            share = share @ up["kernel"][0, 0] + up["bias"]
            y = y / (1 + np.exp(-share))
        return relu(y + (self.conv_bn(x, "b_1x1_proj", stride) if project else x))


def with_spread_weights(build: Callable[[Any], Any], shape: Sequence[int]) -> Any:
    """A model of one input, all weights drawn; variances small, so that epsilon matters."""
    from occbench.models.backend import load_keras

    keras = load_keras()
    inputs = keras.Input(shape)
    model = keras.Model(inputs, build(inputs))
    for seed, variable in enumerate(model.weights):
        variable.assign(spread(variable, seed) * _scale(variable))
    return model


def _scale(variable: Any) -> float:
    """Keeps maps and shares of channels about 1, where neither ReLU nor sigmoid is saturated."""
    if variable.name == "moving_variance":
        return 0.002
    if variable.name != "kernel" or "_down" in variable.path or "_up" in variable.path:
        return 1.0
    return 0.05 / float(np.sqrt(np.prod(variable.shape[:-1])))


@pytest.mark.parametrize("name", RESIDUAL)
@pytest.mark.parametrize(("stride", "project"), [(1, False), (1, True), (2, True)])
def test_a_block_computed_again(name, stride, project):
    """On a map of odd and even sides; squeeze-excitation stands before the sum."""
    network: Residual = REGISTRY.module(name).NETWORK
    squeeze, epsilon = name == "vggface-senet50", {"vggface-resnet50": 1e-3}.get(name, 1e-4)
    channels = 32 if project else 64
    seeds = count()
    model = with_spread_weights(
        lambda x: network.block(x, "b", 16, lambda: next(seeds), stride, project), (7, 8, channels)
    )
    x = np.random.default_rng(0).normal(size=(7, 8, channels))
    expected = Weights(model, epsilon).bottleneck(
        x, stride=stride, project=project, squeeze=squeeze
    )
    found = array(model(x[None].astype(np.float32)))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-6 * expected.max())


@pytest.mark.parametrize("name", RESIDUAL)
def test_the_first_layers_computed_again(name):
    """7 x 7 by 2, padded unevenly, normalised, and the largest of 3 x 3 by 2 inside the map."""
    from occbench.models.backend import load_keras

    whole = occbench.load_backbone(name, input_shape=(37, 44, 3))
    model = load_keras().Model(whole.input, whole.get_layer("conv1_pool").output)
    for seed, variable in enumerate(model.weights):
        variable.assign(spread(variable, seed) * _scale(variable))
    image = pictures(37, 44, 3)
    weights = Weights(model, {"vggface-resnet50": 1e-3}.get(name, 1e-4))
    seen = relu(weights.conv_bn(image.astype(np.float64), "conv1_7x7_s2", 2))
    windows = np.lib.stride_tricks.sliding_window_view(seen, (3, 3), axis=(0, 1))[::2, ::2]
    expected = windows.max(axis=(-2, -1))
    assert expected.shape == (9, 10, 64)
    found = array(model(image[None]))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-6 * expected.max())


def test_vgg16_computed_again():
    """All of it: 3 x 3 with bias and ReLU, and the largest of 2 x 2 after 2, 2, 3, 3, 3 of them."""
    model = occbench.load_backbone("vggface-vgg16", input_shape=(35, 40, 3))
    for seed, variable in enumerate(model.weights):
        if variable.name == "bias":
            variable.assign(spread(variable, seed))
    image = pictures(35, 40, 3)
    of, x = Weights(model, 0).of, image.astype(np.float64)
    for stage, layers in enumerate((2, 2, 3, 3, 3), start=1):
        for layer in range(1, layers + 1):
            weights = of[f"conv{stage}_{layer}"]
            x = relu(convolve(x, weights["kernel"], 1) + weights["bias"])
        height, width = x.shape[0] // 2, x.shape[1] // 2
        x = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1).max(axis=(1, 3))
    np.testing.assert_allclose(array(model(image[None]))[0], x, rtol=1e-4, atol=1e-5 * x.max())
