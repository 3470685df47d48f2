"""The command group, and the one place where errors become sentences."""

from __future__ import annotations

import errno
import importlib
import sys
from pathlib import Path
from typing import Any

import click

from occbench import __version__
from occbench.errors import OccbenchError, UnknownName

# In the order of a walk through the toolkit.
COMMANDS = (
    "demo",
    "scan",
    "audit",
    "show",
    "occlude",
    "build-splits",
    "fetch",
    "train",
    "tune",
    "study",
    "matrix",
    "evaluate",
    "leaderboard",
    "explain",
    "report",
    "check-table",
    "export",
    "list",
    "doctor",
)

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
INTERRUPTED = 130


class Commands(click.Group):
    """Finds commands by file name, so that none is imported before it is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of a name; for an unknown one the nearest is suggested."""
        if cmd_name not in COMMANDS:
            ctx.fail(str(UnknownName("command", cmd_name, COMMANDS)))
        module = importlib.import_module(f"occbench.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command; what the user can put right ends in one sentence and exit code 1."""
        try:
            return super().invoke(ctx)
        except OccbenchError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            raise click.ClickException(_sentence(error)) from error
        except MemoryError as error:
            raise click.ClickException("There is not enough memory for this.") from error
        except KeyboardInterrupt:
            click.echo("Interrupted. Run the same command again to go on.", err=True)
            sys.exit(INTERRUPTED)


def _sentence(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "The disk is full. Free some space and run the same command again."
    place = f"'{error.filename}'" if error.filename else "A file"
    return f"{place} cannot be used: {error.strerror or error}."


@click.group(cls=Commands, context_settings=CONTEXT)
@click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    help="The workspace of any command; may stand behind the command too.",
)
@click.version_option(__version__, prog_name="occbench")
def main(workspace: Path | None) -> None:
    """Measure how robust facial-expression recognition is when part of the face is covered.

    All of it on drawn faces, then step by step:

    \b
        occbench demo
        occbench scan drawn
        occbench build-splits --mode all
        occbench matrix
        occbench report
    """
