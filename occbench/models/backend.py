"""The one file that names a backend of Keras: which one runs, and how it is made repeatable.

``KERAS_BACKEND`` chooses tensorflow (the default), jax or torch before Keras is first used.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from occbench.errors import DataError

PACKAGES = ("tensorflow", "jax", "torch")


def load_keras() -> Any:
    """Keras with its backend, quiet and repeatable; the first call takes seconds.

    Raises:
        DataError: the backend asked for is not installed or cannot be loaded.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    name = os.environ["KERAS_BACKEND"]
    if name not in PACKAGES:
        raise DataError(f"KERAS_BACKEND is '{name}'; expected {', '.join(PACKAGES)}.")
    # The start-up notes of TensorFlow's C++ half are no messages for users of this tool.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _silence("keras" not in sys.modules):
            import keras
    except ImportError as error:
        raise DataError(
            f"Keras cannot be loaded with the backend '{name}': {error}. Install {name}, or set "
            "KERAS_BACKEND to another one."
        ) from error
    _make_repeatable(keras.backend.backend())
    return keras


@contextmanager
def shared_by(devices: int) -> Iterator[None]:
    """What is built and compiled inside shares each batch among so many devices.

    Accelerators are taken where there are any, else the logical CPUs that TensorFlow was set up
    with. Each device holds a copy of the network and gets an equal part of the batch.

    Raises:
        DataError: there are not so many, or the backend is not TensorFlow.
    """
    if devices == 1:
        yield
        return
    backend = load_keras().backend.backend()
    if backend != "tensorflow":
        raise DataError(f"devices = {devices} needs the backend tensorflow; this is {backend}.")
    with _mirrored(devices).scope():
        yield


@cache
def _mirrored(devices: int) -> Any:
    """One for all phases of a training, whose variables belong to it."""
    import tensorflow as tf

    known = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(known) < devices:
        raise DataError(f"devices = {devices}; this machine offers {len(known)}.")
    return tf.distribute.MirroredStrategy([device.name for device in known[:devices]])


def jit_choice(xla: bool) -> bool:
    """What ``compile`` is told about XLA; jax trains through XLA whatever is wished.

    Keras leaves XLA out while TensorFlow's operations are bound to be repeatable, so with XLA they
    are not: on a CPU they repeat all the same, on a GPU nothing says so.
    """
    backend = load_keras().backend.backend()
    if backend == "tensorflow":
        _bind_tensorflow(not xla)
    return xla or backend == "jax"


def derivative(function: Callable[[Any], Any], point: Any) -> Any:
    """The derivative of a function that gives one number, as a tensor of the shape of ``point``.

    Args:
        function: from a tensor of the backend to a tensor without axes; it may call networks in
            inference, and changes no variable.
        point: where, a tensor of floats.
    """
    backend = load_keras().backend.backend()
    if backend == "jax":
        return importlib.import_module("jax").grad(function)(point)
    if backend == "torch":
        import torch

        free = point.detach().clone().requires_grad_()
        return torch.autograd.grad(function(free), free)[0]
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(point)
        value = function(point)
    return tape.gradient(value, point)


def versions() -> dict[str, str]:
    """The versions of Keras, NumPy and the backend in use."""
    # Asked of the modules: tensorflow-cpu is a package of another name.
    names = ("keras", load_keras().backend.backend(), "numpy")
    return {name: str(importlib.import_module(name).__version__) for name in names}


def machine() -> str:
    """What computes: the accelerator, or the processor and its cores."""
    found = _accelerators(load_keras().backend.backend())
    cores = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    return ", ".join([*found, cores])


def _accelerators(backend: str) -> list[str]:
    if backend == "torch":
        import torch

        return [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    if backend == "jax":
        known = importlib.import_module("jax").local_devices()
        return [str(device.device_kind) for device in known if device.platform != "cpu"]
    devices = [str(name) for name in load_keras().distribution.list_devices()]
    return [name for name in devices if not name.lower().startswith("cpu")]


@cache
def _make_repeatable(backend: str) -> None:
    """Chooses operations that give the same bits each time; jax has no others on a CPU."""
    if backend == "tensorflow":
        import tensorflow as tf

        # A network is compiled anew for each run, which TensorFlow takes for a mistake.
        tf.get_logger().setLevel("ERROR")
        _bind_tensorflow(True)
    elif backend == "torch":
        import torch

        torch.use_deterministic_algorithms(True, warn_only=True)


def _bind_tensorflow(repeatable: bool) -> None:
    """Turns TensorFlow's op determinism on or off; its public interface can only turn it on."""
    from tensorflow.python.framework import config

    if repeatable:
        config.enable_op_determinism()
    else:
        config.disable_op_determinism()


@contextmanager
def _silence(wanted: bool) -> Iterator[None]:
    """Sends what libraries write on the real stderr nowhere."""
    if not wanted:
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
