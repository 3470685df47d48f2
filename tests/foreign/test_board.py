"""The leaderboard: order, gap and area, and ties found face by face."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest

from occbench.errors import DataError, MissingCells
from occbench.foreign.board import leaderboard
from occbench.foreign.evaluate import evaluate, plan_evaluation
from occbench.matrix.cell import GIVEN
from occbench.matrix.choose import store_plan
from occbench.matrix.job import open_job
from occbench.report.model_rows import board_csv, board_text, model_table, models_text
from occbench.splits.partitioning import Partitioning
from occbench.training.predictions import predictions_path
from tests.foreign.conftest import BANDS, PLAN
from tests.runs import TESTED, make_predictions, write_run

ALL = set(TESTED)


@pytest.fixture
def give(workspace, write_module, write_spec):
    """Puts a model beside the matrix that is right on the faces named, by variant."""
    write_module("bands", BANDS)
    write_spec()

    def given(name, normal, headset):
        task = plan_evaluation(
            workspace, "bands:predict", spec_path=workspace.root / "spec.toml", name=name
        )
        evaluate(task, command="occbench evaluate")
        for variant, right in (("normal", normal), ("headset", headset)):
            made = make_predictions(right, variant=variant, selection=GIVEN, epoch=0)
            made.write(predictions_path(task.folder, GIVEN, variant))

    return given


def train(workspace, scores, select="best", **changes):
    """The job of a matrix of one train split, whose runs are right on the faces named."""
    plan = replace(PLAN, select=(select,), **changes)
    store_plan(workspace.matrix("small"), plan)
    job = open_job(workspace, "small", plan)
    for row, right in zip(job.rows, scores, strict=True):
        run = job.run(row)
        write_run(workspace.run(run.id), run, right)
    job.compute()
    return open_job(workspace, "small", plan)


def rights(normal, headset):
    """What ``write_run`` takes."""
    return {("best", "normal"): normal, ("best", "headset"): headset}


def test_rows_stand_by_their_accuracy_on_covered_faces(workspace, give):
    """Of equal ones the better on normal faces; gap and area are worked out by hand."""
    give("good", ALL, {"f18", "f19", "f20"})
    give("even", {"f18", "f19", "f20", "f21"}, {"f18", "f19", "f20"})
    job = train(workspace, [rights({"f18", "f19", "f20", "f21", "f22"}, {"f23"})])
    board = leaderboard(job)
    assert [(row.rank, row.name, row.kind) for row in board.rows] == [
        (1, "good", "function"),
        (2, "even", "function"),
        (3, "normal", "trained"),
    ]
    assert [row.gap for row in board.rows] == pytest.approx([1 / 2, 1 / 6, 4 / 6])
    assert [row.area for row in board.rows] == pytest.approx([9 / 12, 7 / 12, 6 / 12])
    # Wilson's interval of 3 in 6 is (1 -+ z / sqrt(6 + z^2)) / 2.
    half = 1.959964 / (6 + 1.959964**2) ** 0.5 / 2
    assert (board.rows[0].occluded_low, board.rows[0].occluded_high) == pytest.approx(
        (0.5 - half, 0.5 + half), abs=1e-6
    )
    assert (board.selection, board.left_out) == ("best", ())


def test_neighbours_are_compared_face_by_face(workspace, give):
    """Six faces right in one and wrong in the other: 2 / 2^6 is 0.031, below 0.05."""
    give("good", ALL, ALL)
    job = train(workspace, [rights(set(), set())])
    first, last = leaderboard(job).rows
    assert (first.name, first.ties, first.tie_by) == ("good", False, "exact McNemar")
    assert first.p == pytest.approx(2 / 2**6)
    assert (last.ties, last.tie_by, last.p) == (False, "", None)


def test_more_neighbours_need_more_evidence(workspace, give):
    """Holm's correction: the same 0.031 beside another comparison is 0.062, and a tie."""
    give("good", ALL, ALL)
    give("none", ALL, set())
    job = train(workspace, [rights(set(), set())])
    one, two, _ = leaderboard(job).rows
    assert (one.p, one.ties) == (pytest.approx(2 * 2 / 2**6), True)
    assert (two.p, two.ties) == (1, True)


def test_means_over_seeds_are_tied_where_intervals_meet(workspace, give):
    """There is no face-by-face comparison of a mean; each seed alone has one."""
    give("good", ALL, ALL)
    scores = [rights(ALL, {"f18"}), rights(ALL, {"f18", "f19"})]
    job = train(workspace, scores, seeds=(0, 1))
    good, mean = leaderboard(job).rows
    assert (good.ties, good.tie_by, good.p) == (True, "intervals meet", None)
    assert (mean.seeds, mean.occluded) == (2, pytest.approx(1.5 / 6))
    rows = leaderboard(job, each_seed=True).rows
    assert [row.name for row in rows] == ["good", "normal, seed 1", "normal, seed 0"]
    # Four faces: 2 / 2^4; one face: 1. Holm doubles the smaller.
    assert [row.p for row in rows] == [pytest.approx(2 * 2 / 2**4), 1, None]
    assert rows[0].tie_by == "exact McNemar"


