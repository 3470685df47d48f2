"""``occbench report``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import console_options, json_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from occbench.workspace import Workspace


@click.command(short_help="Write a page with table, pictures and recipe.")
@click.argument("name", required=False)
@click.option(
    "--reference",
    "references",
    multiple=True,
    metavar="REPORT",
    help="A published report to stand beside the matrix, such as report-001; may be repeated.",
)
@click.option("--no-faces", is_flag=True, help="Show no picture of a face, nor write one.")
@workspace_option
@json_option
@console_options
def command(
    name: str | None, references: tuple[str, ...], no_faces: bool, folder: Path, as_json: bool
) -> None:
    """Write the report of the matrix NAME: one folder with an index.html that needs no network.

    NAME may be left out if there is one matrix. With --no-faces, pictures of faces that an
    earlier report left in the folder are removed.

    \b
        occbench report
        occbench report affectnet --reference report-001 --no-faces
    """
    from occbench.workspace import Workspace

    page = make_report(Workspace.find(folder), name, references=references, faces=not no_faces)
    click.echo(json.dumps({"page": str(page)}) if as_json else f"{page}")


def make_report(
    workspace: Workspace,
    name: str | None,
    *,
    references: Sequence[str] = (),
    faces: bool = True,
) -> Path:
    """Writes the report of a matrix and gives its page."""
    from occbench.matrix.choose import stored_plan
    from occbench.matrix.job import open_job
    from occbench.reference.published import load_reference
    from occbench.report.gather import gather
    from occbench.report.page import write_report

    published = [load_reference(one) for one in dict.fromkeys(references)]
    chosen, plan = stored_plan(workspace, name)
    facts = gather(open_job(workspace, chosen, plan), references=published, pictures=faces)
    return write_report(facts, workspace.report(f"matrix-{chosen}"))
