"""``occbench occlude``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import (
    FAILED,
    console_options,
    json_option,
    occluder_option,
    workers_option,
    workspace_option,
)

if TYPE_CHECKING:
    from occbench.dataset.batch import Style
    from occbench.dataset.faces import FaceSource
    from occbench.occluders.base import Occluder


@click.command(short_help="Cover faces by an occluder; resumable.")
@click.argument("name", required=False)
@click.option(
    "--images",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of images, sub-folders included; needs no workspace.",
)
@click.option(
    "--landmarks",
    type=click.Path(path_type=Path),
    show_default="the image folder",
    help="A folder with <stem>_lnd.npy or <stem>.pts, or one stack .npy or .npz.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="A new or empty folder, or one to go on with.",
)
@occluder_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["png", "jpg"]),
    default="png",
    show_default=True,
    help="PNG is lossless; JPEG changes pixels outside the occluder too.",
)
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    default=95,
    show_default=True,
    help="JPEG quality.",
)
@click.option("--sham", is_flag=True, help="Write the faces unoccluded through the same path.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=0,
    show_default="all",
    help="At most this many images in this call.",
)
@click.option(
    "--verify", is_flag=True, help="Also read what is painted and make damaged images again."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done and write nothing.")
@workers_option
@workspace_option
@json_option
@console_options
def command(
    name: str | None,
    images: Path | None,
    landmarks: Path | None,
    output: Path | None,
    occluder: str,
    form: str,
    quality: int,
    sham: bool,
    limit: int,
    verify: bool,
    dry_run: bool,
    workers: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Cover faces by an occluder, image by image; a killed run is simply repeated.

    Either the data set NAME of a workspace, which may be left out if there is only one, or
    any folder of images:

    \b
        occbench occlude --images faces --landmarks points --output covered
        occbench occlude --occluder "headset(scale=1.2, fill='mean')" --workers 2
    """
    from occbench.dataset.batch import Style
    from occbench.occluders.base import make_occluder

    chosen, style = make_occluder(occluder), Style(form, quality, sham)
    if images is not None:
        if name is not None:
            raise click.UsageError("Give either NAME or --images.")
        faces, target = _folder_faces(images, landmarks, output)
    elif landmarks is not None or output is not None:
        raise click.UsageError("--landmarks and --output belong to --images.")
    else:
        faces, target = _manifest_faces(folder, name, chosen, style)
    if dry_run:
        _preview(faces, chosen, target, style, limit, verify, as_json)
    else:
        _run(faces, chosen, target, style, limit, workers, verify, as_json)


def _folder_faces(
    images: Path, landmarks: Path | None, output: Path | None
) -> tuple[FaceSource, Path]:
    from occbench.dataset.faces import FolderFaces

    if output is None:
        raise click.UsageError("--images needs --output.")
    return FolderFaces(images, landmarks or images, output), output


def _manifest_faces(
    folder: Path, name: str | None, occluder: Occluder, style: Style
) -> tuple[FaceSource, Path]:
    from occbench.dataset.occlude import workspace_job
    from occbench.workspace import Workspace

    return workspace_job(Workspace.find(folder), name, occluder, style)


def _preview(
    faces: FaceSource,
    occluder: Occluder,
    output: Path,
    style: Style,
    limit: int,
    verify: bool,
    as_json: bool,
) -> None:
    import json

    from occbench.dataset.occlude import preview
    from occbench.occluders.base import variant_name

    kept, todo = preview(faces, occluder, output, style, verify=verify)
    now = todo[: limit or None]
    if as_json:
        counts = {"total": len(faces.ids), "kept": kept, "todo": len(now)}
        click.echo(json.dumps({"output": str(output), **counts}))
        return
    click.echo(f"{variant_name(occluder)} -> {output}")
    click.echo(f"{len(faces.ids)} images: {kept} done before, {len(now)} to paint in this call.")
    for face_id in now[:5]:
        click.echo(f"  {face_id} -> {faces.stem(face_id)}{style.ending}")
    if len(now) > 5:
        click.echo(f"  and {len(now) - 5} more")


def _run(
    faces: FaceSource,
    occluder: Occluder,
    output: Path,
    style: Style,
    limit: int,
    workers: int | None,
    verify: bool,
    as_json: bool,
) -> None:
    import json

    from occbench.core.parallel import available_workers
    from occbench.dataset.occlude import PROCESSES_PAY_FROM, occlude

    workers = workers or available_workers()
    many = min(limit or len(faces.ids), len(faces.ids)) >= PROCESSES_PAY_FROM
    report = occlude(
        faces,
        occluder,
        output,
        style=style,
        workers=workers,
        limit=limit,
        processes=many,
        verify=verify,
    )
    if as_json:
        click.echo(json.dumps({"output": str(output), **report.to_json()}))
    else:
        click.echo(f"{output}: {report}")
    if report.failed:
        raise click.exceptions.Exit(FAILED)
