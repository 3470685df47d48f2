"""Several devices, half precision and XLA as settings of a recipe, on devices made of a CPU."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from occbench.errors import DataError
from tests.trainings import PLAIN, TINY, recipe, train_in, weights_in

pytestmark = pytest.mark.tf

_ROOT = Path(__file__).parents[2]

# One device; the same on two; batch normalisation, dropout and augmentation on two; both halves.
RECIPES = {
    "one": recipe(PLAIN, epochs=2),
    "two": recipe(PLAIN, epochs=2, devices=2),
    "random": recipe(TINY, epochs=2, devices=2),
    "bfloat16": recipe(PLAIN, epochs=1, precision="mixed_bfloat16"),
    "float16": recipe(PLAIN, epochs=1, precision="mixed_float16"),
    "xla": recipe(PLAIN, epochs=2, xla=True),
}


@pytest.fixture(scope="module")
def trained(untrained, tmp_path_factory):
    """What each recipe left, trained in one process that has two devices."""
    root = tmp_path_factory.mktemp("devices") / "room"
    shutil.copytree(untrained, root)
    given = json.dumps([each.describe() for each in RECIPES.values()])
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.two_devices", root, given],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("found "))
    return dict(zip(RECIPES, json.loads(line.partition(" ")[2]), strict=True))


def test_two_devices_train_as_one(trained):
    """The mean over two halves of a batch is the mean over the batch, up to rounding."""
    one, two = trained["one"], trained["two"]
    for row, other in zip(one["rows"], two["rows"], strict=True):
        for key in ("loss", "accuracy", "val_loss", "val_accuracy"):
            assert row[key] == pytest.approx(other[key], rel=1e-4), key
    first, second = (weights_in(Path(x["folder"]) / "last.weights.h5") for x in (one, two))
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, atol=1e-4)


def test_random_layers_run_on_two_devices(trained):
    """Two epochs end with numbers."""
    rows = trained["random"]["rows"]
    assert len(rows) == 2
    assert all(np.isfinite([row["loss"], row["val_loss"]]).all() for row in rows)


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
def test_half_precision_stays_near_the_whole(half, trained):
    """bfloat16 has 8 bits of mantissa and float16 has 11: losses agree within a few percent."""
    row, other = trained["one"]["rows"][0], trained[half]["rows"][0]
    assert other["loss"] != row["loss"]
    assert other["loss"] == pytest.approx(row["loss"], rel=0.05)
    files = weights_in(Path(trained[half]["folder"]) / "last.weights.h5")
    assert all(values.dtype == np.float32 for values in files.values())


def test_xla_is_really_asked_for():
    """Keras leaves it out while TensorFlow is bound to repeat, which it is again afterwards."""
    from tensorflow.python.framework.config import is_op_determinism_enabled

    from occbench.training.network import compiled_network

    assert compiled_network(recipe(PLAIN, xla=True), 3).jit_compile is True
    assert not is_op_determinism_enabled()
    assert compiled_network(recipe(PLAIN), 3).jit_compile is False
    assert is_op_determinism_enabled()


def test_xla_trains_the_same(trained):
    """Another order of sums and no more."""
    for row, other in zip(trained["one"]["rows"], trained["xla"]["rows"], strict=True):
        assert other["loss"] == pytest.approx(row["loss"], rel=1e-4)


def test_more_devices_than_there_are_is_refused(room):
    """With the number that there are; no run is begun."""
    with pytest.raises(DataError, match=r"devices = 9; this machine offers \d"):
        train_in(room, recipe(PLAIN, batch_size=18, devices=9))
    assert not list(room.root.glob("runs/*/weights"))


def test_another_backend_is_refused(monkeypatch):
    """Only TensorFlow is asked to share a batch."""
    from occbench.models import backend

    keras = backend.load_keras()
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    wrong = pytest.raises(DataError, match="needs the backend tensorflow; this is jax")
    with wrong, backend.shared_by(2):
        pytest.fail("nothing is built")
