"""A matrix in a workspace, computed from runs that stand there already."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest

from occbench.core.digest import file_digest
from occbench.errors import DataError, StaleState
from occbench.matrix.cells import Matrix
from occbench.matrix.choose import store_plan
from occbench.matrix.fill import Row
from occbench.matrix.forecast import forecast, forecast_table
from occbench.matrix.job import open_job
from occbench.matrix.plan import Plan
from occbench.matrix.record import finished
from occbench.training.predictions import Predictions, predictions_path
from occbench.training.run import State
from tests.makers import make_workspace
from tests.runs import TESTED, epoch_row, make_recipe, small_manifest, write_run

# With ``alternate``, the first face of each class is occluded in the mixed column: f18, f19, f20.
PLAN = Plan("small", make_recipe(epochs=5), train=("normal", "mixed-unique"), assign="alternate")
RIGHT = {
    "normal": {
        ("best", "normal"): {"f18", "f19", "f21", "f22", "f23"},
        ("best", "headset"): {"f18", "f23"},
        ("last", "normal"): {"f18"},
        ("last", "headset"): set(),
    },
    "mixed-unique": {
        ("best", "normal"): {"f18", "f19", "f20", "f21"},
        ("best", "headset"): {"f18", "f19", "f22"},
        ("last", "normal"): {"f21", "f22", "f23"},
        ("last", "headset"): {"f18", "f19", "f20"},
    },
}
# Right of six faces on normal, occluded and mixed, counted from the sets above by hand.
COUNTS = {
    ("normal", "best"): (5, 2, 4),
    ("normal", "last"): (1, 0, 0),
    ("mixed-unique", "best"): (4, 3, 3),
    ("mixed-unique", "last"): (3, 3, 6),
}


@pytest.fixture
def workspace(tmp_path):
    """A workspace with 24 faces, six of them for testing."""
    return make_workspace(tmp_path, small_manifest())


def train_by_hand(workspace, plan=PLAN):
    """The job of a plan, all of whose runs have ended."""
    store_plan(workspace.matrix("small"), plan)
    job = open_job(workspace, "small", plan)
    for row in job.rows:
        run = job.run(row)
        write_run(workspace.run(run.id), run, RIGHT[row.train])
    return job


@pytest.fixture
def done(workspace):
    """The job of a matrix that was computed."""
    job = train_by_hand(workspace)
    job.compute()
    return job


def is_finished(job, plan=PLAN):
    """Whether a command would find nothing to do."""
    return finished(job.workspace, "small", plan) is not None


def test_the_cells_are_those_counted_by_hand(workspace):
    """Every count, and relative changes from the row's own test split."""
    matrix = train_by_hand(workspace).compute()
    found = {
        (train, selection): tuple(
            matrix.cell(train, test, seed=0, selection=selection).correct for test in PLAN.test
        )
        for train in PLAN.train
        for selection in PLAN.select
    }
    assert found == COUNTS
    assert (matrix.missing(), {cell.n for cell in matrix.cells}) == ((), {6})
    assert {(cell.selection, cell.epoch) for cell in matrix.cells} == {("best", 2), ("last", 3)}
    changes = [cell.relative_change for cell in matrix.cells[:3]]
    assert changes == pytest.approx([0, 2 / 5 - 1, 4 / 5 - 1])


def test_the_tables_on_disk(done):
    """cells.csv is the matrix with all digits; matrix.csv has a row per train and selection."""
    cells = Matrix.from_csv(done.folder / "cells.csv")
    assert cells.cells == finished(done.workspace, "small", PLAN).cells
    assert len(cells.cells) == 12
    with (done.folder / "matrix.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["train"], row["selection"], row["epochs"]) for row in rows] == [
        ("normal", "best", "2"),
        ("normal", "last", "3"),
        ("mixed-unique", "best", "2"),
        ("mixed-unique", "last", "3"),
    ]
    assert float(rows[0]["mixed_accuracy"]) == 4 / 6
    # The own test split of a mixed row is the mixed one.
    assert float(rows[2]["normal_relative_change"]) == pytest.approx(4 / 3 - 1)
    assert float(rows[2]["mixed_relative_change"]) == 0


