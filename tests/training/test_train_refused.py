"""What cannot be trained, or trained on, is said in one sentence, and nothing else is lost."""

from __future__ import annotations

import errno
import os
import shutil
from typing import Any

import pandas as pd
import pytest

from occbench.core.lock import sole_writer
from occbench.dataset.manifest import Manifest
from occbench.errors import Busy, DataError, StaleState
from occbench.splits.split import Split
from occbench.training import checkpoint
from occbench.training.data import check_fit
from occbench.training.run import State
from occbench.training.train import Wish
from occbench.workspace import Workspace
from tests.folders import contents
from tests.trainings import (
    NAME,
    PLAIN,
    TRAIN,
    fitting,
    folder_of,
    recipe,
    same_weights,
    split_of,
    train_in,
    without_times,
)

pytestmark = pytest.mark.tf

CHOSEN = recipe(PLAIN, epochs=3, optimizer="adam")


class Killed(BaseException):
    """Stands for a kill inside this process; nothing catches it."""


@pytest.fixture(scope="module")
def begun_once(untrained, tmp_path_factory):
    """A workspace with a run that was killed after its second epoch."""
    from occbench.training.fit import fit

    def kill(row: dict[str, Any]) -> None:
        if row["epoch"] == 2:
            raise Killed

    place = tmp_path_factory.mktemp("begun") / "room"
    shutil.copytree(untrained, place)
    with pytest.raises(Killed):
        fit(fitting(Workspace.find(place), CHOSEN, after_epoch=kill))
    return place


@pytest.fixture
def begun(begun_once, tmp_path):
    """A fresh copy of it."""
    return Workspace.find(shutil.copytree(begun_once, tmp_path / "begun"))


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("epoch-0002.weights.h5", "missing"),
        ("epoch-0002.weights.h5", "of another shape"),
        ("epoch-0002.optimizer.npz", "truncated"),
    ],
)
def test_a_begun_run_with_a_broken_file_is_refused(file, damage, begun):
    """The file is named, and not a byte of the run is changed, so that it can be put back."""
    folder = folder_of(begun, CHOSEN)
    path, other = folder / "weights" / file, recipe(PLAIN, head=[5])
    whole = path.read_bytes()
    if damage == "of another shape":
        from occbench.training.network import compiled_network

        model = compiled_network(other, 3, steps=1)
        checkpoint.save_weights(model, checkpoint.weights_path(begun.root, 2))
        checkpoint.save_optimizer(model.optimizer, checkpoint.optimizer_path(begun.root, 2))
        shutil.copy(begun.root / "weights" / file, path)
    elif damage == "missing":
        path.unlink()
    else:
        path.write_bytes(whole[: len(whole) // 3])
    before = contents(folder)
    with pytest.raises(DataError) as caught:
        train_in(begun, CHOSEN)
    assert f"'{path}'" in str(caught.value)
    assert str(caught.value).endswith("Delete the run's folder to train anew.")
    assert "\n" not in str(caught.value)
    assert contents(folder) == before
    # Where a file failed, HDF5 would still know its inode.
    path.unlink(missing_ok=True)
    path.write_bytes(whole)
    assert train_in(begun, CHOSEN).last == 3


def test_force_throws_a_broken_run_away(begun, room):
    """It begins at the first epoch and ends as if there had been nothing."""
    folder = folder_of(begun, CHOSEN)
    for path in (folder / "weights").iterdir():
        path.write_bytes(b"nothing")
    (folder / "state.json").write_text("{", encoding="utf-8")
    state = train_in(begun, CHOSEN, wish=Wish(force=True))
    fresh = train_in(room, CHOSEN)
    assert without_times(state.epochs) == without_times(fresh.epochs)
    other = folder_of(room, CHOSEN)
    assert same_weights(folder / "last.weights.h5", other / "last.weights.h5")
    assert contents(folder).keys() == contents(other).keys()


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("state.json", DataError, "cannot be read"),
        ("run.json", StaleState, "was changed"),
    ],
)
def test_a_changed_record_is_refused(name, error, text, begun):
    """The file is named; what lies beside it stays."""
    path = folder_of(begun, CHOSEN) / name
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    before = contents(path.parent)
    with pytest.raises(error, match=text) as caught:
        train_in(begun, CHOSEN)
    assert str(path) in str(caught.value)
    assert contents(path.parent) == before


