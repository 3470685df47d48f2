"""``occbench matrix``: its numbers, what a second call does, and what it refuses."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomlkit

from occbench.core.lock import sole_writer
from occbench.matrix import job as matrix_job
from occbench.splits.modes import MODES
from tests.cli.conftest import error_of
from tests.folders import contents
from tests.test_architecture import imported_by
from tests.trainings import NAME, PLAIN, TEST, recipe, split_of

pytestmark = pytest.mark.tf

TESTS = ("normal", "occluded", "mixed")


def table(path: Path) -> list[dict[str, str]]:
    """The lines of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def at(trained, call, monkeypatch):
    """The workspace with a whole matrix as the current folder."""
    monkeypatch.chdir(trained.root)
    return trained


@pytest.fixture
def fresh(room, call, monkeypatch):
    """A workspace without a matrix as the current folder, with a recipe ``plain.toml``."""
    monkeypatch.chdir(room.root)
    (room.root / "plain.toml").write_text(recipe(PLAIN).to_toml(), encoding="utf-8")
    return room


def scores_of(run: Path) -> dict[tuple[str, str], dict[str, tuple[int, int]]]:
    """True and predicted class of each face by selection and variant, read with NumPy alone."""
    found = {}
    for path in run.glob("predictions/*.npz"):
        with np.load(path) as stored:
            values = zip(stored["labels"], stored["scores"].argmax(axis=1), strict=True)
            key = str(stored["selection"]), str(stored["variant"])
            found[key] = dict(zip(stored["ids"].tolist(), values, strict=True))
    return found


def test_every_cell_is_counted_from_the_stored_scores(at):
    """24 cells: for each face of a test split, whether the score of its variant is right."""
    cells = table(at.matrix(NAME) / "cells.csv")
    keys = [(cell["train"], cell["selection"], cell["test"]) for cell in cells]
    assert sorted(keys) == sorted(
        (train, selection, test)
        for train in MODES
        for selection in ("best", "last")
        for test in TESTS
    )
    for cell in cells:
        (run,) = at.root.glob(f"runs/{cell['train']}-seed0-*")
        scores = scores_of(run)
        mode = "mixed-unique" if cell["test"] == "mixed" else cell["test"]
        rows = table(at.splits() / split_of(at, mode).folder / "test.csv")
        pairs = [scores[cell["selection"], row["variant"]][row["id"]] for row in rows]
        right = sum(bool(truth == said) for truth, said in pairs)
        assert (int(cell["n"]), int(cell["correct"])) == (TEST, right)
        recalls = [
            sum(bool(said == number) for truth, said in pairs if truth == number)
            / sum(bool(truth == number) for truth, _ in pairs)
            for number in range(3)
        ]
        assert float(cell["balanced_accuracy"]) == pytest.approx(sum(recalls) / 3, abs=1e-12)
        state = json.loads((run / "state.json").read_text(encoding="utf-8"))
        epoch = state["best"] if cell["selection"] == "best" else 2
        assert int(cell["epoch"]) == epoch


def test_every_run_looked_at_the_test_faces_once_per_variant_and_epoch(at):
    """Never more than two variants of two epochs."""
    for run in at.root.glob("runs/*"):
        lines = (run / "test-reads.jsonl").read_text(encoding="utf-8").splitlines()
        best = json.loads((run / "state.json").read_text(encoding="utf-8"))["best"]
        assert len(lines) == (2 if best == 2 else 4)


def test_a_second_call_does_nothing_and_loads_no_framework(at):
    """Not a byte changes, and TensorFlow is not even imported."""
    before = contents(at.root)
    found = imported_by("-m", "occbench", "matrix", "--workspace", str(at.root))
    assert "occbench" in found
    assert found & {"tensorflow", "keras", "matplotlib"} == set()
    assert contents(at.root) == before


