"""ONNX files, run by ONNX Runtime on the CPU."""

from __future__ import annotations

from typing import Any

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

_TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}
# Warnings about a graph are no messages for users of this tool.
_ERRORS_ONLY = 3


def open_onnx(source: Source, spec: ModelSpec) -> Network:
    """An ``.onnx`` file with one input and one output.

    Raises:
        DataError: ONNX Runtime is not installed or cannot open the file, it has not one input and
            one output, or it takes something else than its spec says.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise DataError(
            f"'{source.label}' needs ONNX Runtime, which is not installed. Run "
            "pip install 'occbench[onnx]'."
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(
            str(source.path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise cannot_open(source, error) from error
    takes, gives = session.get_inputs(), session.get_outputs()
    if len(takes) != 1 or len(gives) != 1:
        raise DataError(
            f"'{source.path}' has {len(takes)} inputs and {len(gives)} outputs; expected one each. "
            "Wrap it in a package.module:function that gives the scores alone."
        )
    taken = takes[0]
    dtype = _TYPES.get(taken.type, taken.type)
    known = tuple(_TYPES.values())
    refuse_input(taken.shape, dtype, spec, label=source.label, known=known)

    def call(images: Any) -> Any:
        return session.run(None, {taken.name: as_input(images, spec, dtype)})[0]

    return Network(
        guarded(call, source.label),
        None,
        {"onnxruntime": str(onnxruntime.__version__)},
        batch=fixed(taken.shape),
    )