def test_the_record_names_what_the_cells_were_made_from(done):
    """Splits by mode, runs by row, and the digest of the cells."""
    record = json.loads((done.folder / "matrix.json").read_text())
    assert record["cells"] == file_digest(done.folder / "cells.csv")
    assert set(record["splits"]) == {"normal", "occluded", "mixed-unique"}
    for folder in record["splits"].values():
        assert (done.workspace.splits() / folder / "test.csv").is_file()
    assert list(record["runs"]) == ["normal, seed 0", "mixed-unique, seed 0"]
    assert set(record["runs"].values()) == set(done.workspace.run_ids())


def test_rows_go_seed_by_seed(workspace):
    """All train splits with one seed come before the next seed, so a first table stands early."""
    job = open_job(workspace, "small", replace(PLAN, seeds=(3, 1)))
    assert job.rows == tuple(
        Row(train, seed) for seed in (1, 3) for train in ("normal", "mixed-unique")
    )
    assert len({job.run(row).id for row in job.rows}) == 4


def test_only_faces_that_a_column_shows_are_tested(workspace):
    """A matrix with the mixed column alone needs each face in one variant."""
    job = open_job(workspace, "small", replace(PLAN, test=("mixed",)))
    assert {variant: sorted(ids) for variant, ids in job.wanted().items()} == {
        "headset": ["f18", "f19", "f20"],
        "normal": ["f21", "f22", "f23"],
    }
    whole = open_job(workspace, "small", PLAN).wanted()
    assert {variant: set(ids) for variant, ids in whole.items()} == {
        "normal": set(TESTED),
        "headset": set(TESTED),
    }


def test_splits_are_read_again_and_not_built_anew(done):
    """A second job has the same splits, and a lost one is built again."""
    again = open_job(done.workspace, "small", PLAN)
    folders = {mode: split.folder for mode, split in done.splits.items()}
    assert {mode: split.folder for mode, split in again.splits.items()} == folders
    test = done.workspace.splits() / folders["normal"] / "test.csv"
    before = test.read_bytes()
    for path in test.parent.iterdir():
        path.unlink()
    test.parent.rmdir()
    assert open_job(done.workspace, "small", PLAN).splits["normal"].folder == folders["normal"]
    assert test.read_bytes() == before


def test_the_mixed_test_split_fits_both_its_halves(done):
    """Nothing is found wrong where mixed lies near the mean of normal and occluded."""
    best = replace(PLAN, select=("best",), train=("normal",))
    job = open_job(done.workspace, "small", best)
    assert job.findings(job.compute()) == ()


def test_a_stored_face_too_few_is_no_cell(workspace):
    """Predictions that lack a test face are not used; without a run to load, none are made."""
    job = train_by_hand(workspace)
    path = predictions_path(workspace.run(job.run(job.rows[0]).id), "best", "normal")
    Predictions.read(path).of(TESTED[:5]).write(path)
    assert job._stored(job.rows[0]) is None
    assert job._stored(job.rows[1]) is not None


def test_a_finished_matrix_is_found(done):
    """The same plan has nothing to do; a job not computed is not finished."""
    assert is_finished(done)
    assert finished(done.workspace, "trial", PLAN) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": (0, 1)},
        {"occluder": "gear-vr"},
        {"recipe": make_recipe(epochs=6)},
        {"select": ("best",)},
        {"train": ("normal",)},
    ],
)
def test_another_plan_is_not_finished(changes, done):
    """Whatever differs in the plan is something to do."""
    assert not is_finished(done, replace(PLAN, **changes))


def test_a_changed_data_set_is_not_finished(done):
    """Another label of a single face changes the digest of the manifest."""
    manifest = small_manifest()
    faces = manifest.faces.copy()
    faces.loc[0, "label"] = "sad"
    replace(manifest, faces=faces).write(done.workspace.manifest("small"))
    assert not is_finished(done)


