"""A matrix as DataFrames, against the files and against counts made by hand."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

import occbench
from occbench.errors import MissingCells, UnknownName
from tests.makers import make_workspace
from tests.matrix.test_job import COUNTS, RIGHT, train_by_hand
from tests.runs import TESTED, small_manifest


@pytest.fixture
def root(tmp_path):
    """A workspace with a whole matrix of two rows, made by hand."""
    workspace = make_workspace(tmp_path, small_manifest())
    train_by_hand(workspace).compute()
    return workspace.root


@pytest.fixture
def frames(root):
    """Its frames."""
    return occbench.load_matrix(root)


def test_the_table_counts_what_is_right(frames, root):
    """Of six faces in each column, by hand; the last epoch is another selection."""
    for selection in ("best", "last"):
        table = occbench.load_matrix(root, "small", selection=selection).table()
        assert list(table.columns) == ["normal", "occluded", "mixed"]
        for train in ("normal", "mixed-unique"):
            assert table.loc[train].tolist() == pytest.approx(
                [count / 6 for count in COUNTS[train, selection]]
            )
    assert frames.table("n").to_numpy().tolist() == [[6.0] * 3] * 2


def test_the_cells_are_those_on_disk(frames, root):
    """With the same columns in the same order."""
    with (root / "matrices" / "small" / "cells.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(frames.cells.columns) == list(rows[0])
    assert frames.cells["correct"].tolist() == [int(row["correct"]) for row in rows]


def test_every_face_stands_in_every_cell(frames):
    """With its true class and whether it is right, as the scores were made by hand."""
    faces = frames.predictions
    assert len(faces) == 6 * 6
    assert set(faces["id"]) == set(TESTED)
    shown = faces[(faces["train"] == "normal") & (faces["test"] == "occluded")].set_index("id")
    right = set(shown.index[shown["label"] == shown["predicted"]])
    assert right == RIGHT["normal"]["best", "headset"]
    scores = shown[[name for name in shown if name.startswith("score_")]]
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_confusions_and_gaps_by_hand(frames):
    """The normal row has 5 of 6 right normally and 2 occluded."""
    counts = frames.confusion("normal", "normal")
    assert np.trace(counts.to_numpy()) == 5
    assert counts.to_numpy().sum() == 6
    gaps = frames.gaps().set_index("train")
    assert gaps.loc["normal", "gap"] == pytest.approx(3 / 6)
    assert gaps.loc["mixed-unique", "gap"] == pytest.approx(1 / 6)
    assert np.isnan(gaps.loc["normal", "recovery"])
    # 3 of 6 faces: p is 2 / 2^3.
    assert np.isnan(gaps.loc["mixed-unique", "recovery"])
    assert gaps.loc["mixed-unique", "reason"].startswith("Normal training's gap is not shown")
    classes = frames.class_gaps("normal")
    assert classes["faces"].tolist() == [2, 2, 2]
    assert (classes["normal"] - classes["occluded"]).mean() == pytest.approx(3 / 6)


def test_comparisons_name_their_family(frames):
    """Two rows on three columns, and three pairs of columns in each of two rows."""
    found = frames.comparisons()
    assert len(found) == 3 + 6
    assert "9 comparisons" in found.attrs["family"]
    assert len(frames.comparisons(kinds=["rows"])) == 3
    assert (found["p_adjusted"] >= found["p"]).all()


def test_quality_has_a_row_per_cell(frames):
    """A model that is never sure: 0.75 on each face, of which 5 of 6 are right."""
    quality = frames.quality().set_index(["train", "test"])
    assert len(quality) == 6
    error = quality.loc[("normal", "normal"), "calibration_error"]
    assert error == pytest.approx(abs(5 / 6 - 0.75), abs=1e-6)


def test_what_is_not_there_is_named(frames, root):
    """An unknown matrix, selection, column, row, seed; and a matrix with a cell gone."""
    with pytest.raises(UnknownName, match="matrix"):
        occbench.load_matrix(root, "other")
    with pytest.raises(UnknownName, match="selection"):
        occbench.load_matrix(root, selection="given")
    with pytest.raises(UnknownName, match="column 'train'"):
        frames.table("train")
    with pytest.raises(MissingCells, match="no train occluded"):
        frames.confusion("occluded", "normal")
    with pytest.raises(MissingCells, match="no seed 3"):
        frames.confusion("normal", "normal", seed=3)
    (root / "matrices" / "small" / "cells.csv").unlink()
    with pytest.raises(MissingCells, match="is not whole"):
        occbench.load_matrix(root)


def test_the_example_of_the_reference_runs(root, monkeypatch):
    """Every line of it, on a matrix of another name."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "python.md"
    code = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)[-1]
    assert code.count("study.") == 8
    monkeypatch.chdir(root)
    exec(code.replace('"drawn"', '"small"'), {"occbench": occbench})
