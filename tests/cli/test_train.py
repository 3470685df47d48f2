"""``occbench train``: what it says, what it leaves alone, and what it refuses."""

from __future__ import annotations

import csv
import errno
import json
import os
import sys
from typing import Any

import numpy as np
import pytest
import tomlkit

from occbench.core.lock import sole_writer
from occbench.dataset.manifest import Manifest
from occbench.training import checkpoint
from occbench.training.run import State
from tests.cli.conftest import error_of
from tests.folders import contents
from tests.trainings import NAME, PLAIN, folder_of, recipe

pytestmark = pytest.mark.tf

CHOSEN = recipe(PLAIN, epochs=2)


@pytest.fixture
def place(room, call, monkeypatch):
    """The workspace with splits as the current folder, with a recipe ``plain.toml``."""
    monkeypatch.chdir(room.root)
    (room.root / "plain.toml").write_text(CHOSEN.to_toml(), encoding="utf-8")
    return room


def rows_of(folder: Any) -> list[dict[str, str]]:
    """The lines of a run's history."""
    with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_training_tells_its_numbers_and_leaves_the_test_part_alone(place, call):
    """The table has those of the history; nothing was predicted and no look was counted."""
    result = call("train", "plain.toml", "--split", "normal")
    assert result.exit_code == 0, result.output
    folder = folder_of(place, CHOSEN)
    state, rows = State.read(folder), rows_of(folder)
    assert f"{folder}: finished after 2 epochs" in result.stdout
    lines = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()[3:]}
    for selection, epoch in (("best", state.best), ("last", 2)):
        row = rows[epoch - 1]
        assert lines[selection] == [
            str(epoch),
            f"{float(row['val_loss']):.4f}",
            f"{100 * float(row['val_accuracy']):.1f}%",
            f"{100 * float(row['val_balanced_accuracy']):.1f}%",
        ]
    assert "normal, seed 0" in result.stderr
    assert "normal, seed 0" not in result.stdout
    assert not (folder / "predictions").exists()
    assert not (folder / "test-reads.jsonl").exists()


def test_a_finished_run_is_left_alone_until_forced(place, call):
    """The second call says so and writes nothing; --force says what is thrown away."""
    arguments = ("train", "plain.toml", NAME, "--split", "normal")
    first = call(*arguments, "-q")
    assert (first.exit_code, first.stderr) == (0, "")
    folder = folder_of(place, CHOSEN)
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    second = call(*arguments)
    assert second.exit_code == 0
    assert second.stdout == first.stdout
    assert f"'{folder}' has ended before; --force trains it anew." in second.stderr
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == times
    before = rows_of(folder)
    forced = call(*arguments, "--force", "--keep", "every-epoch")
    assert forced.exit_code == 0
    assert f"'{folder}' is thrown away and trained anew." in forced.stderr
    assert [row | {"seconds": ""} for row in rows_of(folder)] == [
        row | {"seconds": ""} for row in before
    ]
    assert (folder / "state.json").stat().st_mtime_ns != times[folder / "state.json"]
    assert len(list((folder / "weights").iterdir())) == 2


def test_json_is_all_of_stdout(place, call):
    """The run, its folder and its state; another seed is another run."""
    result = call("train", "plain.toml", "--split", "occluded", "--seed", 7, "--json")
    told = json.loads(result.stdout)
    folder = place.run(told["run"])
    assert told["run"].startswith("occluded-seed7-")
    assert told["folder"] == str(folder)
    assert told["status"] == "finished"
    assert [row["val_loss"] for row in told["epochs"]] == [
        float(row["val_loss"]) for row in rows_of(folder)
    ]
    assert "seed = 7" in (folder / "recipe.toml").read_text(encoding="utf-8")


