"""Which model a text means, and what identifies it."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile

import pytest

from occbench.errors import DataError
from occbench.foreign.source import find_source

FACTS = {
    "schema": 1,
    "run": "normal-seed0-0",
    "epoch": 3,
    "classes": ["sad", "happy"],
    "size": 16,
    "channels": 1,
    "preprocessing": "unit, inside the network",
}


def test_a_file_is_known_by_its_bytes(workspace, tmp_path):
    """The kind by its ending, the name without it."""
    for ending in ("keras", "onnx"):
        path = tmp_path / f"my net.{ending}"
        path.write_bytes(b"net")
        found = find_source(workspace, str(path))
        assert found.identity == "sha256:" + hashlib.sha256(b"net").hexdigest()
        assert (found.kind, found.label, found.name(None)) == (ending, path.name, "my-net")
        assert found.known == {}


def test_weights_beside_an_onnx_file_count(workspace, tmp_path):
    """PyTorch writes them to FILE.onnx.data."""
    (tmp_path / "a.onnx").write_bytes(b"net")
    alone = find_source(workspace, "a.onnx").identity
    (tmp_path / "a.onnx.data").write_bytes(b"1")
    first = find_source(workspace, "a.onnx").identity
    (tmp_path / "a.onnx.data").write_bytes(b"2")
    assert len({alone, first, find_source(workspace, "a.onnx").identity}) == 3


def write_exported(path, facts):
    """A file of Keras, which is a zip archive, with the record of ``occbench export`` inside."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("occbench.json", json.dumps(facts))


def test_what_export_wrote_inside_settles_the_spec(workspace, tmp_path):
    """Size, channels and classes; the preprocessing is inside."""
    write_exported(tmp_path / "net.keras", FACTS)
    found = find_source(workspace, "net.keras")
    assert found.known == {
        "size": 16,
        "channels": 1,
        "classes": ("sad", "happy"),
        "preprocessing": "none",
        "output": "probabilities",
        "layout": "NHWC",
    }
    assert found.facts == {"run": "normal-seed0-0", "epoch": 3}
    write_exported(tmp_path / "net.keras", {**FACTS, "schema": 2})
    with pytest.raises(DataError, match="has schema 2; this version reads 1"):
        find_source(workspace, "net.keras")


def test_what_stands_beside_is_not_believed(workspace, tmp_path):
    """The same says nothing new; classes in another order are refused; alone it settles nothing."""
    write_exported(tmp_path / "net.keras", FACTS)
    beside = tmp_path / "net.json"
    beside.write_text(json.dumps(FACTS), encoding="utf-8")
    assert find_source(workspace, "net.keras").known["classes"] == ("sad", "happy")
    edited = {**FACTS, "classes": ["happy", "sad"]}
    beside.write_text(json.dumps(edited), encoding="utf-8")
    with pytest.raises(
        DataError, match=r"net\.json' was changed: its classes is \['happy', 'sad'\]"
    ):
        find_source(workspace, "net.keras")
    (tmp_path / "net.keras").write_bytes(b"net")
    assert find_source(workspace, "net.keras").known == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 1, "classes": ["a", "b"]}'])
def test_another_file_of_that_name_settles_nothing(workspace, tmp_path, text):
    """Nor does it contradict what stands inside."""
    (tmp_path / "net.json").write_text(text, encoding="utf-8")
    (tmp_path / "net.keras").write_bytes(b"net")
    assert find_source(workspace, "net.keras").known == {}
    write_exported(tmp_path / "net.keras", FACTS)
    assert find_source(workspace, "net.keras").known["size"] == 16


def test_a_saved_model_is_known_by_all_its_files(workspace, tmp_path):
    """The graph and its variables, whatever they are called."""
    folder = tmp_path / "net"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "v").write_bytes(b"1")
    first = find_source(workspace, "net")
    assert (first.kind, first.name(None)) == ("saved-model", "net")
    (folder / "variables" / "v").write_bytes(b"2")
    assert find_source(workspace, "net").identity != first.identity


def test_a_function_is_known_by_its_module_and_not_run(workspace, write_module):
    """The module lies in the current folder; looking for it does not import it."""
    text = "raise SystemExit('imported')\n"
    write_module("my_wrap", text)
    found = find_source(workspace, "my_wrap:Net.predict")
    assert found.identity == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert (found.kind, found.name(None)) == ("function", "my_wrap-Net-predict")
    assert found.known == {"channels": 3, "preprocessing": "none", "layout": "NHWC"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("none.keras", "The model 'none.keras' is no file."),
        ("normal-seed0-0", "There is no model 'normal-seed0-0'; expected a run of the workspace"),
        ("net.h5", "is no model that can be opened"),
        ("net.h5", "Open it in Keras and save it as .keras."),
        ("data", "holds no saved_model.pb"),
        ("no_such_module_1:predict", "There is no module 'no_such_module_1' in the current folder"),
        (
            "no_such_module_1.b:predict",
            "The module 'no_such_module_1.b' cannot be imported: Module",
        ),
        ("sys:exit", "The module 'sys' is no file"),
        ("a b:c", "There is no model 'a b:c'"),
    ],
)
def test_what_is_no_model_is_one_sentence(workspace, tmp_path, text, message):
    """It says what was expected."""
    (tmp_path / "net.h5").write_bytes(b"net")
    with pytest.raises(DataError, match=re.escape(message)):
        find_source(workspace, text)


@pytest.mark.parametrize("name", ["normal", "mixed", "mixed-unique", "a b", "../up"])
def test_a_name_that_no_row_can_have(workspace, tmp_path, name):
    """Rows of trained runs keep theirs."""
    (tmp_path / "net.keras").write_bytes(b"net")
    with pytest.raises(DataError, match="cannot be"):
        find_source(workspace, "net.keras").name(name)


@pytest.mark.parametrize("name", ["", " "])
def test_no_name_is_asked_for(workspace, tmp_path, name):
    """An empty --as is no name."""
    (tmp_path / "net.keras").write_bytes(b"net")
    with pytest.raises(DataError, match="without a name"):
        find_source(workspace, "net.keras").name(name)
