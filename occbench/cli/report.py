"""``occbench report``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import console_options, json_option, workspace_option

if TYPE_CHECKING:
    from occbench.workspace import Workspace


@click.command(short_help="Write a page with table, pictures and recipe.")
@click.argument("name", required=False)
@workspace_option
@json_option
@console_options
def command(name: str | None, folder: Path, as_json: bool) -> None:
    """Write the report of the matrix NAME: one folder with an index.html that needs no network.

    NAME may be left out if there is one matrix.

    \b
        occbench report
        occbench report fer2013-quest2
    """
    from occbench.workspace import Workspace

    page = make_report(Workspace.find(folder), name)
    click.echo(json.dumps({"page": str(page)}) if as_json else f"{page}")


def make_report(workspace: Workspace, name: str | None) -> Path:
    """Writes the report of a matrix and gives its page."""
    from occbench.matrix.choose import stored_plan
    from occbench.matrix.job import open_job
    from occbench.report.gather import gather
    from occbench.report.page import write_report

    chosen, plan = stored_plan(workspace, name)
    facts = gather(open_job(workspace, chosen, plan))
    return write_report(facts, workspace.report(f"matrix-{chosen}"))
