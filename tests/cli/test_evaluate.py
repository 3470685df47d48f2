"""``occbench evaluate`` and ``leaderboard``: one network in every form gives one row."""

from __future__ import annotations

import json
import shutil
import sys
import warnings
import zipfile

import numpy as np
import pytest

from occbench.training.predictions import Predictions, predictions_path
from occbench.workspace import Workspace
from tests.cli.conftest import call_main, error_of
from tests.folders import contents
from tests.test_architecture import imported_by
from tests.trainings import NAME, TEST

pytestmark = pytest.mark.tf

SPEC = """schema = 1
size = 18
channels = 1
preprocessing = "none"
output = "probabilities"
classes = ["angry", "happy", "sad"]
"""
# Functions are given RGB; a colour network is the same behind one as in its own file.
WRAP = """
import keras

NET = keras.models.load_model("colour.keras")


def predict(faces):
    return NET.predict(faces, verbose=0)
"""


@pytest.fixture(scope="module")
def made(filled, tmp_path_factory):
    """A workspace with a whole matrix and one of its networks as a file, a folder and a module."""
    import keras

    root = tmp_path_factory.mktemp("evaluate") / "room"
    shutil.copytree(filled, root)
    (run,) = root.glob("runs/normal-*")
    result = call_main("export", run.name, root / "net.keras", "--workspace", root)
    assert result.exit_code == 0, result.output
    with warnings.catch_warnings():
        # What TensorFlow and tf2onnx warn of while they write is no concern of this package.
        warnings.simplefilter("ignore")
        model = keras.models.load_model(root / "net.keras")
        model.export(root / "saved", verbose=False)
        (root / "net2.json").write_bytes((root / "net.json").read_bytes())
        keras.utils.set_random_seed(0)
        image = keras.Input((18, 18, 3), dtype="uint8")
        dense = keras.layers.Dense(3)
        layers = (keras.layers.Lambda(lambda x: x / 9), keras.layers.Rescaling(1 / 2000))
        for name, layer in zip(("code", "colour"), layers, strict=True):
            said = dense(keras.layers.Flatten()(layer(image)))
            keras.Model(image, said).save(root / f"{name}.keras")
        four = keras.Input(batch_shape=(4, 18, 18, 3), dtype="uint8")
        said = dense(keras.layers.Flatten()(layers[1](four)))
        keras.Model(four, said).save(root / "four.keras")
    (root / "spec.toml").write_text(SPEC, encoding="utf-8")
    (root / "wrapped.py").write_text(WRAP, encoding="utf-8")
    colour = SPEC.replace("channels = 1", "channels = 3").replace("probabilities", "logits")
    (root / "colour.toml").write_text(colour, encoding="utf-8")
    return root


@pytest.fixture
def at(made, tmp_path, call, monkeypatch):
    """A fresh copy of it as the current folder."""
    shutil.copytree(made, tmp_path / "room")
    monkeypatch.chdir(tmp_path / "room")
    yield Workspace.find(tmp_path / "room")
    sys.modules.pop("wrapped", None)


def evaluated(workspace, *arguments):
    """The cells of a model's row by test, and its scores by variant."""
    result = call_main("evaluate", *arguments, "--json", "-q", "--workspace", workspace.root)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    folder = workspace.matrix(NAME) / "models" / told["model"]
    scores = {v: Predictions.read(predictions_path(folder, "given", v)) for v in VARIANTS}
    return {cell["test"]: cell for cell in told["cells"]}, scores


VARIANTS = ("normal", "headset")


def same_row(workspace, found, tolerance):
    """Compares a row with that of the run in the matrix, score by score."""
    cells, scores = found
    (run,) = workspace.root.glob("runs/normal-*")
    for variant in VARIANTS:
        known = Predictions.read(predictions_path(run, "best", variant))
        assert scores[variant].ids == known.ids
        np.testing.assert_array_equal(scores[variant].labels, known.labels)
        np.testing.assert_allclose(scores[variant].scores, known.scores, atol=tolerance, rtol=0)
    result = call_main("matrix", NAME, "--json", "--workspace", workspace.root)
    told = json.loads(result.stdout)
    row = {
        c["test"]: c for c in told["cells"] if (c["train"], c["selection"]) == ("normal", "best")
    }
    assert {t: (c["correct"], c["n"]) for t, c in cells.items()} == {
        t: (c["correct"], TEST) for t, c in row.items()
    }
    assert [cell["train"] for cell in told["models"]] == [cells["normal"]["train"]] * 3


