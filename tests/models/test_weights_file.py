"""Weights files of Keras 2: read whole or refused, and put where they belong or nowhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.core import console
from occbench.errors import DataError
from occbench.models.keras2_file import open_weights
from occbench.models.weights import load_published
from tests.keras2 import FakeLayer, Layers, filled, write_keras2

C = 3


def draw(seed: int, *shape: int) -> np.ndarray:
    """Random float32 values."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def norm(seed: int) -> dict[str, np.ndarray]:
    """The arrays of a batch normalisation, in the order of Keras 2."""
    kinds = ("gamma", "beta", "moving_mean", "moving_variance")
    return {kind: draw(seed + number, C) for number, kind in enumerate(kinds)}


# A group in a group, two layers of one shape, a layer without weights.
FILE: Layers = [
    ("input_1", {}),
    ("conv1/7x7", {"kernel": draw(1, 2, 2, 3, C)}),
    ("conv1/7x7/bn", norm(10)),
    ("activation_38", {}),
    ("conv2_3x3", {"kernel": draw(2, 3, 3, C, C)}),
    ("conv2_3x3/bn", norm(20)),
    ("conv2_1x1_up", {"kernel": draw(3, 1, 1, C, 4), "bias": draw(4, 4)}),
]
NAMES = ("conv1_7x7", "conv1_7x7_bn", "conv2_3x3", "conv2_3x3_bn", "conv2_1x1_up")


def network() -> list[FakeLayer]:
    """The layers that the file was made for, among others that have no weights."""
    four = dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (C,))
    return [
        FakeLayer("image"),
        FakeLayer("conv1_7x7", kernel=(2, 2, 3, C)),
        FakeLayer("conv1_7x7_bn", **four),
        FakeLayer("conv1_relu"),
        FakeLayer("conv2_3x3", kernel=(3, 3, C, C)),
        FakeLayer("conv2_3x3_bn", **four),
        # Keras 3 may list the weights of a layer in another order than the file.
        FakeLayer("conv2_1x1_up", bias=(4,), kernel=(1, 1, C, 4)),
    ]


def expected(layers: Layers = FILE) -> set[tuple[str, str, bytes]]:
    """What a network holds that took all arrays by their names."""
    return {
        (name.replace("/", "_"), kind, array.tobytes())
        for name, arrays in layers
        for kind, array in arrays.items()
    }


def with_arrays(layer: str, arrays: Mapping[str, np.ndarray], file: Layers = FILE) -> Layers:
    """The file with other arrays in one layer."""
    return [(name, arrays if name == layer else old) for name, old in file]


def renamed(names: Mapping[str, str]) -> Layers:
    """The file with layers called otherwise."""
    return [(names.get(name, name), arrays) for name, arrays in FILE]


