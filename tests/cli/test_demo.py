"""``occbench demo``: the whole way in one call, and once more in no time."""

from __future__ import annotations

from pathlib import Path

import pytest

from occbench.splits.modes import MODES
from tests.cli.conftest import error_of
from tests.folders import contents
from tests.trainings import PLAIN, recipe

pytestmark = pytest.mark.tf


@pytest.fixture
def quick(tmp_path, monkeypatch):
    """A recipe of the demo's name that trains in a second."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "demo.toml").write_text(recipe(PLAIN).to_toml(), encoding="utf-8")
    monkeypatch.setattr("occbench.training.recipe.BUILT_IN", folder)
    monkeypatch.setattr("occbench.training.estimate._LONG_ENOUGH", 0.0)


def test_the_whole_way_and_once_more(quick, call, tmp_path):
    """Faces, four runs, twelve places of two selections and a page; then nothing is done again."""
    result = call("demo", "--faces", 200)
    assert result.exit_code == 0, result.output
    root = tmp_path / "occbench-demo"
    assert f"Drawing 200 faces into '{root}'." in result.stderr
    assert sorted(path.name.partition("-seed")[0] for path in root.glob("runs/*")) == sorted(MODES)
    page = Path(result.stdout.splitlines()[-1].removeprefix("The report: "))
    assert page.is_file()
    assert page.is_relative_to(root)
    cells = (root / "matrices" / "demo" / "cells.csv").read_text(encoding="utf-8").splitlines()
    assert len(cells) == 1 + 4 * 3 * 2
    before = contents(root)
    again = call("--workspace", root, "demo", "--faces", 200)
    assert again.exit_code == 0, again.output
    assert f"Going on with the faces in '{root}'." in again.stderr
    assert again.stdout == result.stdout
    assert contents(root) == before


def test_fewer_faces_than_can_fill_every_part_are_refused(quick, call, tmp_path):
    """Nothing is drawn."""
    result = call("demo", "--faces", 199)
    assert result.exit_code == 2
    assert "199 is not in the range" in error_of(result)
    assert not (tmp_path / "occbench-demo").exists()
