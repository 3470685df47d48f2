"""``occbench show``."""

from __future__ import annotations

from pathlib import Path

import click

from occbench.cli.options import console_options, occluder_option, workspace_option


@click.command(short_help="Write contact sheets with landmarks and the occluder.")
@click.argument("name", required=False)
@occluder_option
@click.option(
    "--count", type=click.IntRange(1, 400), default=16, show_default=True, help="Faces per class."
)
@click.option(
    "--columns", type=click.IntRange(1, 20), default=4, show_default=True, help="Faces per row."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, others."
)
@workspace_option
@console_options
def command(
    name: str | None, occluder: str, count: int, columns: int, seed: int, folder: Path
) -> None:
    """Write a contact sheet per class: faces with landmarks, and the same faces occluded.

    \b
        occbench show
        occbench show fer2013 --occluder gear-vr --count 24
    """
    from occbench.core.atomic import replacing
    from occbench.core.console import progress
    from occbench.dataset.contact_sheet import choose_faces, contact_sheet
    from occbench.dataset.faces import ManifestFaces
    from occbench.dataset.images import encode_image
    from occbench.dataset.manifest import Manifest
    from occbench.occluders.base import make_occluder, variant_name
    from occbench.workspace import Workspace

    workspace = Workspace.find(folder)
    chosen = workspace.choose(name)
    manifest = Manifest.read(workspace.manifest(chosen))
    faces = ManifestFaces(manifest, workspace.data_root(chosen))
    covering = make_occluder(occluder)
    target = workspace.report(f"show-{chosen}")
    labels = manifest.classes.names
    for label in progress(labels, total=len(labels), label="show", unit=" classes"):
        ids = choose_faces(manifest, label, count, seed)
        title = f"{chosen}: {label}, {variant_name(covering)}"
        sheet = contact_sheet(faces, ids, covering, title, min(columns, max(len(ids), 1)))
        with replacing(target / f"{label}.png") as part:
            part.write_bytes(encode_image(sheet, "png", 100))
    click.echo(f"{len(labels)} contact sheets in {target}")
