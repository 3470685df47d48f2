"""What a report is told about a matrix on disk, against the files themselves."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from occbench.errors import MissingCells
from occbench.matrix.choose import stored_plan
from occbench.matrix.job import open_job
from occbench.report.gather import gather
from occbench.report.page import write_report
from occbench.splits.modes import MODES
from occbench.workspace import Workspace
from tests.cli.conftest import call_main
from tests.report.test_page import Page
from tests.trainings import COUNTS, NAME, TEST

pytestmark = pytest.mark.tf


ALARM = "epoch 2: the loss was no number; the run ended with the weights of epoch 1."


@pytest.fixture(scope="module")
def place(filled, tmp_path_factory):
    """A workspace with a whole matrix, one of whose runs diverged."""
    root = tmp_path_factory.mktemp("gathered") / "room"
    workspace = Workspace.find(shutil.copytree(filled, root))
    path = run_folder(workspace, "occluded") / "state.json"
    state = json.loads(path.read_text(encoding="utf-8"))
    state |= {"alarms": [ALARM], "status": "diverged"}
    path.write_text(json.dumps(state), encoding="utf-8")
    assert call_main("matrix", "-q", "--workspace", root).exit_code == 0
    return workspace


@pytest.fixture(scope="module")
def facts(place):
    """What its report shows."""
    return facts_of(place)


@pytest.fixture(scope="module")
def page(facts, tmp_path_factory):
    """The page of that report."""
    return Page(write_report(facts, tmp_path_factory.mktemp("report")))


def facts_of(workspace: Any) -> Any:
    """What the report of the only matrix shows."""
    return gather(open_job(workspace, *stored_plan(workspace, None)))


def table(path: Path) -> list[dict[str, str]]:
    """The lines of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run_folder(workspace: Any, mode: str) -> Path:
    """The run of a mode."""
    (folder,) = workspace.root.glob(f"runs/{mode}-seed0-*")
    return folder


def test_the_numbers_are_those_of_the_cells(place, facts, page):
    """On the page too: accuracy and interval of each of the twelve places and two selections."""
    cells = table(place.matrix(NAME) / "cells.csv")
    assert len(cells) == 24
    shown = [" ".join(cell.split()) for cell in page.cells]
    for cell in cells:
        found = facts.matrix.cell(cell["train"], cell["test"], seed=0, selection=cell["selection"])
        assert (found.n, found.correct) == (int(cell["n"]), int(cell["correct"]))
        low, high = (100 * float(cell[key]) for key in ("low", "high"))
        text = f"{100 * float(cell['accuracy']):.1f} ({low:.1f}-{high:.1f})"
        assert any(entry.startswith(text) for entry in shown)


def test_confusions_add_up_to_the_cells(facts):
    """Rows are the true classes with their test faces, the diagonal is what was right."""
    assert len(facts.confusions) == 24
    for (train, test, seed, selection), counts in facts.confusions.items():
        cell = facts.matrix.cell(train, test, seed=seed, selection=selection)
        assert tuple(counts.sum(axis=1)) == COUNTS["test"]
        assert np.trace(counts) == cell.correct


def test_histories_and_best_epochs_are_those_of_the_runs(place, facts):
    """Each run's ``history.csv`` column by column."""
    assert set(facts.histories) == {(mode, 0) for mode in MODES}
    for mode in MODES:
        folder, history = run_folder(place, mode), facts.histories[mode, 0]
        rows = table(folder / "history.csv")
        assert list(history.columns) == list(rows[0])
        for name in rows[0]:
            assert history[name].tolist() == [float(row[name]) for row in rows]
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        assert facts.best_epochs[mode, 0] == state["best"]


def test_faces_left_out_are_counted_on_the_page(facts, page):
    """One test face of each class has no landmarks and stands in no column."""
    assert facts.left_out == {"no usable landmarks": {"angry": 1, "happy": 1, "sad": 1}}
    assert "no usable landmarks" in page.words
    assert "Faces left out" in page.words


def test_alarms_of_the_runs_are_on_the_page(place, facts, page):
    """With the run they belong to; a run that diverged is one of them."""
    assert f"occluded, seed 0, {ALARM}" in facts.alarms
    assert f"occluded, seed 0, {ALARM}" in page.words
    name = run_folder(place, "occluded").name
    assert dict(facts.facts)["run, occluded, seed 0"].startswith(f"{name}: diverged, 2 epochs; ")


def test_the_sheet_has_a_row_per_variant(facts):
    """One face of each class: bright above, with the headset's black below."""
    sheet = facts.sheet
    tile, gap = 96, 4
    assert sheet.dtype == np.uint8
    assert sheet.shape == (2 * tile + gap, 3 * tile + 2 * gap, 3)
    assert (sheet[tile : tile + gap] == 255).all()
    for number in range(3):
        left = number * (tile + gap)
        normal = sheet[:tile, left : left + tile]
        covered = sheet[tile + gap :, left : left + tile]
        black = (covered == 0).all(axis=-1)
        assert not (normal == 0).all(axis=-1).any()
        assert black.mean() > 0.05
        # Far from the headset's edge nothing differs; the mouth is never covered.
        assert (normal[-10:] == covered[-10:]).all()


def test_how_it_was_made(place, facts):
    """Data set, images of every split, parameters, versions and each run."""
    made = dict(facts.facts)
    assert made["data set"] == "small, 90 faces"
    assert made["images, normal"] == f"train 54, val 15, test {TEST}"
    assert made["images, mixed-paired"] == f"train 108, val 30, test {TEST}"
    convolutions = 9 * (1 * 32 + 32 * 64 + 64 * 128) + 32 + 64 + 128
    assert made["parameters"] == f"{convolutions + 128 * 3 + 3:,}"
    assert made["partitions"] == "official"
    assert made["occluder"] == "headset"
    assert "keras " in made["versions"]
    for mode in MODES:
        name = run_folder(place, mode).name
        status = "diverged" if mode == "occluded" else "finished"
        told = made[f"run, {mode}, seed 0"]
        assert told.startswith(f"{name}: {status}, 2 epochs; looks at the test faces: headset ")


def test_limits_are_named(facts):
    """One seed, a rectangle for a headset, and no look for copies."""
    limits = " ".join(facts.limits)
    assert "One seed" in limits
    assert "not a headset" in limits
    assert "'occbench audit --fix group' does" in limits


def test_a_matrix_whose_run_is_gone_is_no_report(trained):
    """The cells may stand there; what they were made from does not."""
    (run_folder(trained, "normal") / "state.json").unlink()
    with pytest.raises(MissingCells, match="is not whole"):
        facts_of(trained)
