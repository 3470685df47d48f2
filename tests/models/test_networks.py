"""Networks: their sizes, their outputs, what trains and what stays frozen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from occbench.core.spec import parse_spec
from occbench.errors import DataError, SpecError, UnknownName
from occbench.models.base import resolve_backbone
from occbench.models.classifier import Architecture, build_classifier
from tests.trainings import TINY, array, recipe

pytestmark = pytest.mark.tf


def build(backbone: str, size: int, classes: int = 3, *, seed: int = 0, **changes: Any) -> Any:
    """A classifier for grey images unless changed."""
    known = {"channels": 1, "preprocessing": "centered"} | changes
    return build_classifier(Architecture(parse_spec(backbone), size, **known), classes, seed=seed)


def pictures(count: int, size: int, channels: int = 1) -> np.ndarray:
    """Random pictures."""
    shape = (count, size, size, channels)
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def sides(model: Any) -> list[int]:
    """The side of the maps that each convolution and pool gives, with the input's first."""
    kinds = ("Conv2D", "MaxPooling2D")
    return [model.input.shape[1]] + [
        layer.output.shape[1] for layer in model.layers if type(layer).__name__ in kinds
    ]


@pytest.mark.parametrize(
    ("name", "parameters", "trace", "features"),
    [
        # The layer tables printed in the notebooks of report 001.
        ("convnet-chollet", 2_862_152, [224, 222, 111, 109, 54, 52], 346_112),
        (
            "convnet-deep",
            8_777_864,
            [224, 222, 111, 109, 54, 52, 50, 48, 24, 22, 20, 18],
            165_888,
        ),
    ],
)
def test_the_networks_of_report_001(name, parameters, trace, features):
    """Parameters and sides of every layer are the published ones, at 224 pixels in colour."""
    model = build(name, 224, 8, channels=3, preprocessing="unit")
    assert model.count_params() == parameters
    assert sides(model) == trace
    assert model.get_layer("head_flatten").output.shape == (None, features)
    assert model.output.shape == (None, 8)


@pytest.mark.parametrize(("width", "channels", "classes"), [(1, 1, 3), (4, 3, 8), (24, 1, 7)])
def test_the_parameters_of_resnet9(width, channels, classes):
    """Weights of 3 x 3 kernels without bias, four numbers per normalised filter, and the head."""
    expected = 9 * 4 * channels * width + 4 * width
    for before, filters in ((1, 2), (2, 4), (4, 8)):
        kernels = before * filters + 2 * filters * filters
        expected += 9 * kernels * width**2 + 3 * 4 * filters * width
    expected += (8 * width + 1) * classes
    model = build(f"resnet9(width={width})", 32, classes, channels=channels)
    assert model.count_params() == expected


@pytest.mark.parametrize("size", [16, 17, 31, 48])
def test_resnet9_takes_odd_and_small_sizes(size):
    """Half the side, then three pools that cut; the features do not depend on it."""
    model = build("resnet9(width=1)", size)
    half = size // 2
    assert sides(model)[1:3] == [half, half]
    assert sides(model)[-1] == half // 8
    assert model.get_layer("pool_average").output.shape == (None, 8)
    assert np.isfinite(model(pictures(2, size))).all()


def test_an_odd_edge_of_resnet9_is_cut():
    """The last row and column of 17 pixels change nothing."""
    odd, even = build("resnet9(width=2)", 17), build("resnet9(width=2)", 16)
    images = pictures(3, 17)
    np.testing.assert_array_equal(odd(images), even(images[:, :16, :16]))


def test_the_first_layer_of_resnet9_sees_blocks_of_pixels():
    """Every 2 x 2 block becomes one place; NumPy slices in place of reshaping say the same."""
    from occbench.models.backend import load_keras

    model = build("resnet9(width=1)", 16, channels=3, preprocessing="unit")
    blocks = load_keras().Model(model.input, model.get_layer("stem_channels").output)
    images = pictures(2, 16, 3)
    parts = [images[:, y::2, x::2] for y in (0, 1) for x in (0, 1)]
    expected = np.concatenate(parts, axis=-1).astype(np.float32) / 255
    np.testing.assert_allclose(blocks(images), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("resnet9(depth=3)", "'resnet9' has no parameter 'depth'. Known: width."),
        ("convnet-chollet(width=3)", "has no parameter 'width'. Known: none."),
        ("resnet9(width=0)", "'width' of 'resnet9' is 0"),
        ("resnet9(width=2.0)", "'width' of 'resnet9' is 2.0"),
        ("resnet9(width=True)", "'width' of 'resnet9' is True"),
        ("resnet9(width='wide')", "'width' of 'resnet9' is 'wide'"),
    ],
)
def test_an_unknown_or_wrong_parameter_is_refused(text, message):
    """What is known, or what was expected, is said."""
    with pytest.raises(SpecError) as caught:
        resolve_backbone(parse_spec(text))
    assert message in str(caught.value)


