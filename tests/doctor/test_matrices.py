"""What is said of a matrix: what a call would do again, and whether its models are whole."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from occbench.doctor.inventory import look_at_all
from occbench.foreign.stored import faces_digest
from occbench.matrix.cell import GIVEN
from occbench.matrix.choose import store_plan
from occbench.matrix.job import MatrixJob
from occbench.training.predictions import predictions_path
from occbench.training.run import State
from tests.matrix.test_record import PLAN, made
from tests.runs import TESTED, make_predictions


@pytest.fixture
def job(tmp_path) -> MatrixJob:
    """A finished matrix of two runs, two selections and two ways to show a face."""
    return made(tmp_path)


def told(job: MatrixJob, area: str) -> list[tuple[str, str, str]]:
    """Status, text and what to do of an area."""
    found = look_at_all(job.workspace)
    return [(each.status, each.text, each.todo) for each in found if each.area == area]


def give(job: MatrixJob, name: str, shown: tuple[str, ...] = ("normal", "headset")) -> Path:
    """A given model as an evaluation leaves it that has finished these ways to show the faces."""
    folder = job.folder / "models" / name
    (folder / "predictions").mkdir(parents=True)
    record = dict.fromkeys(("kind", "source", "identity", "spec", "classes", "remarks"), "")
    record |= {"schema": 1, "faces": faces_digest(job)}
    (folder / "model.json").write_text(json.dumps(record))
    for variant in shown:
        scores = make_predictions(TESTED, variant=variant, selection=GIVEN, epoch=0)
        scores.write(predictions_path(folder, GIVEN, variant))
    return folder


def test_what_a_call_would_do_is_counted(job):
    """A seed more: two runs stand, one of them is half trained, and one is to be shown anew."""
    store_plan(job.folder, replace(PLAN, seeds=(0, 1)))
    call = "Run 'occbench matrix small': "

    def matrix():
        ((status, text, todo),) = told(job, "matrices")
        assert (status, text) == ("open", "small: its plan has changed (seeds)")
        return todo.removeprefix(call)

    assert matrix() == "2 of 4 runs are reused, 2 to train."
    first, second = (job.workspace.run(job.run(row).id) for row in job.rows)
    shutil.rmtree(second / "predictions")
    assert matrix() == "1 of 4 runs are reused, 1 to predict again, 2 to train."
    replace(State.read(first), status="running").write(first)
    assert matrix() == (
        "0 of 4 runs are reused, 1 to predict again, 1 to go on training, 2 to train."
    )


def test_predictions_that_are_gone_or_torn_are_noticed(job):
    """The cells stay right, so the matrix is finished; what reads the predictions would stop."""
    folder = job.workspace.run(job.run(job.rows[0]).id)
    torn = predictions_path(folder, "best", "normal")
    whole = torn.read_bytes()
    torn.write_bytes(whole[: len(whole) // 2])
    predictions_path(folder, "last", "headset").unlink()
    finished, damaged, gone = told(job, "matrices")
    assert finished == ("ok", "small: finished", "")
    assert damaged[:2] == ("broken", f"small: predictions that are damaged: 1, the first '{torn}'")
    assert damaged[2].startswith("Delete what is damaged. The cells stay.")
    assert gone[0] == "missing"
    assert "small: predictions that are gone: 1," in gone[1]
    # One byte of the scores, which no size tells.
    predictions_path(folder, "last", "headset").write_bytes(whole)
    torn.write_bytes(whole.replace(b"\x00\x00\x40\x3f", b"\x00\x00\x40\x3e", 1))
    assert [status for status, _, _ in told(job, "matrices")] == ["ok", "broken"]


def test_what_is_said_to_do_about_them_helps(job):
    """Without its record the matrix is computed again, which predicts what is gone."""
    folder = job.workspace.run(job.run(job.rows[0]).id)
    predictions_path(folder, "last", "headset").unlink()
    (_, (_, _, todo)) = told(job, "matrices")
    Path(todo.split("'")[1]).unlink()
    ((_, text, todo),) = told(job, "matrices")
    assert text == "small: its record is gone"
    assert todo.endswith("1 of 2 runs are reused, 1 to predict again.")


def test_given_models_are_whole_half_done_stale_or_broken(job):
    """Each that is not whole by its name, with what to do."""
    give(job, "good")
    give(job, "half", ("normal",))
    stale = give(job, "old") / "model.json"
    stale.write_text(json.dumps({**json.loads(stale.read_text()), "faces": "others"}))
    (give(job, "torn") / "model.json").write_text("{")
    whole, half, old, torn = told(job, "models")
    assert whole == ("ok", "small: 1 evaluated", "")
    assert half == (
        "open",
        "small/half: 1 of 2 ways to show the faces are done",
        "Repeat its 'occbench evaluate'; it goes on.",
    )
    assert old[:2] == ("stale", "small/old: the test faces have changed since it was evaluated")
    assert "--force" in old[2]
    assert torn[0] == "broken"
    assert "small/torn" in torn[1]
