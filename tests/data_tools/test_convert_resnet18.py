"""The script that converts ResNet-18: each array at its place, or a sentence and no file."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner, Result

from data_tools import convert_resnet18
from occbench.core.spec import parse_spec

# Layer 1 keeps 64 maps; the others begin with a stride and a way around it.
MAPS = {1: (64, 64), 2: (64, 128), 3: (128, 256), 4: (256, 512)}


def state() -> dict[str, np.ndarray]:
    """The names and shapes of torchvision's ``resnet18``, with random values."""
    random = np.random.default_rng(8)
    found: dict[str, np.ndarray] = {}

    def convolution(name: str, norm: str, into: int, out: int, size: int) -> None:
        found[f"{name}.weight"] = random.normal(0, 0.05, (out, into, size, size))
        for kind in ("weight", "running_var"):
            found[f"{norm}.{kind}"] = random.uniform(0.5, 1.5, out)
        for kind in ("bias", "running_mean"):
            found[f"{norm}.{kind}"] = random.normal(0, 0.1, out)
        found[f"{norm}.num_batches_tracked"] = np.array(7)

    convolution("conv1", "bn1", 3, 64, 7)
    for layer, (into, out) in MAPS.items():
        for block in (0, 1):
            name = f"layer{layer}.{block}"
            first = into if block == 0 else out
            convolution(f"{name}.conv1", f"{name}.bn1", first, out, 3)
            convolution(f"{name}.conv2", f"{name}.bn2", out, out, 3)
            if layer > 1 and block == 0:
                convolution(f"{name}.downsample.0", f"{name}.downsample.1", into, out, 1)
    found["fc.weight"], found["fc.bias"] = random.normal(0, 1, (1000, 512)), np.zeros(1000)
    kinds = {name: "i8" if name.endswith("tracked") else "f4" for name in found}
    return {name: array.astype(f"<{kinds[name]}") for name, array in found.items()}


def write(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """A file in the format that https://github.com/huggingface/safetensors describes."""
    header, place = {"__metadata__": {"format": "pt"}}, 0
    for name, array in arrays.items():
        kind = {"f": "F32", "i": "I64"}[array.dtype.kind]
        offsets = [place, place + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
        place += array.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    with path.open("ab") as file:
        file.writelines(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    return path


def call(*arguments: object) -> Result:
    """Runs the script in this process."""
    return CliRunner().invoke(convert_resnet18.command, list(map(str, arguments)))


def test_every_array_is_written_once(tmp_path):
    """20 convolutions and four arrays of each norm; kernels are turned, the classifier is left."""
    arrays = state()
    source, output = write(tmp_path / "model.safetensors", arrays), tmp_path / "resnet18.h5"
    result = call(source, output)
    assert (result.exit_code, result.output) == (0, f"100 arrays written to '{output}'.\n")
    with h5py.File(output) as file:
        assert len(file.attrs["layer_names"]) == 40
        kernel = file["layer3_0_around_conv/layer3_0_around_conv/kernel:0"][()]
        theirs = arrays["layer3.0.downsample.0.weight"]
        assert kernel.shape == (1, 1, 128, 256)
        assert kernel[0, 0, 5, 9] == theirs[9, 5, 0, 0]
        stem = file["conv1_conv/conv1_conv/kernel:0"][()]
        assert stem[6, 2, 1, 30] == arrays["conv1.weight"][30, 1, 6, 2]
        variance = file["layer4_1_2_bn/layer4_1_2_bn/moving_variance:0"][()]
        np.testing.assert_array_equal(variance, arrays["layer4.1.bn2.running_var"])


@pytest.mark.tf
def test_the_file_fills_the_backbone(tmp_path):
    """Every weight and statistic of ``resnet18``; the first layers computed again by hand."""
    from occbench.models.classifier import Architecture, build_classifier
    from occbench.models.weights import load_published
    from tests.trainings import array

    arrays, output = state(), tmp_path / "resnet18.h5"
    assert call(write(tmp_path / "model.safetensors", arrays), output).exit_code == 0
    model = build_classifier(Architecture(parse_spec("resnet18"), 32, 3, "centered"), 7, seed=0)
    backbone = [layer for layer in model.layers if not layer.name.startswith("head")]
    before = [array(each) for layer in backbone for each in layer.weights]
    load_published(backbone, output)
    after = [array(each) for layer in backbone for each in layer.weights]
    assert all((one != other).any() for one, other in zip(before, after, strict=True))

    from occbench.models.backend import load_keras

    image = np.random.default_rng(2).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    first = load_keras().Model(model.input, model.get_layer("conv1_relu").output)
    pixels = np.pad(image[0] / 127.5 - 1, ((3, 3), (3, 3), (0, 0)))
    # The output at row 4, column 9 sees rows 8 to 14 and columns 18 to 24 of the padded image.
    seen = pixels[8:15, 18:25].transpose(2, 0, 1)
    value = (arrays["conv1.weight"] * seen).sum(axis=(1, 2, 3)) - arrays["bn1.running_mean"]
    value = value / np.sqrt(arrays["bn1.running_var"] + 1e-5) * arrays["bn1.weight"]
    expected = np.maximum(value + arrays["bn1.bias"], 0)
    np.testing.assert_allclose(array(first(image))[0, 4, 9], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("layer2.0.downsample.1.bias"), "'layer2.0.downsample.1.bias' is missing"),
        (
            lambda s: s.update({"layer1.2.conv1.weight": np.zeros(3, "f4")}),
            "is it another network?",
        ),
        (lambda s: s.update({"conv1.weight": np.zeros(3, "f4")}), "has 1 axes; expected 4"),
    ],
)
def test_another_network_is_refused(change, message, tmp_path):
    """The first array that does not fit is named, and nothing is written."""
    arrays = state()
    change(arrays)
    result = call(write(tmp_path / "a.safetensors", arrays), tmp_path / "resnet18.h5")
    assert result.exit_code == 1
    assert message in result.output
    assert not (tmp_path / "resnet18.h5").exists()


@pytest.mark.parametrize("content", [b"", b"\x08\x00\x00\x00\x00\x00\x00\x00{}", b"\xff" * 40])
def test_a_broken_file_is_refused(content, tmp_path):
    """In a sentence that names it."""
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    result = call(path, tmp_path / "resnet18.h5")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


def test_a_torn_file_is_refused(tmp_path):
    """Its header promises more than follows."""
    path = write(tmp_path / "torn.safetensors", state())
    path.write_bytes(path.read_bytes()[:-100])
    result = call(path, tmp_path / "resnet18.h5")
    assert result.exit_code == 1
    assert "is no complete .safetensors" in result.output


def test_another_name_is_refused(tmp_path):
    """A recipe knows a file of weights by its ending."""
    path = write(tmp_path / "model.safetensors", state())
    result = call(path, tmp_path / "resnet18.weights")
    assert result.exit_code == 1
    assert "expected a name that ends in .h5" in result.output
