"""``occbench explain``: files, sentences, and the count of looks at test faces."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from occbench.explain.record import METHODS, Explanation
from occbench.workspace import Workspace
from tests.cli.conftest import call_main, error_of
from tests.explain.asked import make_asked
from tests.runs import make_recipe

pytestmark = pytest.mark.tf

# Colour, an augmentation and dropout, neither of which may act any more.
RECIPE = make_recipe(
    backbone="convnet-chollet", size=20, channels=3, augment=["flip"], dropout=0.5, head=[4]
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace and its run, with random weights; f13 in val has no landmarks."""
    from occbench.training.checkpoint import save_weights
    from occbench.training.network import make_network

    root = tmp_path_factory.mktemp("explained") / "room"
    workspace, folder = make_asked(root, without=[13], recipe=RECIPE)
    save_weights(make_network(RECIPE, 3), folder / "best.weights.h5")
    return workspace, folder


@pytest.fixture
def asked(made, tmp_path, monkeypatch):
    """A fresh copy as the current folder, and the folder of its run."""
    root = Path(shutil.copytree(made[0].root, tmp_path / "room"))
    monkeypatch.chdir(root)
    return Workspace.find(root).run(made[1].name)


def refused(*arguments: object) -> str:
    """The one sentence of a call that fails."""
    result = call_main("explain", *arguments)
    assert result.exit_code == 1, result.output
    return error_of(result)


def test_every_method_writes_its_numbers_and_pictures(asked):
    """PNG, SVG and CSV of each; the face without landmarks is named, and the rest goes on."""
    result = call_main("explain", asked.name)
    assert result.exit_code == 0, result.output
    words = "No usable landmarks, so left out of the regions: 1 of 6 faces (f13)."
    assert words in result.stderr
    folders = {
        path.name: {file.name for file in path.iterdir()} for path in asked.glob("explain/*")
    }
    maps = {"examples.png", "examples.svg", "means.png", "means.svg", "examples.csv", "means.csv"}
    common = {"explain.json", "arrays.npz"}
    activations = folders.pop("activations-stage1_conv-normal")
    assert {name.partition(".")[2] for name in activations} == {"json", "npz", "csv", "png", "svg"}
    assert len([name for name in activations if name.endswith(".png")]) == 3
    assert folders == {
        "kernels-stage1_conv": {"kernels.csv", "kernels.png", "kernels.svg", *common},
        "sensitivity-normal": maps | common,
        "grad-cam-stage2_pool-normal": maps | common,
        "regions-normal": {"regions.csv", "regions.png", "regions.svg", "faces.csv", *common},
    }
    assert [line.partition(":")[0] for line in result.stdout.splitlines()[:4]] == list(METHODS[:4])
    facts = json.loads((asked / "explain" / "regions-normal" / "explain.json").read_text())
    assert facts["without_landmarks"] == ["f13"]
    assert (facts["run"], facts["epoch"], facts["part"]) == (asked.name, 2, "val")
    assert facts["classes"] == ["angry", "happy", "sad"]
    assert not (asked / "test-reads.jsonl").exists()


def test_the_score_is_what_the_network_says(asked):
    """The same number as from the network itself, with nothing of its training acting."""
    from occbench.dataset.pixels import fitted
    from occbench.models.backend import load_keras
    from occbench.training.export import plain_network
    from tests.makers import read_picture

    assert call_main("explain", asked.name, "--method", "regions", "-q").exit_code == 0
    table = (asked / "explain" / "regions-normal" / "faces.csv").read_text().splitlines()
    face = next(row for row in csv.DictReader(table) if row["face"] == "f15")
    keras = load_keras()
    model = plain_network(RECIPE, 3, asked / "best.weights.h5")
    image = fitted(read_picture(asked.parents[1] / "data" / "small" / "f15.png"), 20, 3)[0]
    chances = keras.ops.softmax(model(keras.ops.convert_to_tensor(image[None]), training=False))
    assert face["expression"] == "angry"
    assert float(face["score"]) == pytest.approx(float(np.asarray(chances)[0, 0]), abs=1e-5)