def test_an_unknown_backbone_is_refused():
    """The nearest one is named."""
    with pytest.raises(UnknownName, match="Did you mean 'resnet9'"):
        build("resnet-9", 32)


def test_the_output_is_logits():
    """Nothing squeezes them into probabilities: they are negative too and sum to anything."""
    model = build("resnet9(width=4)", 16, 8)
    logits = array(model(pictures(32, 16)))
    assert (logits < 0).any()
    assert (logits > 0).any()
    assert (np.abs(logits.sum(axis=1) - 1) > 0.01).all()
    assert model.layers[-1].activation.__name__ == "linear"


def test_hidden_layers_and_dropout_of_the_head():
    """Each layer of the head has a dropout before it and its weights count."""
    model = build("resnet9(width=1)", 16, head=(7, 5), dropout=0.5)
    names = [layer.name for layer in model.layers if layer.name.startswith("head")]
    assert names == [
        "head_dropout1",
        "head_dense1",
        "head_dropout2",
        "head_dense2",
        "head_dropout3",
        "head_logits",
    ]
    bare = build("resnet9(width=1)", 16)
    assert model.count_params() - (bare.count_params() - 27) == 8 * 7 + 7 + 7 * 5 + 5 + 5 * 3 + 3


def weights(model: Any, *, states: bool = False) -> dict[str, np.ndarray]:
    """All variables by path, without the states of random layers unless asked for."""
    return {
        variable.path: array(variable)
        for variable in model.variables
        if states or "seed_generator" not in variable.path
    }


def test_equal_seeds_give_equal_weights():
    """Another seed changes every kernel, and no two layers of one shape begin alike."""
    one, same, other = (weights(build("resnet9(width=2)", 16, seed=s)) for s in (4, 4, 5))
    assert all((one[path] == same[path]).all() for path in one)
    kernels = [path for path in one if path.endswith("kernel")]
    assert all((one[path] != other[path]).any() for path in kernels)
    assert len({one[path].tobytes() for path in kernels}) == len(kernels)


def one_step(**changes: Any) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], set[str]]:
    """Weights before and after a step of plain gradient descent, and which are trainable."""
    from occbench.training.network import compiled_network

    chosen = recipe(
        {key: TINY[key] for key in ("backbone", "size", "channels")},
        **({"optimizer": "sgd(momentum=0.0, nesterov=False)", "learning_rate": 0.5} | changes),
    )
    model = compiled_network(chosen, 3, steps=1)
    # One step is not worth a compilation.
    model.run_eagerly = True
    before = weights(model)
    truth = np.eye(3, dtype=np.float32)[np.arange(12) % 3]
    model.train_on_batch(pictures(12, chosen.size), truth)
    return before, weights(model), {variable.path for variable in model.trainable_variables}


@pytest.mark.parametrize(
    ("trainable", "frozen"),
    [
        ("stage2", ("stem_", "stage1_")),
        ("head", ("stem_", "stage1_", "stage2_", "stage3_")),
        ("stem", ()),
    ],
)
def test_frozen_stages_stay_bit_equal(trainable, frozen):
    """Their weights and the statistics of their batch normalisation too; all others move."""
    before, after, trained = one_step(backbone="resnet9(width=4)", trainable=trainable)
    still = {path for path in before if before[path].tobytes() == after[path].tobytes()}
    assert still == {path for path in before if path.startswith(frozen or ("none",))}
    assert not any(path.startswith(frozen or ("none",)) for path in trained)


def test_a_frozen_stage_normalises_as_in_inference():
    """In training mode too, frozen layers use their own statistics, not those of the batch."""
    from occbench.models.backend import load_keras

    model = build("resnet9(width=2)", 16, trainable="head")
    features = load_keras().Model(model.input, model.get_layer("pool_average").output)
    images = pictures(4, 16)
    np.testing.assert_array_equal(features(images, training=True), features(images, training=False))


def test_an_unknown_stage_is_refused():
    """The stages there are stand in the message."""
    with pytest.raises(DataError) as caught:
        build("resnet9(width=1)", 16, trainable="stage9")
    assert "all, head, stem, stage1, stage2, stage3, pool" in str(caught.value)


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_logits_are_float32_whatever_the_precision(precision):
    """Layers compute in half precision, weights and logits do not; the policy is put back."""
    from occbench.models.backend import load_keras

    keras = load_keras()
    model = build("resnet9(width=1)", 16, precision=precision)
    assert model.get_layer("stem_conv").compute_dtype == precision.removeprefix("mixed_")
    assert model.get_layer("stem_conv").kernel.dtype == "float32"
    assert str(array(model(pictures(2, 16))).dtype) == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_channel_means_for_grey_images_are_refused():
    """A recipe may say so; the network cannot be built."""
    with pytest.raises(DataError, match="needs 3 channels; got 1"):
        build("resnet9(width=1)", 16, preprocessing="vggface2")