def test_json_is_json_for_a_run_that_diverges(place, call):
    """What goes wrong is said on stderr and in the alarms."""
    wild = recipe(
        PLAIN,
        batch_size=54,
        epochs=8,
        optimizer="sgd",
        learning_rate=1000.0,
        schedule="cosine(warmup=0.5, start=0)",
    )
    (place.root / "wild.toml").write_text(wild.to_toml(), encoding="utf-8")
    result = call("train", "wild.toml", "--split", "normal", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["status"] == "diverged"
    assert told["alarms"][-1] in result.stderr


def test_a_full_disk_is_one_sentence_and_the_next_call_goes_on(place, call, monkeypatch):
    """It says after which epoch."""
    whole = checkpoint.save_optimizer

    def full(optimizer: Any, path: Any) -> None:
        if "0002" in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole(optimizer, path)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_optimizer", full)
        result = call("train", "plain.toml", "--split", "normal", "-q")
    assert result.exit_code == 1
    assert error_of(result) == ("The disk is full. Free some space and run the same command again.")
    again = call("train", "plain.toml", "--split", "normal")
    assert again.exit_code == 0
    assert "goes on after epoch 1." in again.stderr
    assert "finished after 2 epochs" in again.stdout


def test_tensorboard_gets_every_column(place, call):
    """Events that TensorBoard itself reads have the values of the history."""
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    result = call("train", "plain.toml", "--split", "normal", "--tensorboard", "-q")
    assert result.exit_code == 0, result.output
    folder = folder_of(place, CHOSEN)
    events = reader.EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    for name in ("loss", "val_accuracy", "learning_rate"):
        found = [
            (each.step, float(each.tensor_proto.float_val[0])) for each in events.Tensors(name)
        ]
        expected = [(int(row["epoch"]), float(row[name])) for row in rows_of(folder)]
        assert [step for step, _ in found] == [epoch for epoch, _ in expected]
        assert [value for _, value in found] == pytest.approx([value for _, value in expected])


def test_without_tensorboard_the_remedy_is_named(place, call, monkeypatch):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "tensorboard.summary", None)
    result = call("train", "plain.toml", "--split", "normal", "--tensorboard", "-q")
    assert result.exit_code == 1
    assert "TensorBoard is not installed. Install it with" in error_of(result)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"size": 17}, "'convnet-chollet' needs images of 18 pixels or more"),
        ({"batch_size": 55}, "batch_size = 55 is larger than the 54 training images"),
        ({"backbone": "convnet-chollet(width=3)"}, "has no parameter 'width'"),
        ({"trainable": "stage7"}, "trainable is 'stage7'"),
        ({"preprocessing": "vggface1"}, "'vggface1' needs 3 channels; got 1"),
        (
            {"batch_size": 6, "optimizer": "sgd", "learning_rate": 1000.0},
            "was no number in the first epoch",
        ),
    ],
)
def test_a_recipe_that_does_not_fit_is_one_sentence(changes, text, place, call):
    """No epoch is kept, and stdout stays empty."""
    whole = tomlkit.parse(recipe(PLAIN).to_toml())
    given = tomlkit.dumps({**whole, **changes})
    (place.root / "wrong.toml").write_text(given, encoding="utf-8")
    result = call("train", "wrong.toml", "--split", "normal", "-q")
    assert result.exit_code == 1
    assert text in error_of(result)
    assert result.stdout == ""
    assert not list(place.root.glob("runs/*/history.csv"))


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["plain.toml"], 2, "Missing option '--split'"),
        (["smal-48", "--split", "normal"], 1, "Unknown recipe 'smal-48'. Did you mean 'small-48'?"),
        (["no.toml", "--split", "normal"], 1, "The recipe 'no.toml' is no file."),
        (["broken.toml", "--split", "normal"], 1, "unknown key 'epoch'. Did you mean 'epochs'?"),
        (["plain.toml", "--split", "mixed"], 1, "Unknown split 'mixed'."),
        (["plain.toml", "smal", "--split", "normal"], 1, "Unknown data set 'smal'."),
        (["plain.toml", "--split", "normal", "--seed", "-1"], 2, "-1 is not in the range"),
        (
            ["plain.toml", "--split", "occluded", "--images", "painted"],
            1,
            "has no painted images. Run 'occbench occlude small",
        ),
    ],
)
def test_a_wrong_call_is_one_sentence_and_changes_nothing(arguments, code, text, place, call):
    """Before anything heavy is loaded."""
    broken = (place.root / "plain.toml").read_text(encoding="utf-8") + "epoch = 3\n"
    (place.root / "broken.toml").write_text(broken, encoding="utf-8")
    before = contents(place.root)
    result = call("train", *arguments)
    assert result.exit_code == code, result.output
    assert text in error_of(result)
    assert result.stdout == ""
    assert contents(place.root) == before


def test_a_stale_split_is_refused(place, call):
    """The data set was scanned again and has one face less."""
    path = place.manifest(NAME)
    manifest = Manifest.read(path)
    manifest.where(np.arange(1, len(manifest))).write(path)
    result = call("train", "plain.toml", "--split", "normal")
    assert result.exit_code == 1
    assert "has changed since its splits were built. Run 'occbench build-splits'" in error_of(
        result
    )


def test_a_run_in_other_hands_is_one_sentence(place, call):
    """Two calls at once would write the same files."""
    folder = folder_of(place, CHOSEN)
    folder.mkdir(parents=True)
    with sole_writer(folder):
        result = call("train", "plain.toml", "--split", "normal")
    assert result.exit_code == 1
    assert f"Another occbench process is writing to '{folder}'." in error_of(result)


def test_an_interrupt_says_how_to_go_on(place, call, monkeypatch):
    """Control-C in the middle of an epoch costs that epoch."""
    whole = checkpoint.save_weights

    def interrupt(model: Any, path: Any) -> None:
        if "0002" in path.name:
            raise KeyboardInterrupt
        whole(model, path)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_weights", interrupt)
        result = call("train", "plain.toml", "--split", "normal", "-q")
    assert result.exit_code == 130
    assert result.stderr == "Interrupted. Run the same command again to go on.\n"
    assert State.read(folder_of(place, CHOSEN)).last == 1
