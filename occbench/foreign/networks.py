"""Opens a model; each kind loads what it needs and nothing else."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.core.console import detail
from occbench.errors import DataError
from occbench.foreign.source import (
    FUNCTION,
    KERAS,
    ONNX,
    RUN,
    SAVED,
    Source,
    current_folder_first,
    user_error,
)
from occbench.foreign.spec import NCHW, NHWC, NONE, ModelSpec
from occbench.models.preprocessing import preprocess

Call = Callable[[NDArray[np.uint8]], Any]


@dataclass(frozen=True, eq=False)
class Network:
    """A model that is ready.

    Attributes:
        call: gives what the model says of faces, uint8 ``(n, size, size, channels)``; expected
            ``(n, K)``.
        parameters: how many numbers it has learnt; None if it does not tell.
        versions: of what runs it.
        batch: the only number of faces that it takes at once; 0 if any.
        usual: faces at once where nothing else is said.
    """

    call: Call
    parameters: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    batch: int = 0
    usual: int = 64


def open_network(source: Source, spec: ModelSpec) -> Network:
    """Loads a model and compares what it takes with its spec, as far as it tells.

    Raises:
        DataError: it cannot be loaded, what it needs is not installed, or it takes another input.
    """
    if spec.layout == NCHW and source.kind != ONNX:
        raise DataError("layout = NCHW is for .onnx files; every other kind takes NHWC.")
    return _KINDS[source.kind](source, spec)


def as_input(images: NDArray[np.uint8], spec: ModelSpec, dtype: str) -> NDArray[Any]:
    """A batch as a model takes it: preprocessed, in its layout and of its type.

    Args:
        images: uint8 ``(n, size, size, channels)``.
        spec: of the model.
        dtype: NumPy's name of the type.
    """
    made: NDArray[Any] = images
    if spec.preprocessing != NONE:
        made = preprocess(spec.preprocessing, images)
    if spec.layout == NCHW:
        made = made.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(made.astype(dtype, copy=False))


def refuse_input(
    shape: Sequence[Any], dtype: str, spec: ModelSpec, *, label: str, known: Sequence[str]
) -> None:
    """Compares the input that a model declares with what its spec promises.

    Args:
        shape: ``(n, ...)``; what is no whole number may be anything.
        dtype: of the input.
        spec: of the model.
        label: of the model.
        known: the types that can be fed.

    Raises:
        DataError: another shape or type.
    """
    plain = (spec.size, spec.size, spec.channels)
    order = {NHWC: plain, NCHW: (spec.channels, spec.size, spec.size)}
    axes = list(shape)[1:]
    if not _agree(axes, order[spec.layout]):
        other = next((name for name, axis in order.items() if _agree(axes, axis)), None)
        hint = f" Write layout = {other}." if other and other != spec.layout else ""
        raise DataError(
            f"'{label}' takes images {_times(axes)}, but its spec says "
            f"{_times(order[spec.layout])} ({spec.layout}).{hint}"
        )
    if dtype not in known:
        raise DataError(f"'{label}' takes {dtype}; expected {', '.join(known)}.")
    if dtype.startswith("uint") and spec.preprocessing != NONE:
        raise DataError(
            f"'{label}' takes {dtype}, which the preprocessing '{spec.preprocessing}' does not "
            "give; expected none."
        )


def fixed(shape: Sequence[Any]) -> int:
    """The only number of images that an input of this shape takes; 0 if any."""
    return shape[0] if shape and isinstance(shape[0], int) else 0


def _agree(axes: Sequence[Any], wanted: tuple[int, ...]) -> bool:
    return len(axes) == len(wanted) and all(
        not isinstance(found, int) or found == want
        for found, want in zip(axes, wanted, strict=True)
    )


def _times(axes: Sequence[Any]) -> str:
    return " x ".join(str(axis) if isinstance(axis, int) else "any" for axis in axes)


def _keras(source: Source, spec: ModelSpec) -> Network:
    from occbench.foreign import keras_models

    opened = {KERAS: keras_models.open_file, RUN: keras_models.open_run}
    return opened.get(source.kind, keras_models.open_saved)(source, spec)


def _onnx(source: Source, spec: ModelSpec) -> Network:
    from occbench.foreign.onnx_model import open_onnx

    return open_onnx(source, spec)


def _function(source: Source, _: ModelSpec) -> Network:
    module, place = source.label.split(":")
    with current_folder_first():
        try:
            with redirect_stdout(sys.stderr):
                found: Any = importlib.import_module(module)
        except (Exception, SystemExit) as error:
            raise user_error(f"The module '{module}' cannot be imported", error) from error
    for part in place.split("."):
        if not hasattr(found, part):
            raise DataError(f"The module '{module}' has no '{place}'.")
        found = getattr(found, part)
    if not callable(found):
        raise DataError(f"'{source.label}' is no function.")
    return Network(guarded(found, source.label), versions={"numpy": np.__version__})


def guarded(call: Callable[[Any], Any], label: str) -> Call:
    """The same, but whatever goes wrong inside is one sentence that names the model."""

    def guard(images: NDArray[np.uint8]) -> Any:
        try:
            # What it prints is no result of ours.
            with redirect_stdout(sys.stderr):
                return call(images)
        except (Exception, SystemExit) as error:
            raise user_error(f"'{label}' failed on {len(images)} faces", error) from error

    return guard


def cannot_open(source: Source, error: BaseException) -> DataError:
    """What a library said about a file, its first line; all of it is told with ``-v``."""
    detail("".join(traceback.format_exception(error)).rstrip())
    words = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return DataError(
        f"'{source.path}' cannot be opened: {words.rstrip('.') or type(error).__name__}."
    )


_KINDS: Mapping[str, Callable[[Source, ModelSpec], Network]] = {
    RUN: _keras,
    KERAS: _keras,
    SAVED: _keras,
    ONNX: _onnx,
    FUNCTION: _function,
}
