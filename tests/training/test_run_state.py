"""What identifies a run, and its state on disk."""

from __future__ import annotations

import csv
import json
from dataclasses import fields, replace

import pytest

from occbench.dataset.manifest import read_digest
from occbench.errors import DataError, StaleState
from occbench.occluders.base import make_occluder
from occbench.splits.build import build_split
from occbench.training.history import COLUMNS
from occbench.training.recipe import Recipe
from occbench.training.run import FINISHED, Run, State, read_recipe
from occbench.training.train import Wish, plan_run
from tests.makers import make_workspace
from tests.runs import BASE, OTHER, epoch_row, make_recipe, pair, small_manifest, write_run


@pytest.fixture
def small(tmp_path):
    """A workspace with 24 faces, its manifest and its occluded split."""
    workspace = make_workspace(tmp_path / "ws", small_manifest(stack=True))
    manifest = small_manifest(stack=True)
    split = build_split(
        manifest,
        mode="occluded",
        occluder=make_occluder("headset"),
        manifest_digest=read_digest(workspace.manifest("small")),
    )
    return workspace, manifest, split


def make_run(**changes):
    """A run with a tiny recipe."""
    return Run(make_recipe(**changes), "normal-0123456789", "normal")


@pytest.fixture
def state():
    """A state in which nothing is at its default."""
    rows = (epoch_row(1), epoch_row(2, val_loss=0.1 + 0.2, seconds=1e-7))
    return State(FINISHED, rows, 2, ("epoch 2: odd.",), {"parameters": 12, "keras": "3"})


def test_every_key_of_the_recipe_names_another_run():
    """No two of the runs that differ in one key have one folder."""
    pairs = [[replace(make_run(), recipe=recipe).id for recipe in pair(key)] for key in OTHER]
    assert all(usual != changed for usual, changed in pairs)
    assert len({changed for _, changed in pairs}) == len(OTHER)


def test_all_else_that_decides_a_run_names_another_run():
    """Split, mode and painted images count too."""
    run = make_run()
    others = [
        replace(run, split="normal-9876543210"),
        replace(run, mode="occluded"),
        replace(run, painted="0123456789"),
        replace(run, painted="9876543210"),
        replace(run, weights="sha256:01"),
        replace(run, weights="sha256:02"),
    ]
    assert len({other.id for other in [run, *others]}) == 7


def test_where_the_weights_lie_names_no_other_run():
    """What they are decides: the same file elsewhere gives the same run."""
    runs = [
        replace(make_run(), recipe=make_recipe(weights=place), weights="sha256:01")
        for place in ("/one/place.h5", "/another.h5")
    ]
    assert runs[0].id == runs[1].id
    assert "/one" not in json.dumps(runs[0].describe())


def test_keys_that_came_later_leave_older_runs_their_names():
    """A recipe that says nothing of them is described as before they existed."""
    later = {"weights", "head_epochs", "head_learning_rate", "stage_rates", "cache_trunk"}
    later |= {"augment_copies", "devices"}
    assert not later & make_recipe().describe().keys()
    assert later < {each.name for each in fields(Recipe)}


def test_spelling_does_not_name_another_run():
    """The order of keys, defaults that are spelled out and spaces are no difference."""
    whole = make_recipe().describe()
    for values in (dict(reversed(whole.items())), {**BASE, "optimizer": " adam( beta_1=0.9 )"}):
        assert replace(make_run(), recipe=Recipe.from_mapping(values)).id == make_run().id


def test_the_name_of_a_run_can_be_read():
    """Mode and seed stand before the digest."""
    assert make_run(seed=3).id.startswith("normal-seed3-")


def test_the_run_of_a_split(small):
    """Folder and mode are the split's; a seed takes the place of the recipe's."""
    split = small[2]
    run = Run.of(make_recipe(seed=4), split)
    assert (run.split, run.mode, run.painted) == (split.folder, "occluded", "")
    assert Run.of(make_recipe(seed=4), split, seed=9) == Run.of(make_recipe(seed=9), split) != run
    assert Run.of(make_recipe(), split, painted="ab").painted == "ab"


def test_a_run_s_record(tmp_path):
    """It holds the recipe, is written once, and is left alone by the same run."""
    run = make_run(head=[5])
    run.write(tmp_path)
    before = (tmp_path / "run.json").stat().st_mtime_ns
    run.write(tmp_path)
    assert (tmp_path / "run.json").stat().st_mtime_ns == before
    assert read_recipe(tmp_path) == run.recipe
    record = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert (record["schema"], record["split"], record["mode"]) == (1, run.split, "normal")


