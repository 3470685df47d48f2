"""The TOML that says what a model takes and gives."""

from __future__ import annotations

import re

import pytest
import tomlkit

from occbench.errors import DataError
from occbench.foreign.spec import NEVER, ModelSpec, is_positional, load_spec

WHOLE = {
    "size": 64,
    "channels": 1,
    "preprocessing": "none",
    "output": "logits",
    "classes": ["neutral", "happiness"],
    "layout": "NCHW",
    "batch_size": 3,
    "map": {"happiness": "happy"},
    "missing": "never predicted",
}


def write(path, values):
    """A spec on disk."""
    path.write_text(tomlkit.dumps({"schema": 1, **values}), encoding="utf-8")
    return path


def test_every_key_is_read(tmp_path):
    """What the file says, and nothing else."""
    found = load_spec(write(tmp_path / "a.toml", WHOLE), {})
    assert found == ModelSpec(
        64,
        1,
        "none",
        "logits",
        ("neutral", "happiness"),
        "NCHW",
        3,
        (("happiness", "happy"),),
        NEVER,
    )
    assert found.describe() == WHOLE


@pytest.mark.parametrize("key", ["size", "channels", "preprocessing", "output", "classes"])
def test_what_could_be_wrong_without_an_error_is_never_guessed(tmp_path, key):
    """Each such key is asked for by name."""
    left = {name: value for name, value in WHOLE.items() if name != key}
    with pytest.raises(DataError, match=f"the key '{key}' is missing.*nothing of it is guessed"):
        load_spec(write(tmp_path / "a.toml", left), {})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("size", 0, "size is 0; expected a whole number from 1"),
        ("size", True, "size is True; expected a whole number"),
        ("size", 48.0, "size is 48.0"),
        ("channels", 4, "channels is 4; expected 1, 3"),
        ("channels", True, "channels is True; expected 1, 3"),
        ("preprocessing", "imagenet", "preprocessing is 'imagenet'; expected unit, centered"),
        ("preprocessing", "vggface2", "the preprocessing 'vggface2' needs channels = 3; it is 1"),
        ("output", "softmax", "output is 'softmax'; expected probabilities, logits, scores"),
        ("classes", [], "expected the names of the model's outputs"),
        ("classes", [0, 1], "classes is [0, 1]; expected the names of the model's outputs"),
        ("classes", "angry", "expected the names of the model's outputs"),
        ("layout", "nchw", "layout is 'nchw'; expected NHWC, NCHW"),
        ("batch_size", -1, "batch_size is -1"),
        ("map", {"happiness": 3}, "expected lines such as"),
        ("missing", "drop", "missing is 'drop'; expected never predicted"),
        ("clases", ["a"], "unknown key 'clases'. Did you mean 'classes'?"),
    ],
)
def test_a_wrong_value_is_named_with_its_file(tmp_path, key, value, message):
    """What is wrong and what was expected."""
    path = write(tmp_path / "wrong.toml", {**WHOLE, key: value})
    with pytest.raises(DataError, match=re.escape(message)) as error:
        load_spec(path, {})
    assert f"The spec '{path}': " in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size = ", "is no valid TOML"),
        ("size = 3", "needs the line 'schema = 1'"),
        ("schema = 2", "needs the line 'schema = 1'"),
    ],
)
def test_a_file_that_is_no_spec(tmp_path, text, message):
    """Broken TOML and other schemas."""
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_spec(path, {})
    with pytest.raises(DataError, match=r"The spec '.*none.toml' cannot be read"):
        load_spec(tmp_path / "none.toml", {})


def test_what_the_model_says_stands(tmp_path):
    """It needs no file; a file adds to it and may repeat it, but not contradict."""
    known = {key: WHOLE[key] for key in ("size", "channels", "preprocessing", "output")}
    known["classes"] = ("neutral", "happiness")
    assert load_spec(None, known).size == 64
    more = load_spec(write(tmp_path / "a.toml", {"size": 64, "map": {"happiness": ""}}), known)
    assert more.map == (("happiness", ""),)
    with pytest.raises(DataError, match="size is 48, but the model says 64"):
        load_spec(write(tmp_path / "b.toml", {"size": 48}), known)
    other = {"classes": ["happiness", "neutral"]}
    with pytest.raises(DataError, match="happiness, neutral, but the model says neutral, happ"):
        load_spec(write(tmp_path / "c.toml", other), known)


@pytest.mark.parametrize("name", ["0", "12", "class 3", "Class_0", "label-7", "output1"])
def test_names_that_only_count(name):
    """A place is no meaning."""
    assert is_positional(name)


@pytest.mark.parametrize("name", ["angry", "AU12 smile", "surprise2b", ""])
def test_names_that_mean_something(name):
    """Digits alone do not make a place."""
    assert not is_positional(name)
