"""``occbench audit``."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import (
    FAILED,
    console_options,
    json_option,
    workers_option,
    workspace_option,
)

if TYPE_CHECKING:
    from occbench.dataset.audit import Audit
    from occbench.dataset.layout_audit import PartAudit

_MOST_KINDS = 4
"""So many kinds of copies are named beside each part of a layout."""


@click.command(short_help="Look for what spoils experiments.")
@click.argument("name", required=False)
@click.option(
    "--fix",
    type=click.Choice(["group"]),
    help="group: put copies of one image into one group, so that no split parts them.",
)
@click.option(
    "--near",
    type=click.FloatRange(0.5, 1.01),
    default=0.92,
    show_default=True,
    help="Correlation of thumbnails from which two images are near copies; 1.01 for none.",
)
@click.option(
    "--layout",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="In place of a data set: which image of which face stood in which part of an experiment.",
)
@workers_option
@workspace_option
@json_option
@console_options
def command(
    name: str | None,
    fix: str | None,
    near: float,
    layout: Path | None,
    workers: int | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Look for what spoils experiments: copies across partitions, bad labels, bad images.

    Every image is read once. The tables are also written into the workspace.

    With --layout a table of somebody's experiment is read instead, and no image and no workspace:
    do other versions of one face stand in train? Its columns are in docs/reference/file-formats.md.
    The exit code is 3 if they do.

    \b
        occbench audit fer2013
        occbench audit fer2013 --fix group
        occbench audit --layout index.csv
    """
    if layout is None:
        _audit_data_set(name, fix, near, workers, folder, as_json)
    elif name or fix:
        raise click.UsageError("--layout takes the place of a data set; it goes with --json only.")
    else:
        _audit_layout(layout, as_json)


def _audit_data_set(
    name: str | None, fix: str | None, near: float, workers: int | None, folder: Path, as_json: bool
) -> None:
    from occbench.core.lock import sole_writer
    from occbench.core.parallel import available_workers
    from occbench.dataset.audit import audit, group_copies
    from occbench.dataset.faces import ManifestFaces
    from occbench.dataset.manifest import Manifest
    from occbench.workspace import Workspace

    workspace = Workspace.find(folder)
    chosen = workspace.choose(name)
    path = workspace.manifest(chosen)
    # Nobody may scan anew while groups are being found for the faces there are now.
    with sole_writer(path.parent) if fix else nullcontext():
        manifest = Manifest.read(path)
        faces = ManifestFaces(manifest, workspace.data_root(chosen))
        found = audit(faces, manifest, workers=workers or available_workers(), near=near)
        report = workspace.report(f"audit-{chosen}")
        found.write(report)
        changed = None
        if fix == "group":
            fixed = group_copies(found)
            fixed.write(path)
            changed = int((fixed.faces["group"] != manifest.faces["group"]).sum())
    if as_json:
        findings = {"report": str(report), "findings": found.summary(), "moved": changed}
        click.echo(json.dumps(findings))
    else:
        click.echo(f"{chosen}: {len(manifest):,} faces. All findings: {report}\n")
        _tell(found)
        if changed is not None:
            click.echo(f"\n{changed:,} faces were moved into groups of copies.")
    if found.broken:
        raise click.exceptions.Exit(FAILED)


def _audit_layout(path: Path, as_json: bool) -> None:
    from occbench.core.console import table
    from occbench.dataset.layout_audit import audit_layout
    from occbench.dataset.layout_table import read_layout

    found = audit_layout(read_layout(path))
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=2))
    else:
        click.echo(f"{path}: {found.images:,} images of {found.faces:,} faces.\n")
        head = ["part", "images", "with their face in train", "share", "its versions in train"]
        click.echo(table(head, [_part_row(part) for part in found.parts]))
        told = found.findings() or ("No image has a version of its face in train.",)
        click.echo("\n" + "\n".join([*told, *found.remarks]))
    if found.leaks:
        raise click.exceptions.Exit(FAILED)


def _part_row(part: PartAudit) -> tuple[str, str, str, str, str]:
    kinds = [f"{kind} {number:,}" for kind, number in part.kinds.items()]
    if part.same:
        kinds.insert(0, f"itself {part.same:,}")
    if len(kinds) > _MOST_KINDS:
        kinds[_MOST_KINDS:] = [f"{len(kinds) - _MOST_KINDS} more"]
    share = f"{part.share:.1%}".replace("%", " %")
    return part.name, f"{part.images:,}", f"{part.shared:,}", share, ", ".join(kinds) or "-"


def _tell(found: Audit) -> None:
    from occbench.core.console import table

    rows = [(what, "" if n is None else n, number) for what, n, number in found.summary()]
    click.echo(table(["finding", "groups", "faces"], rows))
    click.echo("\n" + _per_class("faces", found.manifest.counts()))
    missing = found.missing_landmarks()
    if len(missing.columns):
        click.echo("\n" + _per_class("without usable landmarks", missing))


def _per_class(title: str, counts: object) -> str:
    import pandas as pd

    from occbench.core.console import table

    assert isinstance(counts, pd.DataFrame)
    rows = zip(counts.index, counts.to_numpy().tolist(), strict=True)
    return table([title, *(name or "-" for name in counts.columns)], [(n, *r) for n, r in rows])