def refusal(path: Path) -> str:
    """What is said of a file that does not fit, after which nothing is filled."""
    layers = network()
    with pytest.raises(DataError) as caught:
        load_published(layers, path)
    assert filled(layers) == []
    assert f"'{path}'" in str(caught.value)
    return str(caught.value)


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What people are told, aloud."""
    heard: list[str] = []
    monkeypatch.setattr("occbench.models.weights.note", heard.append)
    assert console.note is not None
    return heard


@pytest.mark.parametrize(
    "how", [{}, {"parts": 3}, {"parts": 7}, {"whole": True}, {"whole": True, "parts": 2}], ids=str
)
def test_every_array_comes_to_its_place(tmp_path, notes, how):
    """Bit for bit, whatever the number of attributes, and silently."""
    layers = network()
    load_published(layers, write_keras2(tmp_path / "w.h5", FILE, **how))
    assert set(filled(layers)) == expected()
    assert len(filled(layers)) == 12
    assert notes == []


def test_double_precision_is_rounded(tmp_path):
    """The network holds float32."""
    kernel = np.full((3, 3, C, C), 0.1, np.float64)
    layers = network()
    load_published(
        layers, write_keras2(tmp_path / "w.h5", with_arrays("conv2_3x3", {"kernel": kernel}))
    )
    assert layers[4].weights[0].value.dtype == np.float32
    assert (layers[4].weights[0].value == np.float32(0.1)).all()


@given(order=st.permutations(range(len(FILE))), turn=st.permutations(range(4)))
def test_the_order_in_the_file_does_not_matter_where_names_are_known(tmp_path_factory, order, turn):
    """Neither that of layers nor that of the arrays within one."""
    kinds = list(norm(10).items())
    shuffled = with_arrays("conv1/7x7/bn", dict(kinds[place] for place in turn))
    layers = network()
    path = tmp_path_factory.mktemp("any") / "w.h5"
    load_published(layers, write_keras2(path, [shuffled[place] for place in order]))
    assert set(filled(layers)) == expected()


def test_layers_of_other_names_are_taken_in_their_order(tmp_path, notes):
    """If all shapes fit; a note names the first and says what was done."""
    path = write_keras2(tmp_path / "w.h5", renamed({"conv2_3x3": "c2", "conv2_3x3/bn": "c2/norm"}))
    layers = network()
    load_published(layers, path)
    assert set(filled(layers)) == expected()
    assert len(notes) == 1
    assert f"'{path}'" in notes[0]
    assert "such as 'c2'" in notes[0]
    assert "order" in notes[0]


def test_other_names_in_another_order_are_refused(tmp_path, notes):
    """Where the shapes show it."""
    names = {name: f"layer_{place}" for place, (name, _) in enumerate(FILE)}
    path = write_keras2(tmp_path / "w.h5", renamed(names)[::-1])
    assert "it has no layer 'conv1_7x7'" in refusal(path)
    assert notes == []


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            [each for each in FILE if each[0] != "conv2_3x3"],
            "it has no layer 'conv2_3x3' (kernel (3, 3, 3, 3)); 5 layers with weights were "
            "expected and 4 found",
        ),
        (
            [*FILE, ("conv3", {"kernel": draw(5, 1, 1, 4, 4)})],
            "the network has no layer 'conv3'; 5 layers with weights were expected and 6 found",
        ),
        (
            with_arrays("conv2_3x3", {"kernel": draw(2, 3, 3, C, C + 1)}),
            "layer 'conv2_3x3' expects kernel (3, 3, 3, 3); the file has kernel (3, 3, 3, 4).",
        ),
        (
            with_arrays("conv2_1x1_up", {"kernel": draw(3, 1, 1, C, 4)}),
            "layer 'conv2_1x1_up' expects bias (4,), kernel (1, 1, 3, 4); the file has "
            "kernel (1, 1, 3, 4).",
        ),
        (
            with_arrays("conv2_3x3", {"kernel": draw(2, 3, 3, C, C), "bias": draw(9, C)}),
            "the file has bias (3,), kernel (3, 3, 3, 3).",
        ),
        (
            renamed({"conv2_3x3": "conv2_3x3/bn", "conv2_3x3/bn": "conv2_3x3"}),
            "layer 'conv2_3x3' expects kernel (3, 3, 3, 3); the file has beta (3,), gamma (3,)",
        ),
        (
            [*FILE, ("classifier", {"kernel": draw(5, 4, 9), "bias": draw(6, 9)})],
            "This is the file with the classifier; the one without has 'notop' in its name.",
        ),
    ],
    ids=["missing", "extra", "shape", "no bias", "bias", "swapped", "with top"],
)
def test_what_does_not_fit_is_refused_before_anything_is_changed(tmp_path, notes, file, message):
    """The first misfit is named, with what was expected and what was found."""
    assert message in refusal(write_keras2(tmp_path / "w.h5", file))
    assert notes == []


def test_a_file_without_the_classifier_is_refused_for_a_network_with_it(tmp_path):
    """And the other file is named."""
    layers = [*network(), FakeLayer("fc6", kernel=(4, 9), bias=(9,))]
    with pytest.raises(DataError, match="has no 'notop' in its name"):
        load_published(layers, write_keras2(tmp_path / "w.h5", FILE))
    assert filled(layers) == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(tmp_path, value):
    """In the last array too, before the first is filled."""
    bias = np.array([0, 0, 0, value], np.float32)
    arrays = {"kernel": draw(3, 1, 1, C, 4), "bias": bias}
    path = write_keras2(tmp_path / "w.h5", with_arrays("conv2_1x1_up", arrays))
    assert "not finite in '/conv2_1x1_up/conv2_1x1_up/bias:0'" in refusal(path)


@pytest.mark.parametrize("kind", ["i4", "c8", "S4", "?"])
def test_arrays_of_other_types_are_refused(tmp_path, kind):
    """Whole numbers would load, and mean something else."""
    arrays = {"kernel": np.zeros((3, 3, C, C), kind)}
    path = write_keras2(tmp_path / "w.h5", with_arrays("conv2_3x3", arrays))
    assert "expected floating-point numbers" in refusal(path)


def change(path: Path, do: str) -> None:
    """Spoils a good file in one way."""
    with h5py.File(path, "r+") as file:
        if do == "no layer_names":
            del file.attrs["layer_names"]
        elif do == "no weight_names":
            del file["conv2_3x3"].attrs["weight_names"]
        elif do == "no group":
            del file["conv2_1x1_up"]
        elif do == "no array":
            del file["conv2_3x3/conv2_3x3/kernel:0"]
        elif do == "group for array":
            del file["conv2_3x3/conv2_3x3/kernel:0"]
            file.create_group("conv2_3x3/conv2_3x3/kernel:0")
        elif do == "unlisted":
            file["conv2_3x3"].create_dataset("left_over", data=np.zeros(3, np.float32))
        elif do == "listed twice":
            names = file["conv2_3x3"].attrs["weight_names"]
            file["conv2_3x3"].attrs["weight_names"] = np.concatenate([names, names])


@pytest.mark.parametrize(
    ("do", "message"),
    [
        ("no layer_names", "has no 'layer_names' in '/', so it is no weights file of Keras 2"),
        ("no weight_names", "has no 'weight_names' in '/conv2_3x3'"),
        ("no group", "names a layer 'conv2_1x1_up' and has no group for it"),
        ("no array", "names an array 'conv2_3x3/kernel:0' and does not have it"),
        ("group for array", "names an array 'conv2_3x3/kernel:0' and does not have it"),
        ("unlisted", "has an array '/conv2_3x3/left_over' that is listed no times"),
        ("listed twice", "has an array '/conv2_3x3/conv2_3x3/kernel:0' that is listed 2 times"),
    ],
)
def test_lists_and_contents_must_agree(tmp_path, do, message):
    """Every array stands in one list, once, and every listed one is there."""
    path = write_keras2(tmp_path / "w.h5", FILE)
    change(path, do)
    assert message in refusal(path)


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    """Missing, a folder, empty, text: one sentence each."""
    empty, text = tmp_path / "empty.h5", tmp_path / "text.h5"
    empty.touch()
    text.write_text("<html>not found</html>" * 100)
    assert "does not exist" in refusal(tmp_path / "none.h5")
    assert "is a folder" in refusal(tmp_path)
    assert "is empty" in refusal(empty)
    assert "cannot be read as HDF5" in refusal(text)


@given(share=st.floats(0.0, 0.999))
def test_a_file_that_was_cut_off_is_refused(tmp_path_factory, share):
    """Wherever that happened."""
    path = write_keras2(tmp_path_factory.mktemp("cut") / "w.h5", FILE)
    os.truncate(path, int(path.stat().st_size * share))
    refusal(path)


@given(place=st.floats(0.0, 1.0, exclude_max=True), value=st.integers(0, 255))
def test_a_changed_byte_never_ends_in_a_traceback(tmp_path_factory, place, value):
    """The file is refused in a sentence, or all of the network is filled."""
    path = write_keras2(tmp_path_factory.mktemp("bytes") / "w.h5", FILE)
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] = value
    path.write_bytes(data)
    layers = network()
    try:
        load_published(layers, path)
    except DataError:
        assert filled(layers) == []
    else:
        assert len(filled(layers)) == 12


def test_the_list_of_a_file_tells_places_and_shapes(tmp_path):
    """In the order of the file, without reading an array."""
    with open_weights(write_keras2(tmp_path / "w.h5", FILE)) as file:
        first, second, *_ = file.weights
    assert (first.layer, first.kind, first.shape) == ("conv1/7x7", "kernel", (2, 2, 3, C))
    assert first.place == "/conv1/7x7/conv1/7x7/kernel:0"
    assert (second.layer, second.kind) == ("conv1/7x7/bn", "gamma")
