"""Models that Keras runs: a run of the workspace, a ``.keras`` file, a SavedModel."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from occbench.errors import DataError
from occbench.foreign.networks import (
    Network,
    as_input,
    cannot_open,
    fixed,
    guarded,
    refuse_input,
)
from occbench.foreign.source import Source
from occbench.foreign.spec import ModelSpec
from occbench.models.backend import load_keras, versions
from occbench.training import checkpoint
from occbench.training.network import make_network
from occbench.training.run import read_recipe

_TYPES = ("float32", "float16", "bfloat16", "float64", "uint8")
_ENDPOINT = "serving_default"


def open_run(source: Source, spec: ModelSpec) -> Network:
    """The network of a run with the weights of its best epoch.

    Raises:
        DataError: the weights are broken.
    """
    recipe = read_recipe(source.path)
    model = make_network(recipe, len(spec.classes))
    checkpoint.load_weights(model, checkpoint.final_path(source.path, "best"))
    return _of_model(model, source, spec)


def open_file(source: Source, spec: ModelSpec) -> Network:
    """A ``.keras`` file; code inside it is not run.

    Raises:
        DataError: Keras cannot open it, it holds code, or it has not one input and one output.
    """
    if not zipfile.is_zipfile(source.path):
        # Keras says of such a file that it is not found.
        raise DataError(
            f"'{source.path}' is no Keras file, or is damaged; expected the zip archive that "
            "model.save('NAME.keras') writes."
        )
    keras = load_keras()
    try:
        model = keras.models.load_model(source.path, compile=False, safe_mode=True)
    except Exception as error:
        if "safe_mode" in str(error):
            raise DataError(
                f"'{source.path}' holds code of its own, such as a Lambda layer, which is not run. "
                "Load it yourself and give a package.module:function."
            ) from error
        raise cannot_open(source, error) from error
    if len(_listed(model.inputs)) != 1 or len(_listed(model.outputs)) != 1:
        raise DataError(
            f"'{source.path}' has {len(_listed(model.inputs))} inputs and "
            f"{len(_listed(model.outputs))} outputs; expected one each."
        )
    taken = model.inputs[0]
    refuse_input(taken.shape, str(taken.dtype), spec, label=source.label, known=_TYPES)
    return _of_model(model, source, spec)


def open_saved(source: Source, spec: ModelSpec) -> Network:
    """A SavedModel of TensorFlow, by its signature ``serving_default``.

    Raises:
        DataError: the backend is another, it has no such signature, or not one input and output.
    """
    keras = load_keras()
    if keras.backend.backend() != "tensorflow":
        raise DataError("A SavedModel needs the backend tensorflow; set KERAS_BACKEND to it.")
    try:
        layer = keras.layers.TFSMLayer(str(source.path), call_endpoint=_ENDPOINT)
    except Exception as error:
        raise cannot_open(source, error) from error
    signature = layer.call_endpoint_fn
    takes = list(signature.structured_input_signature[1].items())
    gives = signature.structured_outputs
    if len(takes) != 1 or len(gives) != 1:
        raise DataError(
            f"'{source.path}' has {len(takes)} inputs and {len(gives)} outputs in "
            f"'{_ENDPOINT}'; expected one each."
        )
    name, taken = takes[0]
    dtype = str(taken.dtype.name)
    shape: Sequence[Any] = () if taken.shape.rank is None else taken.shape.as_list()
    refuse_input(shape, dtype, spec, label=source.label, known=_TYPES)

    def call(images: Any) -> Any:
        given = keras.ops.convert_to_tensor(as_input(images, spec, dtype))
        (found,) = signature(**{name: given}).values()
        return keras.ops.convert_to_numpy(keras.ops.cast(found, "float32"))

    parameters = sum(int(np.prod(weight.shape)) for weight in layer.weights)
    return Network(guarded(call, source.label), parameters or None, versions(), batch=fixed(shape))


def _of_model(model: Any, source: Source, spec: ModelSpec) -> Network:
    # It loads Keras as soon as it is imported.
    from occbench.training.batches import at_once

    dtype = str(model.inputs[0].dtype)

    def call(images: Any) -> Any:
        return model.predict_on_batch(as_input(images, spec, dtype))

    return Network(
        guarded(call, source.label),
        int(model.count_params()),
        versions(),
        batch=fixed(model.inputs[0].shape),
        usual=at_once(spec.size),
    )


def _listed(found: Any) -> Sequence[Any]:
    return list(found.values()) if isinstance(found, Mapping) else list(found or ())