def test_a_run_in_the_hands_of_another_process_is_refused(begun):
    """Nothing is touched."""
    folder = folder_of(begun, CHOSEN)
    before = contents(folder)
    with sole_writer(folder), pytest.raises(Busy, match="Another occbench process"):
        train_in(begun, CHOSEN)
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["save_weights", "save_optimizer", "State.write"])
def test_a_disk_that_is_full_in_the_middle_of_a_checkpoint(name, begun, room, monkeypatch):
    """The second epoch's state still loads, and with room again the run ends as it should."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    owner: Any = State if name == "State.write" else checkpoint
    with monkeypatch.context() as patch:
        patch.setattr(owner, name.rpartition(".")[2], full)
        with pytest.raises(OSError, match="No space left"):
            train_in(begun, CHOSEN)
    folder = folder_of(begun, CHOSEN)
    state = State.read(folder)
    assert (state.status, state.last) == ("running", 2)
    ended, fresh = train_in(begun, CHOSEN), train_in(room, CHOSEN)
    assert without_times(ended.epochs) == without_times(fresh.epochs)
    same = folder_of(room, CHOSEN) / "last.weights.h5"
    assert same_weights(folder / "last.weights.h5", same)


def test_a_finished_run_is_not_trained_again(begun):
    """Not a file of it is written, and no network is built."""
    train_in(begun, CHOSEN)
    folder = folder_of(begun, CHOSEN)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    state = train_in(begun, CHOSEN)
    assert state.last == 3
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"batch_size": TRAIN + 1},
            f"batch_size = 55 is larger than the {TRAIN} training images",
        ),
        ({"weights": "published"}, "'convnet-chollet' has no published weights"),
        ({"weights": "/no/such.h5"}, "The weights '/no/such.h5' are no file"),
        ({"weights": "normal-seed0-0"}, "weights is 'normal-seed0-0', which is no run in"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(changes, text, room):
    """No epoch is begun."""
    with pytest.raises(DataError) as caught:
        train_in(room, recipe(PLAIN, **changes))
    assert text in str(caught.value)
    assert not list(room.root.glob("runs/*/weights"))


def test_parts_that_cannot_feed_a_training_are_refused(room):
    """A class without a face in train or val, and no validation at all."""
    manifest, split = Manifest.read(room.manifest(NAME)), split_of(room, "normal")
    labels = manifest.faces.set_index("id")["label"]

    def without(part: str, label: str) -> Split:
        table: pd.DataFrame = split.parts[part]
        kept = table[(labels.loc[table["id"]] != label).to_numpy()]
        return Split({**split.parts, part: kept}, split.record)

    check_fit(CHOSEN, split, manifest)
    for part in ("train", "val"):
        with pytest.raises(DataError, match=f"The class 'happy' has no face in the {part} part"):
            check_fit(CHOSEN, without(part, "happy"), manifest)
    none = Split({**split.parts, "val": split.parts["val"][:0]}, split.record)
    with pytest.raises(DataError, match="has no validation faces, which choose the best epoch"):
        check_fit(CHOSEN, none, manifest)


def test_a_face_that_cannot_be_decoded_is_named(room):
    """Before any epoch, and only if the split shows it."""
    manifest = Manifest.read(room.manifest(NAME))
    face = split_of(room, "normal").parts["val"]["id"].iloc[0]
    image = manifest.faces.set_index("id")["image"][face]
    (room.data_root(NAME) / image).write_bytes(b"no picture")
    with pytest.raises(DataError, match=f"The face '{face}' cannot be used"):
        train_in(room, CHOSEN)
    assert not list(room.root.glob("runs/*/weights"))
