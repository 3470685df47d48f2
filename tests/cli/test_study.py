"""``occbench study``: what it trains, what it tells, and what a second call does."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from occbench.core.lock import sole_writer
from tests.cli.conftest import error_of
from tests.test_architecture import imported_by
from tests.trainings import NAME, PLAIN, recipe

pytestmark = pytest.mark.tf

PLAN = f"""
schema = 1
data_set = "{NAME}"
test = ["occluded"]

[[recipes]]
recipe = "plain.toml"

[[recipes]]
name = "mirrored"
recipe = "plain.toml"
copies = ["mirror"]
"""


@pytest.fixture
def at(room, call, monkeypatch):
    """A workspace with a plan as the current folder."""
    monkeypatch.chdir(room.root)
    (room.root / "plain.toml").write_text(recipe(PLAIN).to_toml(), encoding="utf-8")
    (room.root / "plan.toml").write_text(PLAN, encoding="utf-8")
    return room


def test_recipes_are_compared_and_nothing_is_done_twice(at, call):
    """Tables, curves and ordinary runs; a second call needs no framework and changes no byte."""
    preview = call("study", "plan.toml", "--dry-run", "--json")
    told = json.loads(preview.stdout)
    assert [(row["recipe"], row["images"], row["done"]) for row in told] == [
        ("plain", 54, 0),
        ("mirrored", 108, 0),
    ]
    assert not (at.root / "runs").exists()
    result = call("study", "plan.toml", "--quiet")
    assert result.exit_code == 0, result.output
    folder = at.root / "studies" / "plan"
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert names == {"plan.toml", "runs.csv", "table.csv", "table.md", "curves.png", "curves.svg"}
    runs = pd.read_csv(folder / "runs.csv")
    assert runs["run"].tolist() == [row["run"] for row in told]
    assert runs["train_images"].tolist() == [54, 108]
    assert runs["test_occluded_n"].tolist() == [18, 18]
    before = {name: (folder / name).read_bytes() for name in names}
    loaded = imported_by(
        "-m",
        "occbench",
        "study",
        str(at.root / "plan.toml"),
        "--workspace",
        str(at.root),
        "--quiet",
    )
    assert not loaded & {"tensorflow", "keras"}
    assert {name: (folder / name).read_bytes() for name in names} == before
    assert "test faces were looked at" in result.stdout


def test_folds_are_told_as_mean_and_deviation(at, call):
    """Two folds of 69 faces are two runs of each recipe."""
    plan = PLAN.replace('test = ["occluded"]\n', "").rsplit("[[recipes]]", 1)[0]
    (at.root / "plan.toml").write_text(plan, encoding="utf-8")
    result = call("study", "plan.toml", "--folds", 2, "--json", "--quiet")
    found = json.loads(result.stdout)
    assert found["study"] == "plan-2-fold"
    assert all(sentence.startswith("plain, fold ") for sentence in found["remarks"])
    assert [row["fold"] for row in found["runs"]] == [1, 2]
    assert sum(row["val_faces"] for row in found["runs"]) == 69
    shares = [row["val_accuracy"] for row in found["runs"]]
    (row,) = found["recipes"]
    assert row["val_accuracy"] == pytest.approx(sum(shares) / 2)
    assert row["val_accuracy_sd"] == pytest.approx(abs(shares[0] - shares[1]) / 2**0.5)


def test_errors_are_one_sentence(at, call):
    """A plan that is not there, another plan under the same name, two calls at once."""
    assert "cannot be read" in error_of(call("study", "gone.toml"))
    (at.root / "studies" / "plan").mkdir(parents=True)
    with sole_writer(at.root / "studies" / "plan"):
        assert "Another occbench process" in error_of(call("study", "plan.toml"))
    (at.root / "studies" / "plan" / "plan.toml").write_text(PLAN, encoding="utf-8")
    (at.root / "more.toml").write_text(PLAN.replace("test", "steps = 9\ntest"), encoding="utf-8")
    assert "another plan (steps differs)" in error_of(call("study", "more.toml", "plan"))
