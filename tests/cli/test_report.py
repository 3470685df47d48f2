"""``occbench report``: a page from stored numbers, without a training framework."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import error_of
from tests.folders import contents
from tests.test_architecture import imported_by
from tests.trainings import NAME

pytestmark = pytest.mark.tf


@pytest.fixture
def at(trained, call, monkeypatch):
    """The workspace with a whole matrix as the current folder."""
    monkeypatch.chdir(trained.root)
    return trained


def test_a_report_is_written_and_named(at, call):
    """The path is all of stdout; the second report has the same bytes."""
    result = call("report")
    assert result.exit_code == 0, result.output
    page = Path(result.stdout.strip())
    assert page == at.report(f"matrix-{NAME}") / "index.html"
    first = contents(page.parent)
    assert {"index.html", "sheet.png", "tables/matrix-best.csv"} <= first.keys()
    told = json.loads(call("report", NAME, "--json").stdout)
    assert told == {"page": str(page)}
    assert contents(page.parent) == first


def test_a_report_needs_no_framework(at):
    """The numbers are there; only drawing is left."""
    found = imported_by("-m", "occbench", "report", "--workspace", str(at.root))
    assert "matplotlib" in found
    assert found & {"tensorflow", "keras"} == set()


def test_before_a_matrix_the_first_step_is_named(room, call):
    """The workspace has none."""
    result = call("report", "--workspace", room.root)
    assert result.exit_code == 1
    assert "holds 0 matrices. Run 'occbench matrix' first." in error_of(result)


def test_an_unknown_matrix_is_refused(at, call):
    """The nearest name is suggested."""
    result = call("report", "smal")
    assert result.exit_code == 1
    assert "Unknown matrix 'smal'. Did you mean 'small'?" in error_of(result)
    assert not (at.root / "reports").exists()


def test_cells_that_were_changed_by_hand_are_no_report(at, call):
    """A report shows what was measured, or nothing."""
    path = at.matrix(NAME) / "cells.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    result = call("report")
    assert result.exit_code == 1
    text = error_of(result)
    assert "1 of 24 cells are missing, the first: train mixed-paired, test mixed" in text
    assert "Run 'occbench matrix small' first." in text
    assert not (at.root / "reports").exists()
    assert call("matrix", "-q").exit_code == 0
    assert path.read_text(encoding="utf-8").splitlines(keepends=True) == lines
