"""Settings that every test shares."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from occbench.core.console import set_quiet, set_verbose
from occbench.workspace import Workspace
from tests.trainings import PLAIN, make_training_workspace, recipe

# The same examples each time, so that a failure on one machine is one on all; no deadlines,
# because a busy machine is no fault of the code.
settings.register_profile(
    "occbench",
    deadline=None,
    derandomize=True,
    max_examples=60,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("occbench")


@pytest.fixture(autouse=True)
def _loud() -> None:
    """No test inherits the ``-q`` or ``-v`` of another."""
    set_quiet(False)
    set_verbose(False)


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with tiny faces and all their splits; copy it before use."""
    folder = tmp_path_factory.mktemp("untrained")
    make_training_workspace(folder)
    return folder


@pytest.fixture
def room(untrained: Path, tmp_path: Path) -> Workspace:
    """A fresh copy of the workspace with splits."""
    shutil.copytree(untrained, tmp_path / "room")
    return Workspace.find(tmp_path / "room")


@pytest.fixture(scope="session")
def filled(untrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a whole matrix of four runs, made by the command; copy it before use."""
    from tests.cli.conftest import call_main

    folder = tmp_path_factory.mktemp("filled")
    shutil.copytree(untrained, folder, dirs_exist_ok=True)
    plain = folder / "plain.toml"
    plain.write_text(recipe(PLAIN, epochs=2).to_toml(), encoding="utf-8")
    result = call_main("matrix", "--recipe", plain, "--workspace", folder)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def trained(filled: Path, tmp_path: Path) -> Workspace:
    """A fresh copy of the workspace with a matrix."""
    shutil.copytree(filled, tmp_path / "trained")
    return Workspace.find(tmp_path / "trained")
