"""Calls of the command line, and a small workspace to call it in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from occbench.cli.main import main
from occbench.core.console import set_quiet, set_verbose

Call = Callable[..., Result]


def call_main(*arguments: object) -> Result:
    """Runs ``occbench`` in this process; a traceback is passed on as the test's own failure."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs ``occbench`` with arguments, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OCCBENCH_WORKSPACE", raising=False)
    yield call_main
    set_quiet(False)
    set_verbose(False)


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with 64 drawn faces of 48 pixels; copy it before use."""
    folder = tmp_path_factory.mktemp("scanned")
    options = ("--count", 64, "--size", 48, "--workers", 1)
    result = call_main("scan", "drawn", *options, "--workspace", folder)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def workspace(scanned: Path, tmp_path: Path, call: Call) -> Path:
    """A fresh copy of the scanned workspace, which is the current folder."""
    shutil.copytree(scanned, tmp_path, dirs_exist_ok=True)
    return tmp_path


def error_of(result: Result) -> str:
    """The one line that says what is wrong, after a check that there is just one."""
    assert "Traceback" not in result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    assert result.stderr.rstrip().endswith(lines[0]), "the error is not the last line"
    return lines[0].removeprefix("Error: ")
