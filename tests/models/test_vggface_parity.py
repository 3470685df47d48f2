"""The VGGFace networks against outputs recorded from keras-vggface 0.6 under Keras 2.2.4.

The recordings, the layer tables and the program that writes files in the published layout are no
part of the repository. ``test_vggface_networks.py`` computes blocks again without them.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import occbench
from occbench.models.weights import load_published
from tests.trainings import array

pytestmark = pytest.mark.tf

_DATA = Path(__file__).parents[3] / "shared" / "data"
NAMES = ("resnet50", "senet50", "vgg16")

# Rounding of the original in float32 is up to 1.3e-5 of the largest value; the wrong network that
# is hardest to see, SENet-50 with an epsilon of 1e-5, is 4.5e-4 away.
TOLERANCE = 5e-5


@pytest.fixture(scope="module")
def parity() -> Path:
    """The folder of the recordings."""
    folder = Path(os.environ.get("OCCBENCH_TEST_DATA", _DATA)).parent / "parity"
    if not (folder / "fixtures.npz").is_file():
        pytest.skip(f"no fixtures.npz in '{folder}'; it belongs beside OCCBENCH_TEST_DATA")
    return folder


@pytest.fixture(scope="module")
def recorded(parity: Path) -> dict[str, np.ndarray]:
    """Images, and what the original gave for them."""
    with np.load(parity / "fixtures.npz") as file:
        return {key: file[key] for key in file.files}


@pytest.fixture(scope="module")
def writer(parity: Path) -> ModuleType:
    """The program that writes weights as the original does."""
    spec = importlib.util.spec_from_file_location("writer", parity / "make_vggface_h5.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def structure(parity: Path, name: str, part: str) -> dict[str, Any]:
    """The layer table of the original."""
    path = parity / f"structure_{name}_{part}.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=NAMES)
def notop(request, parity, writer, recorded, tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """A network's name and its file without classifier, shared by all that is asked of it."""
    name = request.param
    path = tmp_path_factory.mktemp(name) / f"{name}.h5"
    writer.write_h5(structure(parity, name, "notop"), int(recorded["seed"]), str(path))
    yield name, path
    path.unlink()


def seen(name: str, images: np.ndarray) -> np.ndarray:
    """Images as the network's weights expect them."""
    return occbench.preprocess("vggface1" if name == "vgg16" else "vggface2", images)


def assert_parity(found: Any, expected: np.ndarray) -> None:
    """The largest error is below the tolerance times the largest value."""
    assert found.shape == expected.shape
    assert np.abs(array(found) - expected).max() <= TOLERANCE * np.abs(expected).max()


def test_features(notop, recorded):
    """For two images of 224 pixels, and for one of another shape."""
    name, path = notop
    images = recorded["images_uint8_rgb"]
    model = occbench.load_backbone(f"vggface-{name}", weights=path)
    assert_parity(model(seen(name, images)), recorded[f"{name}_notop_out"])


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_pooled_features(notop, recorded, pooling):
    """With the pooling of the original."""
    name, path = notop
    model = occbench.load_backbone(f"vggface-{name}", weights=path, pooling=pooling)
    found = model(seen(name, recorded["images_uint8_rgb"]))
    assert_parity(found, recorded[f"{name}_notop_pooling_{pooling}"])


def test_features_of_another_shape(notop, recorded, writer):
    """256 x 320 pixels."""
    name, path = notop
    images = writer.make_images(int(recorded["seed"]), n=1, size=(256, 320))
    model = occbench.load_backbone(f"vggface-{name}", weights=path, input_shape=(256, 320, 3))
    assert_parity(model(seen(name, images)), recorded[f"{name}_notop_out_256x320"])


def test_a_file_of_a_longer_session(notop, recorded, parity, writer, tmp_path):
    """Its layers without weights have other numbers; the same values come to the same places."""
    name, path = notop
    later = tmp_path / "later.h5"
    table, seed = structure(parity, name, "notop"), int(recorded["seed"])
    writer.write_h5(table, seed, str(later), shift_auto_names=37)
    one, other = (
        occbench.load_backbone(f"vggface-{name}", weights=each, input_shape=(64, 64, 3))
        for each in (path, later)
    )
    later.unlink()
    for first, second in zip(one.weights, other.weights, strict=True):
        assert (array(first) == array(second)).all()


