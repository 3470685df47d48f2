"""The help is a document: each command says what it does and shows a call."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import occbench
from occbench.cli.main import COMMANDS, main
from occbench.dataset.adapters.base import REGISTRY
from tests.cli.conftest import call_main

_ROOT = Path(__file__).parents[2]
_ALL = [(), *((name,) for name in COMMANDS), *(("scan", name) for name in REGISTRY.names())]


@pytest.mark.parametrize("command", _ALL, ids=" ".join)
def test_each_help_ends_in_a_call_of_that_command(command):
    """Before the options stands an indented example of this very command."""
    result = call_main(*command, "--help")
    assert result.exit_code == 0
    text = re.split(r"\n(?:Options|Commands):\n", result.output)[0]
    last = text.rstrip().splitlines()[-1].strip()
    assert last.startswith(" ".join(("occbench", *command)))


@pytest.mark.parametrize("command", _ALL, ids=" ".join)
def test_dash_h_is_help(command):
    """``-h`` prints what ``--help`` prints."""
    assert call_main(*command, "-h").output == call_main(*command, "--help").output


@pytest.mark.parametrize("command", _ALL, ids=" ".join)
def test_each_option_has_a_help_text(command):
    """No option is left to be guessed."""
    context = click.Context(main, info_name="occbench")
    found = main
    for name in command:
        found = found.get_command(context, name)
    silent = [p.opts for p in found.params if isinstance(p, click.Option) and not p.help]
    assert silent == []


def test_the_help_names_every_command():
    """All commands are listed with a summary."""
    listing = call_main("--help").output.partition("Commands:\n")[2]
    summaries = dict(line.split(maxsplit=1) for line in listing.splitlines() if line.strip())
    assert set(COMMANDS) <= set(summaries)


def test_every_command_has_a_file_and_every_file_a_command():
    """A new file in the folder is a command, or one of the three that hold none."""
    files = {path.stem.replace("_", "-") for path in (_ROOT / "occbench" / "cli").glob("*.py")}
    assert files - {"--init--", "main", "options"} == set(COMMANDS)


def test_the_version_is_that_of_the_package():
    """``--version`` prints one line."""
    assert call_main("--version").output == f"occbench, version {occbench.__version__}\n"


def test_the_module_is_the_command():
    """``python -m occbench`` works and is called occbench."""
    done = subprocess.run(
        [sys.executable, "-m", "occbench", "--help"],
        cwd=_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "Usage: " in done.stdout
    assert "occbench scan drawn" in done.stdout
