"""The examples and numbers of docs/explanation/reading-the-numbers.md are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from occbench.matrix.bootstrap import difference, resample
from occbench.matrix.gaps import recovery
from occbench.matrix.paired import mcnemar
from occbench.matrix.statistics import wilson
from tests.answers import trained_job
from tests.makers import make_workspace
from tests.runs import small_manifest

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "reading-the-numbers.md"
TEXT = PAGE.read_text(encoding="utf-8")
CHOICE, TABLES = re.findall(r"```python\n(.*?)```", TEXT, re.S)
# Right faces of 3,999 in report 001, last epochs: normal and occluded test after normal
# training, occluded test after occluded training.
REPORT_001 = tuple(round(share * 3999) for share in (0.5889, 0.3808, 0.4964))


def test_the_example_of_choosing_by_test(capsys):
    """It prints what the page says."""
    exec(compile(CHOICE, str(PAGE), "exec"), {})
    assert capsys.readouterr().out == "epoch 16 for 5: 6.47 points\n"
    assert "`59.26 - 52.79 = 6.47` points" in TEXT
    low, high = wilson(round(0.5279 * 3999), 3999)
    assert f"from {100 * low:.1f} to {100 * high:.1f} %" in TEXT


def test_the_example_of_tables(tmp_path, monkeypatch, capsys):
    """It runs in a workspace with one matrix, and prints a line for each row of its tables."""
    workspace = make_workspace(tmp_path, small_manifest())
    trained_job(workspace).compute()
    monkeypatch.chdir(workspace.root)
    exec(compile(TABLES, str(PAGE), "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("9 comparisons at the best epoch")
    # Nine comparisons, two rows, three classes and six cells.
    assert len(lines) == 1 + 9 + 2 + 3 + 6


def test_the_examples_in_the_text():
    """1 against 7 and 3 against 0 faces, the gap of report 001 and what comes back of it."""
    assert f"p = {mcnemar(1, 7).p:.3f}" in TEXT
    assert f"p = {mcnemar(3, 0).p:.2f}" in TEXT
    right = [[int(face >= count) for face in range(3999)] for count in REPORT_001]
    faces = resample([0] * 3999, right, 2, draws=200)
    assert difference(faces, [0], [1]).value == pytest.approx(0.2081, abs=2e-4)
    found = recovery(faces, normal=[0], occluded=[1], helped=[2])
    assert "58.89 - 38.08 = 20.81 points" in TEXT
    assert f"(49.64 - 38.08) / 20.81 = {found.share.value:.2f}" in TEXT