def test_another_run_s_record_is_refused(tmp_path):
    """A folder whose record was edited, or is another run's, is not written to."""
    make_run().write(tmp_path)
    for other in (make_run(epochs=3), replace(make_run(), painted="ab")):
        with pytest.raises(StaleState, match=r"'.*run.json' was changed. Delete the folder"):
            other.write(tmp_path)
    make_run().write(tmp_path)


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", '{"recipe": 3}', '{"recipe": {}}'])
def test_a_broken_record_is_named(text, tmp_path):
    """Missing, torn, or of another kind: one sentence."""
    if text is not None:
        (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_recipe(tmp_path)
    assert "run.json' cannot be read" in str(caught.value)


def test_a_state_comes_back(state, tmp_path):
    """Every field, with all digits."""
    state.write(tmp_path)
    assert State.read(tmp_path) == state


def test_a_run_not_begun_has_the_first_state(tmp_path):
    """Without a file nothing has happened, and nothing has ended."""
    state = State.read(tmp_path)
    assert state == State()
    assert (state.last, state.best, state.ended) == (0, 0, False)


def test_what_a_state_says(state):
    """The last epoch, whether it ended, and whose weights the selections are."""
    assert (state.last, state.ended) == (2, True)
    assert replace(state, best=1).epoch_of("best") == 1
    assert replace(state, best=1).epoch_of("last") == 2
    assert replace(state, status="diverged").ended
    assert not replace(state, status="running").ended


def test_the_history_for_people(state, tmp_path):
    """A line per epoch with the columns of the history, and nothing else."""
    rows = (*state.epochs, {**epoch_row(3), "private": 1})
    replace(state, epochs=rows).write(tmp_path)
    data = (tmp_path / "history.csv").read_bytes()
    assert b"\r" not in data
    head, *lines = csv.reader(data.decode().splitlines())
    assert tuple(head) == COLUMNS
    assert [[float(cell) for cell in line] for line in lines] == [
        [1, 1.5, 0.5, 1.25, 0.5, 0.5, 0.001, 2],
        [2, 1.5, 0.5, 0.1 + 0.2, 0.5, 0.5, 0.001, 1e-7],
        [3, 1.5, 0.5, 1.25, 0.5, 0.5, 0.001, 2],
    ]


def test_a_torn_state_is_refused(state, tmp_path):
    """Wherever the file is cut, it is said to be broken and what to do."""
    state.write(tmp_path)
    path = tmp_path / "state.json"
    data = path.read_bytes()
    for length in range(0, len(data) - 2, 40):
        path.write_bytes(data[:length])
        with pytest.raises(DataError, match=r"state.json' cannot be read: .* Delete the folder"):
            State.read(tmp_path)


@pytest.mark.parametrize("schema", [0, 2, "1", None])
def test_a_state_of_another_schema_is_refused(schema, state, tmp_path):
    """The sentence has both schemas."""
    state.write(tmp_path)
    path = tmp_path / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": schema}))
    with pytest.raises(DataError, match=f"has schema {schema!r}; this version reads 1"):
        State.read(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [{"epochs": [{"epoch": 1}]}, {"epochs": 3}, {"surprise": 1}, {"alarms": None}],
)
def test_a_state_with_other_fields_is_refused(changes, state, tmp_path):
    """A row without its columns, or a field that there is not."""
    state.write(tmp_path)
    path = tmp_path / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(DataError, match="cannot be read"):
        State.read(tmp_path)


def test_a_run_is_planned(small):
    """Nothing is written for a run not begun; its folder is named by its id."""
    workspace, manifest, split = small
    run = Run.of(make_recipe(), split)
    folder, state = plan_run(workspace, manifest, split, run, Wish())
    assert folder == workspace.root / "runs" / run.id
    assert not folder.exists()
    assert state == State()


def test_an_ended_run_is_found_and_force_forgets_it(small):
    """Its state is what stands on disk, unless it is to be trained anew."""
    workspace, manifest, split = small
    run = Run.of(make_recipe(), split)
    written = write_run(workspace.run(run.id), run)
    assert plan_run(workspace, manifest, split, run, Wish())[1] == written
    assert plan_run(workspace, manifest, split, run, Wish(force=True))[1] == State()


def test_a_folder_of_another_run_is_refused(small):
    """An edited record is noticed when the run is planned, and force passes over it."""
    workspace, manifest, split = small
    run = Run.of(make_recipe(), split)
    write_run(workspace.run(run.id), run)
    path = workspace.run(run.id) / "run.json"
    path.write_text(path.read_text().replace('"epochs": 20', '"epochs": 21'))
    with pytest.raises(StaleState, match="was changed"):
        plan_run(workspace, manifest, split, run, Wish())
    plan_run(workspace, manifest, split, run, Wish(force=True))


def test_painted_images_are_needed_before_training_only(small):
    """A run on painted images is refused where there are none; one that ended needs none."""
    workspace, manifest, split = small
    run = Run.of(make_recipe(), split, painted="ab")
    with pytest.raises(DataError, match=r"has no painted images. Run 'occbench occlude small"):
        plan_run(workspace, manifest, split, run, Wish(painted=True))
    write_run(workspace.run(run.id), run)
    assert plan_run(workspace, manifest, split, run, Wish(painted=True))[1].ended


def test_a_named_epoch_is_one_that_was_trained():
    """Beside best and last."""
    state = State(epochs=tuple(epoch_row(n) for n in range(1, 13)), best=5)
    names = ("best", "last", "test-selected-7", "test-selected-12")
    assert [state.epoch_of(name) for name in names] == [5, 12, 7, 12]
    with pytest.raises(DataError, match="'test-selected-13' names epoch 13; the run has 12"):
        state.epoch_of("test-selected-13")
