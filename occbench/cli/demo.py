"""``occbench demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import console_options

if TYPE_CHECKING:
    from occbench.workspace import Workspace

NAME = "demo"
PLACE = "occbench-demo"
FACES, SIDE = 2000, 64


@click.command(short_help="The whole way on drawn faces, in a few minutes.")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option(
    "--faces",
    type=click.IntRange(200, 100_000),
    default=FACES,
    show_default=True,
    help="How many to draw; fewer are quicker and tell less.",
)
@click.option(
    "--workspace",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The same as DIRECTORY.",
)
@console_options
@click.pass_context
def command(ctx: click.Context, directory: Path | None, faces: int, folder: Path | None) -> None:
    """Draw faces, cover them, train on four splits, test on three, write the report.

    DIRECTORY becomes a workspace, occbench-demo if none is given. A killed demo is simply
    repeated.

    \b
        occbench demo
        occbench demo my-demo
    """
    from occbench.cli.matrix import fill_matrix
    from occbench.cli.report import make_report
    from occbench.core.console import note
    from occbench.matrix.choose import Choices, choose_plan
    from occbench.workspace import Workspace

    before: Path | None = ctx.find_root().params.get("workspace")
    workspace = Workspace.find_or_create(directory or folder or before or Path(PLACE))
    if NAME not in workspace.names():
        note(f"Drawing {faces:,} faces into '{workspace.root}'.")
        _draw(workspace, faces)
    else:
        note(f"Going on with the faces in '{workspace.root}'.")
    choices = Choices(data_set=NAME, recipe=NAME)
    name, plan = choose_plan(workspace, NAME, None, choices)
    fill_matrix(workspace, name, plan)
    page = make_report(workspace, name)
    click.echo(f"\nThe report: {page}")


def _draw(workspace: Workspace, faces: int) -> None:
    from occbench.core.parallel import available_workers
    from occbench.dataset.scan import scan

    options = {"count": faces, "size": SIDE, "seed": 0}
    scan(workspace, "drawn", None, name=NAME, workers=available_workers(), options=options)