def test_json_has_the_cells_of_the_table(at, call):
    """The second call prints them from disk; the workspace may stand before the command."""
    result = call("--workspace", at.root, "matrix", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["matrix"] == NAME
    cells = table(at.matrix(NAME) / "cells.csv")
    assert [
        {key: "" if value is None else str(value) for key, value in cell.items()}
        for cell in told["cells"]
    ] == cells


def test_the_printed_table_has_a_line_per_row(at, call):
    """Accuracies in per cent with one decimal, and where the rest is."""
    result = call("matrix")
    assert result.exit_code == 0
    assert "A page to read: occbench report small" in result.stdout
    for cell in table(at.matrix(NAME) / "cells.csv"):
        assert f"{100 * float(cell['accuracy']):.1f}" in result.stdout
    assert all(result.stdout.count(f"\n{mode} ") >= 2 for mode in MODES)


def test_a_dry_run_trains_nothing(fresh, call):
    """It names every run with its images; --json has the same."""
    result = call("matrix", "--recipe", "plain.toml", "--seeds", "0,1", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "8 of 8 runs to train; how long is not known before one ran." in result.stdout
    again = call("matrix", "--recipe", "plain.toml", "--seeds", "0,1", "--dry-run", "--json")
    rows = json.loads(again.stdout)
    assert [(row["train"], row["seed"]) for row in rows] == [
        (mode, seed) for seed in (0, 1) for mode in MODES
    ]
    assert [row["images"] for row in rows[:4]] == [54, 54, 54, 108]
    assert not (fresh.root / "runs").exists()
    assert not (fresh.root / "matrices").exists()


PLAN = """schema = 1
data_set = "small"
recipe = "plain.toml"
train = ["normal", "occluded"]
test = ["normal", "occluded"]
seeds = [0]
select = ["last"]
"""


def test_a_killed_matrix_goes_on_and_a_new_seed_keeps_the_old_runs(fresh, call, monkeypatch):
    """The cells of the first row are there after a kill; a seed more trains only its runs."""
    whole = matrix_job.train

    def kill(workspace: Any, manifest: Any, split: Any, run: Any, wish: Any) -> Any:
        if run.mode == "occluded":
            raise KeyboardInterrupt
        return whole(workspace, manifest, split, run, wish)

    (fresh.root / "plan.toml").write_text(PLAN, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(matrix_job, "train", kill)
        result = call("matrix", "study", "--plan", "plan.toml")
    assert result.exit_code == 130
    folder = fresh.matrix("study")
    assert [cell["train"] for cell in table(folder / "cells.csv")] == ["normal"] * 2
    assert "1 of 2 cells" not in result.output
    refused = call("report", "study")
    assert refused.exit_code == 1
    assert "2 of 4 cells are missing, the first: train occluded, test normal" in error_of(refused)
    runs = {path: path.stat().st_mtime_ns for path in fresh.root.glob("runs/normal-*/*.h5")}
    assert call("matrix", "study", "-q").exit_code == 0
    first = table(folder / "cells.csv")
    assert len(first) == 4
    more = call("matrix", "study", "--seeds", "0,1", "-q")
    assert more.exit_code == 0, more.output
    cells = table(folder / "cells.csv")
    assert [cell for cell in cells if cell["seed"] == "0"] == first
    assert [cell["seed"] for cell in cells].count("1") == 4
    assert {path: path.stat().st_mtime_ns for path in runs} == runs
    wide = table(folder / "matrix.csv")
    mean = np.mean([float(c["accuracy"]) for c in cells if c["train"] == c["test"] == "normal"])
    assert any(
        float(value) == pytest.approx(mean)
        for key, value in wide[0].items()
        if "normal" in key and value and key != "train"
    )


def test_lost_predictions_are_made_again(at, call):
    """The same cells come out, and the second look is counted."""
    before = (at.matrix(NAME) / "cells.csv").read_bytes()
    (run,) = at.root.glob("runs/normal-seed0-*")
    for path in run.glob("predictions/last-*"):
        path.unlink()
    looks = len((run / "test-reads.jsonl").read_text(encoding="utf-8").splitlines())
    (at.matrix(NAME) / "matrix.json").unlink()
    result = call("matrix", "-q")
    assert result.exit_code == 0, result.output
    assert (at.matrix(NAME) / "cells.csv").read_bytes() == before
    lines = (run / "test-reads.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == looks + 2


def test_a_lost_run_is_trained_again_to_the_same_cells(at, call):
    """Nothing about a run is chance."""
    before = (at.matrix(NAME) / "cells.csv").read_bytes()
    (run,) = at.root.glob("runs/occluded-seed0-*")
    shutil.rmtree(run)
    assert call("matrix", "-q").exit_code == 0
    assert run.is_dir()
    assert (at.matrix(NAME) / "cells.csv").read_bytes() == before


def test_two_matrices_at_once_are_refused(fresh, call):
    """The second one says who is in the way and trains nothing."""
    folder = fresh.matrix(NAME)
    folder.mkdir(parents=True)
    with sole_writer(folder):
        result = call("matrix", "--recipe", "plain.toml")
    assert result.exit_code == 1
    assert f"Another occbench process is writing to '{folder}'." in error_of(result)
    assert not (fresh.root / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--seeds", "0;1"], 2, "--seeds is '0;1'; expected whole numbers such as 0,1,2."),
        (["--seeds", "-1"], 1, "seeds is [-1]"),
        (["--recipe", "smal-48"], 1, "Did you mean 'small-48'?"),
        (["--occluder", "hedset"], 1, "Did you mean 'headset'?"),
        (["--plan", "plan.toml", "--seeds", "1"], 1, "leave --seeds out"),
        (["--plan", "none.toml"], 1, "The plan 'none.toml' cannot be read"),
        (["../up", "--recipe", "plain.toml"], 1, "cannot be the name of a matrix"),
        (["--data-set", "smal"], 1, "Unknown data set 'smal'."),
    ],
)
def test_a_wrong_call_is_one_sentence_and_trains_nothing(arguments, code, text, fresh, call):
    """Nothing is left behind."""
    (fresh.root / "plan.toml").write_text(PLAN, encoding="utf-8")
    before = contents(fresh.root)
    result = call("matrix", *arguments)
    assert result.exit_code == code, result.output
    assert text in error_of(result)
    assert contents(fresh.root) == before


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"batch_size": 55}, "batch_size = 55 is larger than the 54 training images"),
        ({"size": 17}, "'convnet-chollet' needs images of 18 pixels or more"),
        ({"trainable": "stage7"}, "trainable is 'stage7'"),
    ],
)
def test_a_recipe_that_does_not_fit_is_one_sentence(changes, text, fresh, call):
    """Said before the first run is begun."""
    whole = tomlkit.parse(recipe(PLAIN).to_toml())
    text_of_it = tomlkit.dumps({**whole, **changes})
    (fresh.root / "wrong.toml").write_text(text_of_it, encoding="utf-8")
    result = call("matrix", "--recipe", "wrong.toml")
    assert result.exit_code == 1
    assert text in error_of(result)
    assert not (fresh.root / "runs").exists()


def test_another_plan_under_the_same_name_is_refused(at, call):
    """The keys that differ are named and the cells stay."""
    before = contents(at.matrix(NAME))
    result = call("matrix", "--occluder", "gear-vr", "--recipe", "small-48")
    assert result.exit_code == 1
    text = error_of(result)
    assert "was made with another plan" in text
    assert "occluder" in text
    assert "recipe.backbone" in text
    assert contents(at.matrix(NAME)) == before
