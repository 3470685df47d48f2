"""The notebook in docs runs from its first cell to its last on a workspace with a matrix."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from occbench.workspace import Workspace
from tests.trainings import NAME

_NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebooks" / "read-a-matrix.ipynb"

pytestmark = pytest.mark.tf


@pytest.fixture
def executed(trained: Workspace, monkeypatch):
    """The notebook with what its cells gave."""
    # Its kernel warns of frozen modules and writes below the home folder.
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    monkeypatch.setenv("IPYTHONDIR", str(trained.root / "ipython"))
    notebook = nbformat.read(_NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": str(trained.root)}}
    )
    return client.execute()


def test_it_runs_and_tells_the_matrix(executed, trained):
    """An error in a cell would fail the run; the numbers are those of the cells on disk."""
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert all(cell.outputs for cell in code)
    text = "".join(str(output.get("data", output)) for cell in code for output in cell.outputs)
    assert "30 comparisons at the best epoch" in text
    table = (trained.matrix(NAME) / "cells.csv").read_text(encoding="utf-8").splitlines()
    head, first = table[0].split(","), table[1].split(",")
    accuracy = float(dict(zip(head, first, strict=True))["accuracy"])
    assert f"{accuracy:.1%}" in text
    assert f"{accuracy:.3f}".rstrip("0") in text


def test_it_is_stored_without_results():
    """What a notebook shows is made where it is read; results in the repository would grow old."""
    notebook = nbformat.read(_NOTEBOOK, as_version=4)
    assert all(
        not cell.outputs and cell.execution_count is None
        for cell in notebook.cells
        if cell.cell_type == "code"
    )
