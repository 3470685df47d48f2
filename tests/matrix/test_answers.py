"""Answers of a matrix, lined up face by face, from a workspace and from scores alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from occbench.errors import DataError, MissingCells, UnknownName
from occbench.matrix.answers import Place, answers_of, gather_answers
from occbench.matrix.fill import Column, Row
from occbench.training.predictions import predictions_path
from tests.answers import make_answers, one_hot, trained_job
from tests.makers import make_workspace
from tests.runs import TESTED, make_predictions, small_manifest

CLASSES = ("angry", "happy", "sad")


def column(test: str, variants, ids=TESTED) -> Column:
    """A test split that shows faces so."""
    return Column(test, pd.DataFrame({"id": list(ids), "variant": variants}))


def gathered(scores=None, columns=None, groups=None):
    """The answers of one run to normal, covered and mixed faces; changed where asked."""
    normal = make_predictions({"f18", "f19", "f20"})
    covered = make_predictions({"f23"}, ids=TESTED[::-1], variant="headset")
    usual = {("best", "normal"): normal, ("best", "headset"): covered}
    tables = [
        column("normal", "normal", TESTED[::-1]),
        column("occluded", "headset"),
        column("mixed", ["normal", "headset"] * 3),
    ]
    return gather_answers(
        {Row("normal", 0): scores or usual},
        columns or tables,
        "best",
        classes=CLASSES,
        groups=groups or {face: face for face in TESTED},
    )


def test_faces_stand_in_one_order():
    """Whatever the order of tables and files: f18 to f20 right, f23 covered, and each in mixed."""
    found = gathered()
    assert found.ids == TESTED
    assert found.labels.tolist() == [0, 1, 2] * 2
    assert found.places == tuple(
        Place("normal", test, 0) for test in ("normal", "occluded", "mixed")
    )
    # In mixed f18, f20 and f22 are shown uncovered, f19, f21 and f23 covered.
    assert found.right.tolist() == [
        [True, True, True, False, False, False],
        [False, False, False, False, False, True],
        [True, False, True, False, False, True],
    ]
    assert found.scores.shape == (3, 6, 3)
    assert found.scores.dtype == np.float32


def test_they_agree_with_the_cells_of_the_matrix(tmp_path):
    """Every count of right faces is that of the cell, for both selections and all seeds."""
    workspace = make_workspace(tmp_path, small_manifest())
    job = trained_job(workspace)
    matrix = job.compute()
    for selection in ("best", "last"):
        found = answers_of(job, selection)
        assert (found.trains, found.tests) == (matrix.trains, matrix.tests)
        assert (found.seeds, found.classes, found.grouped) == ((0,), CLASSES, False)
        for place, right in zip(found.places, found.right, strict=True):
            cell = matrix.cell(place.train, place.test, seed=place.seed, selection=selection)
            assert right.sum() == cell.correct


def test_groups_come_from_the_manifest(tmp_path):
    """f18 and f21 show one person, so they are drawn together."""
    manifest = small_manifest()
    faces = manifest.faces.copy()
    faces.loc[faces["id"].isin(["f18", "f21"]), "group"] = "anna"
    job = trained_job(make_workspace(tmp_path, replace(manifest, faces=faces)))
    found = answers_of(job, "best")
    assert found.grouped
    assert found.groups == ("anna", "f19", "f20", "anna", "f22", "f23")
    truth = found.resample(draws=200).drawn[:, 0].sum(axis=2)
    # Without the pair's two angry faces a draw has fewer than six faces or twice as many.
    assert set(truth[:, 0]) <= {0, 2, 4, 6, 8, 10}


def test_predictions_that_are_gone_are_not_made(tmp_path):
    """Nothing is trained for a table of comparisons."""
    job = trained_job(make_workspace(tmp_path, small_manifest()))
    folder = job.workspace.run(job.run(job.rows[0]).id)
    predictions_path(folder, "best", "normal").unlink()
    with pytest.raises(MissingCells, match=r"predictions of the run .* are gone"):
        answers_of(job, "best")


def test_an_unknown_selection(tmp_path):
    """It is met with the known ones."""
    job = trained_job(make_workspace(tmp_path, small_manifest()))
    with pytest.raises(UnknownName, match=r"selection 'lst'\. Did you mean 'last'"):
        answers_of(job, "lst")


def test_columns_of_other_faces_are_refused():
    """As the matrix itself refuses them."""
    columns = [column("normal", "normal"), column("occluded", "headset", TESTED[1:])]
    with pytest.raises(DataError, match="f18"):
        gathered(columns=columns)


def test_another_truth_is_refused():
    """The cell that knows a face by another class is named."""
    covered = make_predictions(set(), variant="headset")
    labels = covered.labels.copy()
    labels[1] = 2
    scores = {
        ("best", "normal"): make_predictions(set()),
        ("best", "headset"): replace(covered, labels=labels),
    }
    with pytest.raises(DataError, match=r"face 'f19' has another true class .* test occluded"):
        gathered(scores)


def test_cells_of_a_place_are_those_of_its_seeds():
    """In the order of the seeds; a gap, an unknown row and an unknown column are refused."""
    found = make_answers(
        [0, 1],
        {
            ("normal", "normal", 0): [0, 1],
            ("normal", "occluded", 0): [0, 0],
            ("normal", "normal", 1): [1, 1],
        },
    )
    assert found.cells("normal", "normal") == (0, 2)
    with pytest.raises(MissingCells, match="test occluded, seed 1 is missing"):
        found.cells("normal", "occluded")
    with pytest.raises(MissingCells, match=r"its columns normal, occluded\. Choose"):
        found.cells("normal", "mixed")
    with pytest.raises(MissingCells, match="has no train occluded"):
        found.cells("occluded", "normal")


def test_draws_of_other_answers_are_refused():
    """Cells by number would silently be others."""
    one = make_answers([0, 1], {("normal", "normal", 0): [0, 1]})
    two = make_answers([0, 1], {("normal", "normal", 0): [0, 1], ("normal", "occluded", 0): [0, 1]})
    more = make_answers([0, 1, 1], {("normal", "normal", 0): [0, 1, 1]})
    one.require(one.resample())
    for other in (two, more):
        with pytest.raises(ValueError, match=r"from answers\.resample\(\)"):
            one.require(other.resample())


def test_parts_must_fit_together():
    """Scores of another shape than cells x faces x classes."""
    found = make_answers([0, 1], {("normal", "normal", 0): [0, 1]})
    with pytest.raises(ValueError, match=r"Expected scores \(1, 2, 3\)"):
        replace(found, scores=one_hot([0, 1], 3))