def ours(name: str) -> str:
    """Keras 3 allows no ``/`` in names."""
    return name.replace("/", "_")


KEYS = ("filters", "kernel_size", "strides", "padding", "use_bias", "activation", "epsilon")
KEYS += ("momentum", "pool_size", "target_shape", "units", "axis")
# Keras 3 counts from the end.
SAME = {"axis": {3: -1}}


@pytest.mark.parametrize("part", ["notop", "top"])
@pytest.mark.parametrize("name", NAMES)
def test_the_layer_table(name, part, parity):
    """Order, classes, names, settings, inputs, shapes and parameters of every layer."""
    table = structure(parity, name, part)
    model = occbench.load_backbone(f"vggface-{name}", include_top=part == "top")
    assert model.count_params() == table["total_params"]
    assert sum(np.prod(v.shape) for v in model.trainable_variables) == table["trainable_params"]
    twin = {row["name"]: layer for row, layer in zip(table["layers"], model.layers, strict=True)}
    for row in table["layers"][1:]:
        layer = twin[row["name"]]
        assert type(layer).__name__ == row["class"]
        assert layer.output.shape[1:] == tuple(row["output_shape"][1:]), row["name"]
        assert layer.count_params() == row["params"]
        if row["params"]:
            assert layer.name == ours(row["name"])
            kinds = [*row["trainable_weights"], *row["non_trainable_weights"]]
            names = {kind.rpartition("/")[2].partition(":")[0] for kind in kinds}
            assert {variable.name for variable in layer.weights} == names
        config = layer.get_config()
        for key in set(KEYS) & set(row["config"]):
            expected = row["config"][key]
            expected = tuple(expected) if isinstance(expected, list) else expected
            found = tuple(config[key]) if isinstance(config[key], list) else config[key]
            assert found == SAME.get(key, {}).get(expected, expected), (row["name"], key)
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        made_by = {tensor._keras_history.operation.name for tensor in inputs}
        assert made_by == {twin[each].name for each in row["inbound"]}


@pytest.mark.parametrize("name", NAMES)
def test_probabilities(name, parity, writer, recorded, tmp_path):
    """Of all identities; for VGG-16 its logits too, which softmax would flatten."""
    from occbench.models.backend import load_keras

    path = tmp_path / "top.h5"
    writer.write_h5(structure(parity, name, "top"), int(recorded["seed"]), str(path))

    model = occbench.load_backbone(f"vggface-{name}", include_top=True)
    load_published(model.layers, path)
    path.unlink()
    images = seen(name, recorded["images_uint8_rgb"])
    if name != "vgg16":
        assert_parity(model(images), recorded[f"{name}_top_out"])
        return
    inner = [model.get_layer(each).output for each in ("fc6_relu", "fc7_relu", "fc8")]
    fc6, fc7, logits, out = load_keras().Model(model.input, [*inner, model.output])(images)
    assert_parity(out, recorded["vgg16_top_out"])
    assert_parity(logits, recorded["vgg16_top_fc8_logits"])
    # The recording holds the first 256 of 4096.
    assert_parity(fc6[:, :256], recorded["vgg16_top_fc6_relu"])
    assert_parity(fc7[:, :256], recorded["vgg16_top_fc7_relu"])


@pytest.mark.parametrize("version", [1, 2])
def test_preprocessing(version, parity):
    """What ``preprocess_input`` of the original gave for a batch and a single image."""
    with np.load(parity / "preprocess_fixture.npz") as file:
        fixture = {key: file[key] for key in file.files}
    name = f"vggface{version}"
    found = occbench.preprocess(name, fixture["x"])
    np.testing.assert_array_equal(found, fixture[f"v{version}_channels_last_float32"])
    single = occbench.preprocess(name, fixture["x"][0])
    np.testing.assert_array_equal(single, fixture[f"v{version}_single_image_3d"])
