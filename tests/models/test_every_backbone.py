"""What every backbone keeps: a new file in ``backbones`` needs one line here to be tested."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from occbench.core.spec import Spec, parse_spec
from occbench.errors import DataError
from occbench.models.base import REGISTRY, resolve_backbone
from occbench.models.classifier import Architecture, build_classifier
from occbench.training.checkpoint import load_weights, save_weights
from occbench.training.network import compiled_network
from tests.trainings import array, recipe

pytestmark = pytest.mark.tf

# Specs small enough to be trained for a step, and the smallest side of their input, counted from
# the end: a 3 x 3 kernel without padding needs 3 pixels and gives 2 less than it gets, a pool needs
# twice what it gives. 1, 3, 6, 8, 16, 18 for convnet-chollet; 7, 14, 20, 40, 42, 84, 86 for
# convnet-deep; five pools of the vggface networks, 1 to 32. Step 4 of report 000: 1, 2, 3, 4, 5
# before kernels of 2, 10, 14, 28, 32. Networks that pad: twice for each pool, but not below 8, the
# least that a recipe may say.
SMALLEST = {
    "convnet-chollet": 18,
    "convnet-deep": 86,
    "report-000(step=0)": 4,
    "report-000(step=1)": 6,
    "report-000(step=2)": 16,
    "report-000(step=3)": 32,
    "report-000(step=4)": 32,
    "report-000(step=5)": 16,
    "report-000(step=6)": 32,
    "report-000(step=7)": 32,
    "report-002-cnn": 8,
    "report-002-forward": 8,
    "report-003-inception": 16,
    "report-003-inception(norm=False, skip=True, activation='relu')": 16,
    "report-003-plain": 16,
    "report-003-plain(filters=(4, 8), pools=(1, 2), groups=2, dilation=2, dense=(5,))": 8,
    "report-004-inception(channels=(6, 8), repeats=(2, 1), modules=2, multiplier=1, dense=(8,))": 8,
    "report-004-plain(channels=(6, 8), repeats=(2, 1), dense=(16, 8))": 8,
    "resnet18": 32,
    "resnet9(width=4)": 16,
    "vggface-resnet50": 32,
    "vggface-senet50": 32,
    "vggface-vgg16": 32,
}

# Far too many parameters to be built at 224 pixels: a dense layer reads every place of every map.
HUGE = ("report-004-inception", "report-004-plain")


def build(backbone: str | Spec, size: int, *, seed: int = 0, channels: int = 1) -> Any:
    """A classifier of three classes."""
    spec = parse_spec(backbone) if isinstance(backbone, str) else backbone
    return build_classifier(Architecture(spec, size, channels, "centered"), 3, seed=seed)


def pictures(count: int, size: int) -> np.ndarray:
    """Random grey pictures."""
    shape = (count, size, size, 1)
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def values(model: Any) -> dict[str, np.ndarray]:
    """All weights and statistics by path."""
    return {
        variable.path: array(variable)
        for variable in model.variables
        if "seed_generator" not in variable.path
    }


def without_effect(model: Any) -> set[str]:
    """The paths of biases that batch normalisation subtracts again: their gradient is 0."""
    followed = {
        layer.input._keras_history.operation.name
        for layer in model.layers
        if type(layer).__name__ == "BatchNormalization"
    }
    found = (layer for layer in model.layers if layer.name in followed)
    return {layer.bias.path for layer in found if getattr(layer, "bias", None) is not None}


def test_every_backbone_is_tested():
    """A new one needs a spec and its smallest size above."""
    assert {parse_spec(text).name for text in SMALLEST} == set(REGISTRY.names())


@pytest.fixture(scope="module", params=SMALLEST)
def tried(request):
    """A spec, its smallest size, and a network of that size with the seed 0."""
    return request.param, SMALLEST[request.param], build(request.param, SMALLEST[request.param])


def test_the_smallest_size_works_and_one_less_is_refused(tried):
    """The message names the size that would do and the one that was asked for."""
    text, size, model = tried
    logits = array(model(pictures(5, size)))
    assert logits.shape == (5, 3)
    assert np.isfinite(logits).all()
    with pytest.raises(DataError) as caught:
        build(text, size - 1)
    assert f"'{parse_spec(text).name}' needs images of {size} pixels or more" in str(caught.value)
    assert f"size = {size - 1}" in str(caught.value)


def test_every_weight_belongs_to_a_stage(tried):
    """By the name of its layer, and the stages come in their order."""
    text, _, model = tried
    stages = (*resolve_backbone(parse_spec(text))[0].stages, "head")
    found = []
    for layer in model.layers:
        if layer.weights:
            (stage,) = (stage for stage in stages if layer.name.startswith(f"{stage}_"))
            found.append(stages.index(stage))
    assert found == sorted(found)


def test_the_output_is_plain_logits(tried):
    """No layer makes probabilities, which the loss would do a second time, or cuts them at 0."""
    _, _, model = tried
    names = [getattr(layer, "activation", None) for layer in model.layers]
    assert "softmax" not in [getattr(name, "__name__", "") for name in names]
    assert names[-1].__name__ == "linear"
    assert model.layers[-1].name == "head_logits"


def test_equal_seeds_give_equal_weights(tried):
    """Another seed changes every kernel, and no two layers of one shape begin alike."""
    text, size, model = tried
    first, same, other = values(model), values(build(text, size)), values(build(text, size, seed=5))
    assert all((first[path] == same[path]).all() for path in first)
    kernels = [path for path in first if path.endswith("kernel")]
    assert all((first[path] != other[path]).any() for path in kernels)
    assert len({first[path].tobytes() for path in kernels}) == len(kernels)


def test_every_weight_is_trained_and_survives_save_and_load(tried, tmp_path):
    """A step changes all but biases without effect; another network reads back what was written."""
    text, size, _ = tried
    chosen = recipe(
        {"backbone": text, "size": max(size, 8), "channels": 1},
        preprocessing="centered",
        weights="none",
        optimizer="adam",
        learning_rate=0.01,
    )
    model = compiled_network(chosen, 3, steps=1)
    # One step is not worth a compilation.
    model.run_eagerly = True
    before, images = values(model), pictures(12, chosen.size)
    model.train_on_batch(images, np.eye(3, dtype=np.float32)[np.arange(12) % 3])
    after = values(model)
    unchanged = {path for path in before if (before[path] == after[path]).all()}
    assert unchanged <= without_effect(model)
    trainable = {variable.path for variable in model.trainable_variables}
    assert {path for path in before if "moving" not in path} == trainable

    save_weights(model, tmp_path / "some.weights.h5")
    other = build(text, chosen.size, seed=7)
    assert not np.array_equal(array(other(images)), array(model(images)))
    load_weights(other, tmp_path / "some.weights.h5")
    assert all((value == after[path]).all() for path, value in values(other).items())
    np.testing.assert_array_equal(array(other(images)), array(model(images)))


@pytest.mark.parametrize("text", [text for text in SMALLEST if not text.startswith(HUGE)])
def test_colour_of_224_pixels(text):
    """The network is built, and its logits have their shape."""
    assert build(text, 224, channels=3).output.shape == (None, 3)
