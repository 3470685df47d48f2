"""Killed at any instant, a training goes on and ends as if nothing had happened, bit for bit."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from occbench.training import checkpoint
from occbench.training.run import RUNNING, State
from occbench.workspace import Workspace
from tests.trainings import (
    PLAIN,
    fitting,
    folder_of,
    recipe,
    same_weights,
    train_in,
    without_times,
)

pytestmark = pytest.mark.tf

_ROOT = Path(__file__).parents[2]

# Trains, and stops for good in the middle of the second epoch: the bar moves once a step, and
# an epoch has three.
_CHILD = """
import sys
from occbench.cli.main import main
from occbench.core.console import Bar

moved, steps = Bar.move, iter(range(1, 100))

def move(self, count):
    moved(self, count)
    if next(steps) == 5:
        print("five steps", flush=True)
        sys.stdin.read()

Bar.move = move
main(sys.argv[1:])
"""


class Killed(BaseException):
    """Stands for a kill inside this process; nothing catches it."""


@pytest.fixture(scope="module")
def undisturbed(untrained, tmp_path_factory):
    """Runs that nobody disturbed, by recipe: their state and folder."""
    place = tmp_path_factory.mktemp("undisturbed") / "room"
    shutil.copytree(untrained, place)
    workspace, states = Workspace.find(place), {}

    def get(chosen: Any) -> tuple[State, Path]:
        folder = folder_of(workspace, chosen)
        if folder not in states:
            states[folder] = train_in(workspace, chosen)
        return states[folder], folder

    return get


def check_same(state: State, folder: Path, expected: tuple[State, Path]) -> None:
    """The same history, choice, alarms, facts, weights and files."""
    whole, other = expected
    assert without_times(state.epochs) == without_times(whole.epochs)
    assert (state.status, state.best, state.alarms) == (whole.status, whole.best, whole.alarms)
    assert state.facts == whole.facts
    for selection in ("best", "last"):
        name = f"{selection}.weights.h5"
        assert same_weights(folder / name, other / name)
    assert {path.name for path in folder.rglob("*")} == {path.name for path in other.rglob("*")}


def test_a_kill_in_the_middle_of_an_epoch(room, undisturbed, tmp_path):
    """SIGKILL after five of nine steps; a second process goes on after the first epoch.

    Augmentation, dropout, batch normalisation, AdamW's momenta and a cosine all come back.
    """
    chosen = recipe()
    path = tmp_path / "tiny.toml"
    path.write_text(chosen.to_toml(), encoding="utf-8")
    arguments = ["train", str(path), "--split", "normal", "--json", "-q"]
    arguments += ["--workspace", str(room.root)]
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, *arguments],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout.readline() == "five steps\n"
        child.kill()
    assert child.returncode == -signal.SIGKILL
    folder = folder_of(room, chosen)
    begun = State.read(folder)
    assert (begun.status, begun.last) == (RUNNING, 1)
    assert not (folder / "last.weights.h5").exists()
    done = subprocess.run(
        [sys.executable, "-m", "occbench", *arguments],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    told, state = json.loads(done.stdout), State.read(folder)
    assert without_times(told["epochs"]) == without_times(state.epochs)
    assert state.epochs[0] == begun.epochs[0]
    check_same(state, folder, undisturbed(chosen))


SHORT = [
    recipe(
        PLAIN,
        epochs=3,
        optimizer="sgd",
        learning_rate=0.01,
        schedule="plateau(factor=0.5, patience=1, min_delta=0.5)",
        dropout=0.3,
        augment=["flip", "rotate"],
    ),
    recipe(PLAIN, epochs=5, optimizer="rmsprop", learning_rate=1e-12, early_stopping=2),
    # Its optimizer is wrapped in one that scales losses, whose scale must come back too.
    recipe(PLAIN, epochs=3, precision="mixed_float16", learning_rate=0.01),
    recipe(PLAIN, epochs=3, precision="mixed_bfloat16", optimizer="adamw"),
]


@pytest.mark.parametrize("chosen", SHORT, ids=["plateau", "early stopping", "float16", "bfloat16"])
def test_a_kill_after_an_epoch(chosen, room, undisturbed):
    """What the history decides, such as rates and the end, is decided again from its rows."""
    from occbench.training.fit import fit

    def kill(row: dict[str, Any]) -> None:
        if row["epoch"] == 2:
            raise Killed

    with pytest.raises(Killed):
        fit(fitting(room, chosen, after_epoch=kill))
    folder = folder_of(room, chosen)
    assert State.read(folder).last == 2
    check_same(train_in(room, chosen), folder, undisturbed(chosen))


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("save_optimizer", 1),
        ("save_weights", 3),
        ("forget", 2),
        ("final_path", 2),
    ],
)
def test_a_kill_between_two_files(name, call, room, undisturbed, monkeypatch):
    """Before each of the files of an epoch, and between those of the end."""
    chosen, known = SHORT[0], undisturbed(SHORT[0])
    whole, calls = getattr(checkpoint, name), iter(range(1, 100))

    def kill(*given: Any, **named: Any) -> Any:
        if next(calls) == call:
            raise Killed
        return whole(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, name, kill)
        with pytest.raises(Killed):
            train_in(room, chosen)
    check_same(train_in(room, chosen), folder_of(room, chosen), known)


def test_a_kill_before_the_state_is_written(room, undisturbed, monkeypatch):
    """Weights that no state names are those of an epoch that is trained again."""
    chosen, known = SHORT[0], undisturbed(SHORT[0])
    whole = State.write

    def kill(self: State, folder: Path) -> None:
        if self.last == 2:
            raise Killed
        whole(self, folder)

    with monkeypatch.context() as patch:
        patch.setattr(State, "write", kill)
        with pytest.raises(Killed):
            train_in(room, chosen)
    folder = folder_of(room, chosen)
    assert State.read(folder).last == 1
    assert checkpoint.weights_path(folder, 2).is_file()
    check_same(train_in(room, chosen), folder, known)


def test_parts_of_a_killed_writer_are_swept_away(room, undisturbed):
    """What a kill left under a hidden name is gone after the next epoch."""
    from occbench.training.fit import fit

    def kill(_: dict[str, Any]) -> None:
        raise Killed

    chosen = SHORT[0]
    with pytest.raises(Killed):
        fit(fitting(room, chosen, after_epoch=kill))
    folder = folder_of(room, chosen)
    part = folder / "weights" / f".epoch-0002.weights.h5.1-{'0' * 32}.part"
    for path in (part, part.with_name(part.name + ".weights.h5")):
        path.write_bytes(b"half a file")
    check_same(train_in(room, chosen), folder, undisturbed(chosen))
