"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

ENVIRONMENT = "OCCBENCH_WORKSPACE"

FAILED = 3
"""Exit code of a command that finished although some items failed."""


def _set_quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    from occbench.core.console import set_quiet

    set_quiet(value)


def _set_verbose(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    from occbench.core.console import set_verbose

    set_verbose(value)


def console_options(command: Command) -> Command:
    """Adds ``-q`` and ``-v``."""
    quiet = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_set_quiet,
        help="No progress bar and no notes on stderr.",
    )
    verbose = click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_set_verbose,
        help="Also say what is read and written.",
    )
    return quiet(verbose(command))


def workspace_option(command: Command) -> Command:
    """Adds ``--workspace``, which may also stand before the command."""
    return click.option(
        "--workspace",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=_before_the_command,
        show_default="here or above",
        help="The workspace, a folder with occbench.toml.",
    )(command)


def _before_the_command() -> Path:
    """The ``--workspace`` of ``occbench`` itself, then the environment's, or the current folder."""
    root = click.get_current_context().find_root()
    given: Path | None = root.params.get("workspace")
    return given or Path(os.environ.get(ENVIRONMENT, ""))


def occluder_option(command: Command) -> Command:
    """Adds ``--occluder``."""
    return click.option(
        "--occluder",
        default="headset",
        show_default=True,
        metavar="SPEC",
        help="What covers the face, such as \"headset(device='quest-2', scale=1.1)\".",
    )(command)


def weights_option(command: Command) -> Command:
    """Adds ``--weights``."""
    return click.option(
        "--weights",
        metavar="FILE|RUN|published|none",
        show_default="the recipe's",
        help="What the network begins with: an .h5 file as keras-vggface has them, a run of this "
        "workspace, the published weights, or random values.",
    )(command)


def split_option(command: Command) -> Command:
    """Adds ``--split``."""
    return click.option(
        "--split",
        "split_name",
        required=True,
        metavar="MODE",
        help="normal, occluded, mixed-unique, mixed-paired, or the folder name of a split.",
    )(command)


def workers_option(command: Command) -> Command:
    """Adds ``--workers``."""
    return click.option(
        "--workers",
        type=click.IntRange(1, 256),
        show_default="one per core",
        help="How many work at once; their number never changes a result.",
    )(command)


def json_option(command: Command) -> Command:
    """Adds ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)
