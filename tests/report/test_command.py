"""The options of ``occbench report``."""

from __future__ import annotations

import pytest

from tests.answers import trained_job
from tests.cli.conftest import call_main, error_of
from tests.folders import contents
from tests.makers import make_workspace
from tests.report.test_page import Page
from tests.runs import small_manifest


@pytest.fixture
def workspace(tmp_path):
    """A workspace with a whole matrix of six test faces."""
    made = make_workspace(tmp_path / "room", small_manifest())
    trained_job(made).compute()
    return made


def call(workspace, *arguments):
    """``occbench report`` there."""
    return call_main("report", "--workspace", workspace.root, *arguments)


def test_published_results_stand_beside_the_matrix(workspace):
    """Several may be named; each once, in the order given."""
    names = ("report-003", "report-001", "report-003")
    options = [option for name in names for option in ("--reference", name)]
    result = call(workspace, *options)
    assert result.exit_code == 0, result.output
    page = Page(workspace.report("matrix-small") / "index.html")
    assert page.words.count("report-003: ") == page.words.count("report-001: ") == 1
    assert page.words.index("report-003: ") < page.words.index("report-001: ")


def test_an_unknown_report_is_refused_with_those_there_are(workspace):
    """Before anything is written."""
    result = call(workspace, "--reference", "report-01")
    assert result.exit_code == 1
    text = error_of(result)
    assert "Unknown reference 'report-01'." in text
    assert "report-001" in text
    assert not workspace.report("matrix-small").exists()


def test_no_faces_leaves_none_in_the_folder(workspace):
    """What an earlier report left there is gone; all else is the same."""
    assert call(workspace).exit_code == 0
    folder = workspace.report("matrix-small")
    before = contents(folder)
    assert call(workspace, "--no-faces").exit_code == 0
    after = contents(folder)
    gone = {"sheet.png", "figures/lost-faces.png"}
    assert before.keys() - after.keys() == gone
    same = before.keys() - gone - {"index.html"}
    assert all(before[name] == after[name] for name in same)
    assert Page(folder / "index.html").pictures == []
