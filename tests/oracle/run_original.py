"""Runs the unmodified keras-vggface 0.6 on tf_keras, which has the interface of Keras 2.

    python run_original.py IMAGES.npy FOLDER

IMAGES holds uint8 RGB ``(N, H, W, 3)``. For each network the folder gets ``NAME.h5``, written by
the original's own ``save_weights``, and ``outputs.npz`` with what it gives for the images after
its own ``preprocess_input``, and those images as ``version1`` and ``version2``. Three networks
are without their classifier, two, ``resnet50_top`` and ``senet50_top``, with it.

This is a program of its own since tf_keras takes the place of Keras for the whole process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
VERSIONS = {"vgg16": 1, "resnet50": 2, "senet50": 2}
WITH_TOP = ("resnet50", "senet50")
SEED = 7


def main(images: Path, folder: Path) -> None:
    """Writes weights and outputs of the five networks."""
    _pretend_keras_2()
    import keras_vggface
    import tf_keras
    from keras_vggface.utils import preprocess_input

    tf_keras.utils.set_random_seed(SEED)
    pixels = np.load(images)
    found = {
        f"version{version}": preprocess_input(pixels.astype(np.float32), version=version)
        for version in (1, 2)
    }
    for name, include_top in [
        *((name, False) for name in VERSIONS),
        *((n, True) for n in WITH_TOP),
    ]:
        tf_keras.backend.clear_session()
        model = keras_vggface.VGGFace(
            model=name, include_top=include_top, weights=None, input_shape=pixels.shape[1:]
        )
        _vary(model)
        title = f"{name}_top" if include_top else name
        model.save_weights(folder / f"{title}.h5")
        found[title] = model.predict(found[f"version{VERSIONS[name]}"], verbose=0)
    np.savez(folder / "outputs.npz", **found)


def _vary(model: Any) -> None:
    """Draws what begins at 0 or 1, so that no bias, scale or statistic could be exchanged."""
    draw = np.random.default_rng(SEED)
    for variable in model.weights:
        kind = variable.name.rpartition("/")[2]
        low, high = (0.5, 1.5) if kind.startswith(("gamma", "moving_variance")) else (-0.2, 0.2)
        if not kind.startswith("kernel"):
            variable.assign(draw.uniform(low, high, variable.shape))


def _pretend_keras_2() -> None:
    """Puts tf_keras where the original looks for Keras 2.2."""
    import tf_keras
    from tf_keras.src.utils import data_utils, layer_utils

    topology = ModuleType("keras.engine.topology")
    topology.get_source_inputs = layer_utils.get_source_inputs  # type: ignore[attr-defined]
    places = {
        "keras": tf_keras,
        "keras.layers": tf_keras.layers,
        "keras.models": tf_keras.models,
        "keras.backend": tf_keras.backend,
        "keras.utils": tf_keras.utils,
        "keras.utils.layer_utils": layer_utils,
        "keras.utils.data_utils": data_utils,
        "keras.engine": ModuleType("keras.engine"),
        "keras.engine.topology": topology,
    }
    tf_keras.utils.layer_utils, tf_keras.utils.data_utils = layer_utils, data_utils
    sys.modules.update(places)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
