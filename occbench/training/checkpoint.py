"""Weights and optimizer of an epoch on disk, whole or not at all."""

from __future__ import annotations

import errno
import os
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from occbench.core.atomic import replacing
from occbench.errors import DataError
from occbench.models.backend import load_keras
from occbench.training.run import TEST_SELECTED

_WEIGHTS = ".weights.h5"

# More than HDF5 takes for the name and the place of an array.
_OVERHEAD = 8192
_AT_ONCE = 1 << 20

# What NumPy and zipfile raise for empty, torn and damaged files.
_BROKEN = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile)


def weights_path(folder: Path, epoch: int) -> Path:
    """The weights after an epoch, while the run is going on or with ``--keep every-epoch``."""
    return folder / "weights" / f"epoch-{epoch:04d}{_WEIGHTS}"


def final_path(folder: Path, selection: str) -> Path:
    """The weights of an ended run: ``best.weights.h5``, ``last.weights.h5`` or a named epoch's."""
    named = TEST_SELECTED.match(selection)
    if named is not None:
        return weights_path(folder, int(named[1]))
    return folder / f"{selection}{_WEIGHTS}"


def save_weights(model: Any, path: Path) -> None:
    """Writes the weights as Keras does, beside first.

    Raises:
        OSError: they cannot be written; ENOSPC where the disk is full.
    """
    with replacing(path) as part:
        # Keras wants its own ending, which an unfinished file must not have.
        beside = part.with_name(part.name + _WEIGHTS)
        try:
            _claim(part, 4 * model.count_params() + _OVERHEAD * len(model.variables))
            _bare(model).save_weights(beside)
            os.replace(beside, part)  # noqa: PTH105 - the pair of ``replacing``
        except OSError as error:
            raise _plain(error, path) from error
        finally:
            beside.unlink(missing_ok=True)


def _claim(part: Path, size: int) -> None:
    """Fails where the disk has no room for so many bytes, since HDF5 would litter stderr then."""
    with part.open("wb") as file:
        for start in range(0, size, _AT_ONCE):
            file.write(bytes(min(_AT_ONCE, size - start)))
        file.flush()
        file.truncate(0)


def load_weights(model: Any, path: Path) -> None:
    """Reads weights into a model.

    Raises:
        DataError: the file is missing or broken, or holds weights of another shape.
    """
    try:
        with warnings.catch_warnings():
            # Keras only warns of a layer that the file lacks, and leaves it as it was.
            warnings.simplefilter("error", UserWarning)
            _bare(model).load_weights(path)
    except (*_BROKEN, UserWarning) as error:
        # Keras' own words about layers that differ are many lines of internals.
        foreign = isinstance(error, (ValueError, KeyError, UserWarning))
        reason = "its layers are others" if foreign else str(error).strip().partition("\n")[0]
        raise DataError(
            f"The weights '{path}' do not fit this network or are broken: {reason.rstrip('.')}. "
            "Delete the run's folder to train anew."
        ) from error


def _bare(model: Any) -> Any:
    """The same layers without the optimizer, whose variables Keras would store too."""
    return load_keras().Model(model.inputs, model.outputs, name="network")


def save_optimizer(optimizer: Any, path: Path) -> None:
    """Writes all variables of an optimizer, in their order."""
    to_numpy = load_keras().ops.convert_to_numpy
    values: dict[str, Any] = {f"v{n}": to_numpy(v) for n, v in enumerate(optimizer.variables)}
    with replacing(path) as part, part.open("wb") as file:
        np.savez(file, **values)


def load_optimizer(optimizer: Any, path: Path) -> None:
    """Reads the variables of an optimizer that was built for the same model.

    Raises:
        DataError: the file is missing or broken, or belongs to another optimizer.
    """
    try:
        # NumPy leaves a file open that it opened and found to be broken.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            values = [stored[f"v{n}"] for n in range(len(stored.files))]
    except _BROKEN as error:
        raise DataError(
            f"'{path}' cannot be read: {error}. Delete the run's folder to train anew."
        ) from error
    variables: Sequence[Any] = optimizer.variables
    if [tuple(v.shape) for v in variables] != [value.shape for value in values]:
        raise DataError(
            f"'{path}' belongs to another optimizer. Delete the run's folder to train anew."
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def sweep(folder: Path) -> None:
    """Removes what a killed process left unfinished; the caller holds the run's lock."""
    for path in (folder / "weights").glob(".*"):
        path.unlink(missing_ok=True)


def forget(folder: Path, keep: Sequence[int], *, every_epoch: bool) -> None:
    """Removes weights and optimizers of epochs that nothing needs any more."""
    kept = {weights_path(folder, epoch).name.partition(".")[0] for epoch in keep}
    for path in (folder / "weights").glob("epoch-*"):
        optimizer = path.suffix == ".npz"
        wanted = path.name.partition(".")[0] in kept or (every_epoch and not optimizer)
        if not wanted:
            path.unlink(missing_ok=True)


def optimizer_path(folder: Path, epoch: int) -> Path:
    """The optimizer after an epoch."""
    return folder / "weights" / f"epoch-{epoch:04d}.optimizer.npz"


def _plain(error: OSError, path: Path) -> OSError:
    """HDF5 hides the number of an error in its text."""
    if error.errno is None:
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            if os.strerror(number).lower() in str(error).lower() or f"errno = {number}" in str(
                error
            ):
                return OSError(number, os.strerror(number), str(path))
        return OSError(errno.EIO, str(error).partition("\n")[0], str(path))
    return error if error.filename else OSError(error.errno, error.strerror, str(path))
