"""The leaderboard: order, gap and area, and ties found face by face."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace

import pytest

from occbench.errors import DataError, MissingCells, UnknownName
from occbench.foreign.board import Board, leaderboard
from occbench.foreign.evaluate import evaluate, plan_evaluation
from occbench.matrix.cell import GIVEN
from occbench.matrix.choose import store_plan
from occbench.matrix.job import open_job
from occbench.report.model_rows import board_csv, board_text, model_table, models_text
from occbench.splits.partitioning import Partitioning
from occbench.training.predictions import predictions_path
from tests.foreign.conftest import BANDS, PLAN
from tests.makers import make_workspace
from tests.runs import TESTED, make_predictions, small_manifest, write_run

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
        (1, "even", "function"),
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


def test_means_over_seeds_are_compared_face_by_face(workspace, give):
    """All seeds in one test: five of six faces favour the model, whatever their sizes: 2 / 2^5."""
    give("good", ALL, ALL)
    scores = [rights(ALL, {"f18"}), rights(ALL, {"f18", "f19"})]
    job = train(workspace, scores, seeds=(0, 1))
    good, mean = leaderboard(job).rows
    assert (good.ties, good.tie_by, good.p) == (
        True,
        "exact test of signs",
        pytest.approx(2 / 2**5),
    )
    assert (mean.seeds, mean.occluded) == (2, pytest.approx(1.5 / 6))
    assert "exact test of signs over the faces" in board_text(leaderboard(job))
    rows = leaderboard(job, each_seed=True).rows
    assert [row.name for row in rows] == ["good", "normal, seed 1", "normal, seed 0"]
    # Four faces: 2 / 2^4; one face: 1. Holm doubles the smaller.
    assert [row.p for row in rows] == [pytest.approx(2 * 2 / 2**4), 1, None]
    assert rows[0].tie_by == "exact McNemar"


def test_rows_whose_predictions_are_gone_are_tied_where_intervals_meet(workspace, give):
    """Their cells are left: Wilson's interval, and none of gap and area."""
    give("good", ALL, ALL)
    job = train(workspace, [rights(ALL, {"f18"})])
    shutil.rmtree(workspace.run(job.run(job.rows[0]).id) / "predictions")
    job = open_job(workspace, "small", job.plan)
    good, left = leaderboard(job).rows
    # Wilson: 6 of 6 begins at 0.61, 1 of 6 ends at 0.56.
    assert (good.ties, good.tie_by, good.p) == (False, "intervals meet", None)
    assert (left.occluded, left.gap_low, left.area_high) == (1 / 6, None, None)
    # Without an interval of the gap no difference can be shown.
    assert leaderboard(job, by="gap").rows[0].ties
    gone = list(csv.DictReader(board_csv(leaderboard(job)).splitlines()))[1]
    assert (gone["gap_low"], gone["area_high"]) == ("", "")


def test_gap_and_area_have_intervals_of_the_same_draws(workspace, give):
    """The same faces right in both: the gap is 0 in every draw, the area that of 3 of 6 faces."""
    give("even", {"f18", "f19", "f20"}, {"f18", "f19", "f20"})
    give("lost", ALL, set())
    even, lost = leaderboard(open_job(workspace, "small", PLAN, dry_run=True)).rows
    assert (even.gap_low, even.gap, even.gap_high) == (0, 0, 0)
    # Binomial of 6 and 1/2: P(0) = 0.016 is below 0.025, P(0 or 1) = 0.109 above.
    assert (even.area_low, even.area_high) == pytest.approx((1 / 6, 5 / 6))
    assert (lost.gap_low, lost.gap_high, lost.area_low, lost.area_high) == (1, 1, 0.5, 0.5)
    row = next(csv.DictReader(board_csv(Board((even,), "gap", "best", (), ())).splitlines()))
    assert (float(row["gap_low"]), float(row["area_high"])) == (0, pytest.approx(5 / 6))


def test_what_is_ranked_by_may_be_chosen(workspace, give):
    """A small gap is good, a large area is; what is compared is what is ranked."""
    give("weak", {"f18"}, {"f18"})
    give("same", {"f23"}, {"f23"})
    give("strong", ALL, {"f18", "f19", "f20", "f21"})
    job = open_job(workspace, "small", PLAN, dry_run=True)
    order = {
        by: [(row.rank, row.name) for row in leaderboard(job, by=by).rows]
        for by in ("occluded", "gap", "area")
    }
    assert order["occluded"] == [(1, "strong"), (2, "same"), (2, "weak")]
    assert order["gap"] == [(1, "same"), (1, "weak"), (3, "strong")]
    assert order["area"] == [(1, "strong"), (2, "same"), (2, "weak")]
    same, weak, _ = leaderboard(job, by="gap").rows
    # No face loses anything in either: p is 1. Two faces lose in one only: 2 / 2^2, twice by Holm.
    assert (same.p, same.tie_by, weak.p) == (1, "exact test of signs", 1)
    assert "Ranked by gap, the smallest first." in board_text(leaderboard(job, by="gap"))
    with pytest.raises(UnknownName, match="Unknown order 'speed'"):
        leaderboard(job, by="speed")


def test_columns_of_other_faces_are_ranked_on_those_they_share(tmp_path, monkeypatch):
    """A gap between other faces would be no gap."""
    manifest = small_manifest(without=[18])
    room = make_workspace(tmp_path, manifest)
    plan = replace(PLAN, select=("best",), partitions=Partitioning(all_faces=True))
    store_plan(room.matrix("small"), plan)
    job = open_job(room, "small", plan)
    run = job.run(job.rows[0])
    write_run(room.run(run.id), run, rights({"f18", "f19"}, {"f19"}))
    job.compute()
    board = leaderboard(open_job(room, "small", plan))
    (row,) = board.rows
    # f18 is shown in the normal test alone.
    assert (row.normal, row.occluded, row.gap) == (1 / 5, 1 / 5, 0)
    assert "every number here is of the 5 faces that stand in both" in board_text(board)


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
    assert "right" not in told[0]


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