def test_a_look_at_test_faces_is_counted(asked):
    """One line for a call, and none for kernels; the folder says that they are test faces."""
    call = ("explain", asked.name, "--part", "test", "-q")
    assert call_main(*call, "--method", "kernels").exit_code == 0
    assert not (asked / "test-reads.jsonl").exists()
    result = call_main(
        *call, "--method", "grad-cam", "--method", "activations", "--per-class", 1, "--json"
    )
    assert result.exit_code == 0, result.output
    (look,) = map(json.loads, (asked / "test-reads.jsonl").read_text().splitlines())
    assert (look["selection"], look["variant"], look["faces"]) == ("best", "normal", 3)
    told = json.loads(result.stdout)
    assert [one["method"] for one in told] == ["grad-cam", "activations"]
    assert told[0]["folder"].endswith("grad-cam-stage2_pool-normal-test")


def test_chosen_faces_are_shown_in_a_variant_elsewhere(asked, tmp_path):
    """The given layer, patch and folder; the covered pixels are what the network saw."""
    out = tmp_path / "elsewhere"
    options = ("--faces", "f17", "--faces", "f12", "--variant", "headset", "--out", out, "-q")
    sliding = ("--method", "sensitivity", "--patch", 6, "--stride", 6)
    assert call_main("explain", asked.name, *options, *sliding).exit_code == 0
    found = Explanation.read(out / "sensitivity-headset")
    assert [one["face"] for one in found.facts["examples"]] == ["f17", "f12"]
    assert found.facts["patch"] == 6
    assert found.arrays["maps"].shape == (2, 4, 4)
    # No picture of ``makers`` is black, and a headset is.
    assert (found.arrays["images"] == 0).all(axis=-1).any(axis=(1, 2)).all()
    assert not (asked / "explain").exists()
    layer = ("--method", "activations", "--layer", "stage2_relu", "--faces", 1)
    assert call_main("explain", asked.name, *layer, "-q").exit_code == 0
    assert (asked / "explain" / "activations-stage2_relu-normal" / "activations.csv").is_file()


def test_what_cannot_be_explained_is_told(asked):
    """A run, a face, a layer, a variant and a patch that are not there."""
    assert "Unknown run 'normal-seed0'. Did you mean" in refused("normal-seed0")
    assert "has no face 'f99'. The val part has 6" in refused(asked.name, "--faces", "f99")
    words = "no layer 'stage9' with a kernel. Those it has: stage1_conv, stage2_conv, stage3_conv."
    assert words in refused(asked.name, "--layer", "stage9")
    assert "whose output is a picture" in refused(
        asked.name, "--method", "grad-cam", "--layer", "head_logits"
    )
    assert "Unknown occluder 'hedset'" in refused(asked.name, "--variant", "hedset")
    assert "leaves nothing of faces of 20" in refused(asked.name, "--patch", 20)
    assert not (asked / "explain").exists()
    state = asked / "state.json"
    state.write_text(state.read_text().replace('"finished"', '"running"'))
    assert "has not ended, so there is no epoch to explain" in refused(asked.name)


def test_faces_without_landmarks_leave_the_other_methods_to_work(asked):
    """With regions alone nothing is left to do."""
    words = "None of the faces chosen (1) has usable landmarks, so their parts are not known."
    assert words in refused(asked.name, "--faces", "f13", "--method", "regions")
    methods = ("--method", "regions", "--method", "grad-cam")
    result = call_main("explain", asked.name, "--faces", "f13", *methods)
    assert result.exit_code == 0, result.output
    assert f"regions is left out: {words}" in result.stderr
    assert {path.name for path in asked.glob("explain/*")} == {"grad-cam-stage2_pool-normal"}