def test_an_epoch_that_a_person_named_is_called_so(workspace):
    """The table says that somebody may have chosen it by its test accuracy."""
    scores = {("test-selected-2", v): {"f18"} for v in ("normal", "headset")}
    board = leaderboard(train(workspace, [scores], "test-selected-2", keep="every-epoch"))
    assert board.selection == "test-selected-2"
    assert "trained rows: test-selected: epoch 2" in board_text(board)


def test_what_is_not_there_is_told(workspace, give):
    """Models alone are ranked; without them there is nothing to rank."""
    job = open_job(workspace, "small", PLAN, dry_run=True)
    with pytest.raises(MissingCells, match="has no row yet"):
        leaderboard(job)
    give("good", ALL, ALL)
    give("torn", ALL, ALL)
    next((workspace.matrix("small") / "models/torn/predictions").iterdir()).unlink()
    board = leaderboard(job)
    assert [row.name for row in board.rows] == ["good"]
    torn, trained = board.left_out
    assert "'torn' is left out: it did not finish" in torn
    assert "Trained rows are left out" in trained


def test_a_matrix_without_covered_faces_has_no_leaderboard(workspace):
    """There is no gap to rank by."""
    job = open_job(workspace, "small", replace(PLAN, test=("normal",)), dry_run=True)
    with pytest.raises(DataError, match="has the tests normal; a leaderboard needs"):
        leaderboard(job)


def test_the_printed_board_and_its_csv(workspace, give):
    """Ties are marked, what is unknown is said in words, and the CSV has all digits."""
    give("good", ALL, {"f18", "f19", "f20"})
    job = train(workspace, [rights({"f18", "f19", "f20", "f21", "f22"}, {"f23"})])
    board = leaderboard(job)
    text = board_text(board)
    assert "1=  function" in text
    assert "exact McNemar on the covered faces" in text
    assert "Given models, selection unknown" in text
    rows = list(csv.DictReader(board_csv(board).splitlines()))
    assert float(rows[1]["occluded"]) == 1 / 6
    assert (rows[0]["ties"], rows[0]["parameters"], rows[1]["p"]) == ("True", "", "")
    told = json.loads(json.dumps([row.to_json() for row in board.rows]))
    assert told[0]["gap"] == pytest.approx(0.5)
    assert "_covered" not in told[0]


def test_given_models_as_a_table(workspace, give):
    """Accuracy, interval, and the change against normal: 1 of 6 is 80 % below 5 of 6."""
    give("good", ALL - {"f18"}, {"f23"})
    from occbench.foreign.stored import stored_models

    found = stored_models(workspace, "small")
    heads, rows = model_table(found.models, ("normal", "occluded", "mixed"))
    assert heads == ["model", "test normal", "test occluded", "test mixed"]
    assert rows[0][0] == "good"
    assert rows[0][1].startswith("83.3 (")
    assert rows[0][2].startswith("16.7 (")
    assert rows[0][2].endswith(" -80.0 %")
    text = models_text(found, ("normal", "occluded"))
    assert "selection unknown: given as it is, n = 6 faces" in text


def test_matrices_of_the_same_faces_are_ranked_together(workspace):
    """Each row says whose it is; the better row of the other matrix stands between."""
    first = train(workspace, [rights(ALL, {"f18", "f19", "f20"})])
    longer = replace(PLAN.recipe, epochs=PLAN.recipe.epochs + 1)
    other = replace(PLAN, select=("best",), recipe=longer)
    store_plan(workspace.matrix("longer"), other)
    job = open_job(workspace, "longer", other)
    run = job.run(job.rows[0])
    write_run(workspace.run(run.id), run, rights({"f18"}, {"f18", "f19", "f20", "f21"}))
    job.compute()
    board = leaderboard(first, open_job(workspace, "longer", other))
    assert [(row.rank, row.name) for row in board.rows] == [
        (1, "longer/normal"),
        (2, "small/normal"),
    ]
    assert board.rows[0].tie_by == "exact McNemar"


def test_matrices_of_other_faces_or_occluders_are_not_ranked_together(workspace):
    """A higher accuracy on easier faces is no higher rank."""
    first = train(workspace, [rights(ALL, ALL)])
    for name, plan in (
        ("half", replace(PLAN, occluder="headset(scale=1.2)")),
        ("parts", replace(PLAN, partitions=Partitioning(source="stratified"))),
    ):
        job = open_job(workspace, name, plan, dry_run=True)
        with pytest.raises(DataError, match=f"'small' and '{name}' do not test the same faces"):
            leaderboard(first, job)
