"""Why a matrix would be computed again, and what is said of validation by file."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from occbench.errors import DataError
from occbench.matrix.choose import store_plan
from occbench.matrix.job import MatrixJob, open_job
from occbench.matrix.plan import Plan
from occbench.matrix.record import finished, missing_cells, stored_findings, why_again
from occbench.splits.partitioning import Partitioning
from occbench.training.run import State
from tests.makers import make_workspace
from tests.runs import make_recipe, small_manifest, write_run

ALL_RIGHT = {
    (selection, variant): {f"f{row}" for row in range(18, 24)}
    for selection in ("best", "last")
    for variant in ("normal", "headset")
}
PLAN = Plan("small", make_recipe(epochs=5), train=("normal", "mixed-paired"))


def made(folder, plan: Plan = PLAN) -> MatrixJob:
    """A finished matrix of a plan whose runs were written by hand."""
    workspace = make_workspace(folder, small_manifest())
    store_plan(workspace.matrix("small"), plan)
    job = open_job(workspace, "small", plan)
    for row in job.rows:
        run = job.run(row)
        write_run(workspace.run(run.id), run, ALL_RIGHT)
    job.compute()
    return job


def test_a_matrix_before_it_was_computed(tmp_path):
    """Two rows, three columns and two selections are twelve cells."""
    workspace = make_workspace(tmp_path, small_manifest())
    assert why_again(workspace, "small", PLAN) == "12 of 12 cells are missing"


def test_a_finished_matrix_needs_nothing(tmp_path):
    """And has all its cells."""
    job = made(tmp_path)
    assert why_again(job.workspace, "small", PLAN) == ""
    assert missing_cells(job.workspace, "small", PLAN) == ([], 12)
    assert len(finished(job.workspace, "small", PLAN).cells) == 12


def test_each_change_has_its_words(tmp_path):
    """What was changed is what is told."""
    job = made(tmp_path)
    folder, run = job.folder, job.workspace.run(job.run(job.rows[0]).id)

    def again(plan=PLAN):
        return why_again(job.workspace, "small", plan)

    assert again(replace(PLAN, seeds=(0, 1))) == "its plan has changed (seeds)"
    longer = replace(PLAN, recipe=replace(PLAN.recipe, epochs=PLAN.recipe.epochs + 1))
    assert again(longer) == "its plan has changed (recipe.epochs)"
    path = folder / "matrix.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "made_of": {}}))
    assert again(longer) == "its plan or its data set has changed"
    path.write_text(json.dumps(record))
    state = State.read(run)
    replace(state, status="running").write(run)
    assert again() == "a run was trained anew or is gone"
    state.write(run)
    cells = (folder / "cells.csv").read_text()
    (folder / "cells.csv").write_text(cells + "\n")
    assert again() == "'cells.csv' was changed"
    record = (folder / "matrix.json").read_text()
    (folder / "matrix.json").unlink()
    (folder / "cells.csv").write_text(cells.partition("\n")[0] + "\n")
    assert again() == "12 of 12 cells are missing"
    (folder / "cells.csv").write_text("nonsense")
    assert again() == "'cells.csv' cannot be read"
    (folder / "cells.csv").write_text(cells)
    assert again() == "its record is gone"
    (folder / "matrix.json").write_text(record)
    assert again() == ""


def test_a_data_set_that_is_gone_is_named(tmp_path):
    """There is nothing to compare with."""
    job = made(tmp_path)
    job.workspace.manifest("small").with_suffix(".json").unlink()
    with pytest.raises(DataError, match=r"small.json' is missing"):
        why_again(job.workspace, "small", PLAN)


def test_weights_of_every_epoch_are_wished_for(tmp_path):
    """By the plan's key; it changes no run and no cell."""
    job = made(tmp_path)
    kept = replace(PLAN, keep="every-epoch")
    again = open_job(job.workspace, "small", kept.after(PLAN, job.folder / "plan.toml"))
    assert (job.wish.every_epoch, again.wish.every_epoch) == (False, True)
    assert [again.run(row).id for row in again.rows] == [job.run(row).id for row in job.rows]
    assert again.compute().cells == finished(job.workspace, "small", kept).cells


def test_validation_by_file_is_a_finding(tmp_path):
    """Of the paired row alone: in the normal one no face has a twin."""
    how = Partitioning(val_fraction=0.5, val_by="file", seed=2)
    job = made(tmp_path, replace(PLAN, partitions=how))
    counts = job.splits["mixed-paired"].record["val_by_file"]
    assert job.splits["normal"].record["val_by_file"]["in_train"] == 0
    assert stored_findings(job.workspace, "small") == (
        f"mixed-paired: Validation was drawn by file: {counts['in_train']} of its "
        f"{counts['faces']} faces also stand in train.",
    )


def test_groups_kept_on_both_sides_are_a_finding(tmp_path):
    """keep_crossing is told of in each row."""
    groups = [f"f{row}" for row in range(24)]
    groups[0] = "f23"
    workspace = make_workspace(tmp_path, small_manifest(groups=groups))
    plan = replace(PLAN, partitions=Partitioning(keep_crossing=True), test=("normal",))
    job = open_job(workspace, "small", plan)
    for row in job.rows:
        write_run(workspace.run(job.run(row).id), job.run(row), ALL_RIGHT)
    words = "This split is leaky: groups stand on both sides."
    assert job.findings(job.compute()) == (f"normal: {words}", f"mixed-paired: {words}")
