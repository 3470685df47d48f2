"""Makes ImageNet's weights of ResNet-18 a file that a recipe can begin with.

Reads the state of torchvision's ``resnet18``: as ``.safetensors``, which timm publishes as
``resnet18.tv_in1k``, or as torchvision's own ``.pth``, which needs PyTorch. The classifier ``fc``
is left out; every other array goes to its place, or nothing is written.

    python data_tools/convert_resnet18.py model.safetensors resnet18.h5
    occbench matrix resnet18 --recipe report-002-resnet18 --weights resnet18.h5
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import h5py
import numpy as np
from numpy.typing import NDArray

from occbench.core.atomic import replacing
from occbench.errors import DataError, OccbenchError

Arrays = dict[str, NDArray[np.float32]]
Layers = list[tuple[str, Arrays]]

# Ours, and torchvision's (``models/resnet.py``), in the order of Keras' batch normalisation.
NORM = (
    ("gamma", "weight"),
    ("beta", "bias"),
    ("moving_mean", "running_mean"),
    ("moving_variance", "running_var"),
)
TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I64": "<i8"}
"""Of the safetensors format, those that numpy has too."""


def layers() -> Iterator[tuple[str, str, str]]:
    """The name of each convolution's layers here, of the convolution and of its norm there."""
    yield "conv1", "conv1", "bn1"
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            there = f"layer{stage}.{block}"
            for place in (1, 2):
                yield f"layer{stage}_{block}_{place}", f"{there}.conv{place}", f"{there}.bn{place}"
            if stage > 1 and block == 0:
                yield f"layer{stage}_0_around", f"{there}.downsample.0", f"{there}.downsample.1"


def read_state(path: Path) -> Arrays:
    """All arrays of a state by their names there.

    Raises:
        DataError: the file has neither form, or PyTorch is missing.
    """
    if path.suffix == ".safetensors":
        return _safetensors(path)
    try:
        import torch
    except ImportError as error:
        raise DataError(f"'{path}' is no .safetensors; others need PyTorch.") from error
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: value.numpy() for name, value in state.items()}
    except Exception as error:
        raise DataError(f"PyTorch reads no state in '{path}': {error}.") from error


def convert(state: Arrays) -> Layers:
    """The layers of the backbone ``resnet18`` with their arrays by kind.

    Kernels are ``(out, in, h, w)`` there and ``(h, w, in, out)`` here.

    Raises:
        DataError: an array is missing or of another form, or there are others.
    """
    unused = "fc.", "num_batches_tracked"
    left = {name for name in state if not (name.startswith(unused) or name.endswith(unused))}
    found: Layers = []
    for name, convolution, norm in layers():
        kernel = _taken(state, left, f"{convolution}.weight", 4)
        found.append((f"{name}_conv", {"kernel": kernel.transpose(2, 3, 1, 0)}))
        arrays = {ours: _taken(state, left, f"{norm}.{theirs}", 1) for ours, theirs in NORM}
        found.append((f"{name}_bn", arrays))
    if left:
        raise DataError(f"The array '{min(left)}' is none of ResNet-18's; is it another network?")
    return found


def write(path: Path, found: Layers) -> None:
    """Writes layers in the layout of Keras 2, which ``occbench.models.keras2_file`` describes."""
    with replacing(path) as part, h5py.File(part, "w", locking=False) as file:
        file.attrs["layer_names"] = [name.encode() for name, _ in found]
        for name, arrays in found:
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{kind}:0".encode() for kind in arrays]
            for kind, array in arrays.items():
                group.create_dataset(f"{name}/{kind}:0", data=array)


def _safetensors(path: Path) -> Arrays:
    """Eight bytes say how long a JSON header is; it says where each array lies behind it."""
    data, found = path.read_bytes(), {}
    try:
        end = 8 + int.from_bytes(data[:8], "little")
        header: dict[str, Any] = json.loads(data[8:end])
        for name, facts in header.items():
            if name == "__metadata__":
                continue
            first, last = facts["data_offsets"]
            values = np.frombuffer(data[end + first : end + last], TYPES[facts["dtype"]])
            found[name] = values.reshape(facts["shape"]).astype(np.float32)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(f"'{path}' is no complete .safetensors of numbers: {error}.") from error
    return found


def _taken(state: Arrays, left: set[str], name: str, axes: int) -> NDArray[np.float32]:
    if name not in state:
        raise DataError(f"The array '{name}' is missing; expected the state of ResNet-18.")
    if state[name].ndim != axes:
        raise DataError(f"The array '{name}' has {state[name].ndim} axes; expected {axes}.")
    left.discard(name)
    return state[name]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
def command(source: Path, output: Path) -> None:
    """Write the ResNet-18 of SOURCE (.safetensors or .pth) as OUTPUT, a file such as resnet18.h5.

    \b
        python data_tools/convert_resnet18.py model.safetensors resnet18.h5
    """
    try:
        if output.suffix != ".h5":
            raise DataError(f"OUTPUT is '{output}'; expected a name that ends in .h5.")
        found = convert(read_state(source))
        write(output, found)
    except OccbenchError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{sum(len(arrays) for _, arrays in found)} arrays written to '{output}'.")


if __name__ == "__main__":
    command()