def test_a_run_gives_the_row_that_it_has_in_the_matrix(at):
    """From the same weights, and the look is written down in the run too."""
    (run,) = at.root.glob("runs/normal-*")
    before = (run / "test-reads.jsonl").read_text(encoding="utf-8").splitlines()
    same_row(at, evaluated(at, run.name), 1e-6)
    after = (run / "test-reads.jsonl").read_text(encoding="utf-8").splitlines()
    assert after[: len(before)] == before
    assert [json.loads(line)["variant"] for line in after[len(before) :]] == list(VARIANTS)


@pytest.mark.parametrize(
    ("model", "spec"),
    [("net.keras", None), ("saved", "spec.toml")],
)
def test_every_form_of_the_network_gives_the_same_row(at, model, spec):
    """A file of export needs no spec; a SavedModel does."""
    same_row(at, evaluated(at, model, *(["--spec", spec] if spec else [])), 1e-6)


@pytest.mark.parametrize("model", ["wrapped:predict", "four.keras"])
def test_a_network_in_another_wrapping_gives_the_same_row(at, model):
    """A function is given what the file is given; another file takes four faces, no more or less.

    The 18 faces are no multiple of four.
    """
    cells, scores = evaluated(at, "colour.keras", "--spec", "colour.toml")
    others, same = evaluated(at, model, "--spec", "colour.toml")
    assert {t: c["correct"] for t, c in cells.items()} == {
        t: c["correct"] for t, c in others.items()
    }
    for variant in VARIANTS:
        np.testing.assert_allclose(scores[variant].scores, same[variant].scores, atol=1e-6)
    assert np.ptp(scores["normal"].scores - scores["headset"].scores) > 0.01


def test_an_onnx_export_gives_the_same_row(at):
    """Written by Keras through tf2onnx, run by ONNX Runtime."""
    pytest.importorskip("onnxruntime", reason="onnxruntime belongs to the extra 'onnx'")
    pytest.importorskip("tf2onnx", reason="tf2onnx belongs to the extra 'onnx'")
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = keras.models.load_model(at.root / "net.keras")
        # Keras exports only what was called once.
        model.predict(np.zeros((1, 18, 18, 1), np.uint8), verbose=0)
        model.export(at.root / "net.onnx", format="onnx", verbose=False)
    same_row(at, evaluated(at, "net.onnx", "--spec", "spec.toml", "--as", "in-onnx"), 1e-5)
    record = json.loads((at.matrix(NAME) / "models/in-onnx/model.json").read_text())
    assert set(record["versions"]) == {"occbench", "onnxruntime"}
    (at.root / "large.toml").write_text(SPEC.replace("18", "20"), encoding="utf-8")
    wrong = call_main("evaluate", "net.onnx", "--spec", "large.toml", "--as", "large")
    assert "takes images 18 x 18 x 1, but its spec says 20 x 20 x 1" in error_of(wrong)
    turned = SPEC + 'layout = "NCHW"\n'
    (at.root / "turned.toml").write_text(turned, encoding="utf-8")
    wrong = call_main("evaluate", "net.onnx", "--spec", "turned.toml", "--as", "turned")
    assert error_of(wrong).endswith("(NCHW). Write layout = NHWC.")


