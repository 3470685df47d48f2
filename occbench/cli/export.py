"""``occbench export``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from occbench.cli.options import console_options, json_option, workspace_option


@click.command(short_help="Hand a trained network to Keras.")
@click.argument("run")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--selection",
    type=click.Choice(["best", "last"]),
    default="best",
    show_default=True,
    help="The weights of which epoch.",
)
@workspace_option
@json_option
@console_options
def command(run: str, file: Path, selection: str, folder: Path, as_json: bool) -> None:
    """Write the network of RUN, a folder in 'runs', as FILE.keras.

    The file takes grey levels or RGB of 0 to 255 and gives the probability of each class; the
    preprocessing is inside. Classes and size stand inside too, and in FILE.json for people.

    \b
        occbench export mixed-unique-seed0-0123456789 headset.keras
    """
    from occbench.errors import UnknownName
    from occbench.workspace import Workspace

    workspace = Workspace.find(folder)
    if run not in workspace.run_ids():
        raise UnknownName("run", run, workspace.run_ids())
    # It loads Keras, which a misspelt name need not wait for.
    from occbench.training.export import export

    facts = export(workspace.run(run), file, selection=selection)
    click.echo(json.dumps(facts) if as_json else f"{file}: {', '.join(facts['classes'])}")
