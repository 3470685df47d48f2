"""The VGGFace networks beside the original itself, run in another process at the same time.

keras-vggface 0.6 as it was published, on tf_keras; ``pip install ".[oracle]"`` brings both. Its
weights come through its own ``save_weights``, so that its files are read as well.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import occbench
from tests.trainings import array

pytestmark = [pytest.mark.tf, pytest.mark.slow]

PACKAGES = ("keras_applications", "keras_vggface", "tf_keras")
# From 197 pixels on the original works; sides differ so that none can be taken for the other.
SHAPE = 197, 211, 3


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Two random pictures in colour."""
    return np.random.default_rng(4).integers(0, 256, (2, *SHAPE), dtype=np.uint8)


@pytest.fixture(scope="module")
def original(images, tmp_path_factory) -> Path:
    """The folder of what the original wrote."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; pip install '.[oracle]' brings all")
    folder = tmp_path_factory.mktemp("original")
    np.save(folder / "images.npy", images)
    program = Path(__file__).with_name("run_original.py")
    done = subprocess.run(
        [sys.executable, str(program), str(folder / "images.npy"), str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def outputs(original) -> dict[str, np.ndarray]:
    """What the original gave."""
    with np.load(original / "outputs.npz") as file:
        return {key: file[key] for key in file.files}


@pytest.mark.parametrize("version", [1, 2])
def test_images_are_prepared_as_by_the_original(version, images, outputs):
    """To the bit."""
    found = occbench.preprocess(f"vggface{version}", images)
    np.testing.assert_array_equal(found, outputs[f"version{version}"])


@pytest.mark.parametrize("title", ["resnet50", "senet50", "vgg16", "resnet50_top", "senet50_top"])
def test_the_same_weights_give_the_same_outputs(title, original, images, outputs):
    """Up to rounding: 5e-5 of the largest value, as for the recordings."""
    name, _, top = title.partition("_")
    path = original / f"{title}.h5"
    model = occbench.load_backbone(
        f"vggface-{name}", weights=path, include_top=bool(top), input_shape=SHAPE
    )
    path.unlink()
    version = "vggface1" if name == "vgg16" else "vggface2"
    found, expected = array(model(occbench.preprocess(version, images))), outputs[title]
    assert found.shape == expected.shape
    assert np.abs(expected[0] - expected[1]).max() > 0.01 * np.abs(expected).max()
    assert np.abs(found - expected).max() <= 5e-5 * np.abs(expected).max()