def test_onnx_without_its_runtime_names_the_extra(at, call, monkeypatch):
    """Nothing is written."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (at.root / "net.onnx").write_bytes(b"net")
    result = call("evaluate", "net.onnx", "--spec", "spec.toml")
    assert "pip install 'occbench[onnx]'" in error_of(result)
    assert not (at.matrix(NAME) / "models" / "net").exists()


def test_the_row_stands_in_the_tables_and_in_the_leaderboard(at, call):
    """Shown by later calls that load no framework."""
    result = call("evaluate", "net.keras", "-q")
    assert result.exit_code == 0, result.output
    assert "selection unknown: given as it is" in result.stdout
    before = contents(at.matrix(NAME))
    again = imported_by(
        "-m", "occbench", "evaluate", str(at.root / "net.keras"), "--workspace", str(at.root)
    )
    assert again & {"tensorflow", "keras", "matplotlib"} == set()
    shown = call("matrix", NAME)
    (line,) = [line for line in shown.stdout.splitlines() if line.startswith("net ")]
    cells = json.loads(call("evaluate", "net.keras", "--json").stdout)["cells"]
    assert all(f"{100 * cell['accuracy']:.1f}" in line for cell in cells)
    told = json.loads(call("leaderboard", "--json", "--csv", "board.csv").stdout)
    assert contents(at.matrix(NAME)) == before
    rows = {row["name"]: row for row in told["rows"]}
    assert set(rows) == {"net", "normal", "occluded", "mixed-unique", "mixed-paired"}
    # The same network twice: no face tells them apart, and both have as many parameters.
    assert rows["net"]["occluded"] == rows["normal"]["occluded"]
    assert rows["net"]["parameters"] == rows["normal"]["parameters"]
    upper = min(rows["net"]["rank"], rows["normal"]["rank"])
    assert told["rows"][upper - 1]["ties"]
    assert (at.root / "board.csv").read_text(encoding="utf-8").count("\n") == 6
    assert "net" in call("leaderboard").stdout


def test_a_dry_run_shows_and_writes_nothing(at, call):
    """The faces in each variant, and what its classes are taken for."""
    before = contents(at.root)
    result = call("evaluate", "saved", "--spec", "spec.toml", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "saved: saved-model saved, matrix small" in result.stdout
    assert "classes: angry = angry, happy = happy, sad = sad" in result.stdout
    told = json.loads(call("evaluate", "net.keras", "--dry-run", "--json").stdout)
    assert told["variants"] == {"normal": TEST, "headset": TEST}
    assert contents(at.root) == before


def write_free(exported, path):
    """The same network as Keras itself would write it, without the record of ``export``."""
    with zipfile.ZipFile(exported) as whole, zipfile.ZipFile(path, "w") as kept:
        for member in whole.namelist():
            if member != "occbench.json":
                kept.writestr(member, whole.read(member))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["saved"], "Without --spec, the key 'size' is missing"),
        (["code.keras", "--spec", "colour.toml"], "holds code of its own, such as a Lambda layer"),
        (["torn.keras", "--spec", "spec.toml"], "'torn.keras' is no Keras file, or is damaged; "),
        (["net2.keras", "--spec", "large.toml"], "size is 20, but the model says 18"),
        (["free.keras", "--spec", "large.toml"], "takes images 18 x 18 x 1, but its spec says 20"),
        (["saved", "--spec", "large.toml"], "takes images 18 x 18 x 1, but its spec says 20"),
        (["saved", "--spec", "unit.toml"], "takes uint8, which the preprocessing 'unit' does not"),
        (["saved", "--spec", "turned.toml"], "layout = NCHW is for .onnx files"),
        (["empty", "--spec", "spec.toml"], "'empty' cannot be opened: "),
        (["net.keras", "--matrix", "smal"], "Unknown matrix 'smal'. Did you mean 'small'?"),
        (["net.keras", "--as", "normal"], "cannot be named 'normal'"),
        (["nomal-seed0"], "There is no model 'nomal-seed0'"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_leaves_no_row(at, call, arguments, text):
    """No model's folder is made before the model is open."""
    (at.root / "large.toml").write_text(SPEC.replace("18", "20"), encoding="utf-8")
    (at.root / "unit.toml").write_text(SPEC.replace('"none"', '"unit"'), encoding="utf-8")
    (at.root / "turned.toml").write_text(SPEC + 'layout = "NCHW"\n', encoding="utf-8")
    (at.root / "torn.keras").write_bytes((at.root / "net.keras").read_bytes()[:1000])
    shutil.copyfile(at.root / "net.keras", at.root / "net2.keras")
    write_free(at.root / "net.keras", at.root / "free.keras")
    (at.root / "empty").mkdir()
    (at.root / "empty" / "saved_model.pb").write_bytes(b"")
    result = call("evaluate", *arguments)
    assert result.exit_code == 1, result.output
    assert text in error_of(result)
    assert not list((at.matrix(NAME) / "models").glob("*/"))
