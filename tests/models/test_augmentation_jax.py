"""On jax augmentation is compiled with the rest of a step, and draws what it draws without."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from occbench.models.specs import AUGMENTATIONS

pytestmark = pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed")

LOOK = """
import sys
from itertools import count

import jax
import numpy as np

from occbench.models.augmentation import augmentation_layers
from occbench.models.backend import load_keras
from occbench.models.specs import AUGMENTATIONS, checked

keras = load_keras()
faces = np.random.default_rng(0).integers(0, 256, (8, 20, 20, 3)).astype("float32")
for text in sys.argv[1:]:
    spec = checked("augmentation", text, AUGMENTATIONS)
    x = inputs = keras.Input((20, 20, 3))
    for layer in augmentation_layers([spec], count(1).__next__):
        x = layer(x)
    model = keras.Model(inputs, x)
    model.compile(loss="mse", jit_compile=True)
    assert model.jit_compile, text
    state = [variable.value for variable in model.non_trainable_variables]

    def step(state, faces):
        return model.stateless_call([], state, faces, training=True)[0]

    plain, compiled = step(state, faces), jax.jit(step)(state, faces)
    assert np.abs(plain - compiled).max() < 0.01, text
    assert np.abs(plain - faces).max() > 1, text
"""


def test_every_augmentation_compiles_on_jax():
    """The same draws within a hundredth of a grey level; Keras alone would not compile them."""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-c", LOOK, *AUGMENTATIONS]
    found = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert found.returncode == 0, found.stderr