def test_edited_or_missing_tables_are_not_finished(done):
    """A number changed by hand in cells.csv, a torn record, and a file that is gone."""
    cells, record = done.folder / "cells.csv", done.folder / "matrix.json"
    kept = {path: path.read_text() for path in (cells, record)}
    cells.write_text(kept[cells].replace(",best,2,6,5,", ",best,2,6,4,"))
    assert cells.read_text() != kept[cells]
    assert not is_finished(done)
    cells.write_text(kept[cells])
    for text in ("", "[]", kept[record][:50], kept[record].replace('"schema": 1', '"schema": 2')):
        record.write_text(text)
        assert not is_finished(done)
    record.write_text(kept[record])
    assert is_finished(done)
    cells.unlink()
    assert not is_finished(done)


def test_a_run_that_is_training_again_is_not_finished(done):
    """Neither is one that was trained anew, or whose state is gone."""
    folder = done.workspace.run(done.run(done.rows[1]).id)
    state = State.read(folder)
    replace(state, status="running").write(folder)
    assert not is_finished(done)
    state.write(folder)
    assert is_finished(done)
    # Trained anew with --force, it has ended again, with other numbers.
    replace(state, epochs=(*state.epochs[:2], epoch_row(3, loss=1.0))).write(folder)
    assert not is_finished(done)
    (folder / "state.json").unlink()
    assert not is_finished(done)


def test_a_run_that_can_never_be_trained_is_refused_before_any_is_begun(workspace):
    """A batch of 12 fits the 12 training images, one of 13 does not."""
    job = open_job(workspace, "small", replace(PLAN, recipe=make_recipe(batch_size=12)))
    assert job.states() == {row: State() for row in job.rows}
    large = open_job(workspace, "small", replace(PLAN, recipe=make_recipe(batch_size=13)))
    with pytest.raises(DataError, match="batch_size = 13 is larger than the 12 training images"):
        large.states()
    assert not (workspace.root / "runs").exists()


def test_an_edited_run_is_refused(done):
    """A run.json that was changed stops the matrix before any training."""
    path = done.workspace.run(done.run(done.rows[0]).id) / "run.json"
    path.write_text(path.read_text().replace('"epochs": 5', '"epochs": 6'))
    with pytest.raises(StaleState, match="was changed"):
        open_job(done.workspace, "small", PLAN).states()


def test_a_forecast_of_runs_like_none_before(workspace):
    """How long is not known, and said so."""
    rows = forecast(open_job(workspace, "small", PLAN), measure=False)
    assert [(row.train, row.images, row.done, row.epochs, row.seconds) for row in rows] == [
        ("normal", 12, 0, 5, None),
        ("mixed-unique", 12, 0, 5, None),
    ]
    assert forecast_table(rows).endswith(
        "2 of 2 runs to train; how long is not known before one ran."
    )


def test_a_forecast_from_an_ended_run(workspace):
    """Epochs of 2 s for 12 images: 3 more, or 5 of 24, take 6 or 20 s, and 10 s to start."""
    job = open_job(workspace, "small", replace(PLAN, train=("normal", "occluded", "mixed-paired")))
    run, begun = (job.run(row) for row in job.rows[:2])
    write_run(workspace.run(run.id), run)
    folder = workspace.run(begun.id)
    folder.mkdir()
    begun.write(folder)
    State(epochs=(epoch_row(1), epoch_row(2)), facts={"train_images": 12}).write(folder)
    rows = forecast(job, measure=True)
    assert [(row.done, row.epochs, row.images) for row in rows] == [
        (3, 3, 12),
        (2, 5, 12),
        (0, 5, 24),
    ]
    assert [row.seconds for row in rows] == pytest.approx([0, 16, 30])
    lines = forecast_table(rows).splitlines()
    assert lines[2].split() == ["normal", "0", "12", "3", "of", "3", "done"]
    assert lines[3].split() == ["occluded", "0", "12", "2", "of", "5", "16", "s"]
    assert lines[-1] == "2 of 3 runs to train, about 46 s in all."
    assert rows[2].to_json()["run"] == job.run(job.rows[2]).id


def test_a_forecast_with_nothing_left(done):
    """Ended runs need no time, and nothing is measured for them."""
    rows = forecast(done, measure=True)
    assert [row.seconds for row in rows] == [0, 0]
    assert forecast_table(rows).endswith("All runs are trained.")
