"""``occbench build-splits``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occbench.cli.options import (
    console_options,
    json_option,
    occluder_option,
    workspace_option,
)

if TYPE_CHECKING:
    from occbench.dataset.manifest import Manifest
    from occbench.splits.partitioning import Partitioning
    from occbench.splits.split import Split
    from occbench.workspace import Workspace

MODES = ("normal", "occluded", "mixed-unique", "mixed-paired")
_FRACTIONS = "0.70,0.15,0.15"


@click.command(short_help="Build train, val and test without leaks.")
@click.argument("name", required=False)
@click.option(
    "--mode",
    type=click.Choice([*MODES, "all"]),
    default="all",
    show_default=True,
    help="How faces are shown.",
)
@occluder_option
@click.option(
    "--partitions",
    "source",
    type=click.Choice(["official", "stratified"]),
    default="official",
    show_default=True,
    help="The data set's own train and test, or drawn anew.",
)
@click.option(
    "--fractions",
    show_default=_FRACTIONS,
    metavar="TRAIN,VAL,TEST",
    help="For --partitions stratified.",
)
@click.option(
    "--val-fraction",
    type=click.FloatRange(0, 1, max_open=True),
    show_default="the official validation, else 0.2",
    help="Part of train that becomes validation.",
)
@click.option(
    "--val-by",
    type=click.Choice(["face", "file"]),
    default="face",
    show_default=True,
    help="Deal validation by face and group, or draw it by file as a published protocol does: "
    "faces shown both ways then meet their twins, which is counted and said.",
)
@click.option(
    "--folds",
    type=click.IntRange(2),
    help="k-fold: k splits per mode, each with another k-th of train and val as validation.",
)
@click.option(
    "--assign",
    type=click.Choice(["seeded", "alternate"]),
    default="seeded",
    show_default=True,
    help="Which half of a mixed part is occluded: drawn, or every other face.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all draws.")
@click.option(
    "--keep-crossing",
    is_flag=True,
    help="Keep faces whose group also stands in test, as published protocols do; marks it leaky.",
)
@click.option(
    "--all-faces",
    is_flag=True,
    help="Keep faces without landmarks too, in the mode normal, as no other can show them.",
)
@click.option(
    "--export",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also make class folders there, as Keras reads them.",
)
@click.option(
    "--paint", "how", flag_value="paint", default="paint", help="Export: paint each face."
)
@click.option("--link", "how", flag_value="link", help="Export: link to images and painted images.")
@click.option("--copy", "how", flag_value="copy", help="Export: copy images and painted images.")
@workspace_option
@json_option
@console_options
def command(
    name: str | None,
    mode: str,
    occluder: str,
    source: str,
    fractions: str | None,
    val_fraction: float | None,
    val_by: str,
    folds: int | None,
    assign: str,
    seed: int,
    keep_crossing: bool,
    all_faces: bool,
    export: Path | None,
    how: str,
    folder: Path,
    as_json: bool,
) -> None:
    """Build train, val and test without leaks, and say how each face is shown there.

    Faces and groups are dealt before any variant exists, so no face meets its own twin.

    \b
        occbench build-splits --mode mixed-unique
        occbench build-splits fer2013 --partitions stratified --fractions 0.7,0.15,0.15
        occbench build-splits --mode mixed-paired --folds 5
    """
    from occbench.dataset.manifest import Manifest
    from occbench.workspace import Workspace

    workspace = Workspace.find(folder)
    manifest = Manifest.read(workspace.manifest(workspace.choose(name)))
    build = _builder(workspace, manifest, occluder, assign)
    extra = {
        "seed": seed,
        "keep_crossing": keep_crossing,
        "all_faces": all_faces,
        "val_by": val_by,
    }
    plans = _partitionings(source, fractions, val_fraction, folds, **extra)
    modes = MODES if mode == "all" else (mode,)
    splits = [build(mode=one_mode, how=plan) for one_mode in modes for plan in plans]
    built = [(split, split.write(workspace.splits())) for split in splits]
    _report(workspace, manifest, built, export, how, as_json)


def _builder(
    workspace: Workspace, manifest: Manifest, occluder: str, assign: str
) -> Callable[..., Split]:
    """``build_split`` with what all splits of a call share."""
    from occbench.dataset.manifest import read_digest
    from occbench.occluders.base import make_occluder
    from occbench.splits.build import build_split

    return partial(
        build_split,
        manifest,
        occluder=make_occluder(occluder),
        assign=assign,
        manifest_digest=read_digest(workspace.manifest(manifest.name)),
    )


def _partitionings(
    source: str,
    fractions: str | None,
    val_fraction: float | None,
    folds: int | None,
    **extra: Any,
) -> list[Partitioning]:
    from dataclasses import replace

    from occbench.splits.partitioning import Partitioning

    try:
        train, val, test = (float(part) for part in (fractions or _FRACTIONS).split(","))
    except ValueError as error:
        raise click.UsageError(
            f"--fractions is '{fractions}'; expected three numbers such as 0.7,0.15,0.15."
        ) from error
    if fractions is not None and source != "stratified":
        raise click.UsageError("--fractions belongs to --partitions stratified.")
    if folds and val_fraction is not None:
        raise click.UsageError("Give either --folds or --val-fraction.")
    if extra["val_by"] == "file" and (folds or source != "official" or val_fraction == 0):
        raise click.UsageError(
            "--val-by file draws a share of the official train part; leave --folds, --partitions "
            "stratified and --val-fraction 0 out."
        )
    base = Partitioning(source, (train, val, test), val_fraction, **extra)
    return [replace(base, folds=folds, fold=fold + 1) for fold in range(folds)] if folds else [base]


def _report(
    workspace: Workspace,
    manifest: Manifest,
    built: Sequence[tuple[Split, Path]],
    target: Path | None,
    how: str,
    as_json: bool,
) -> None:
    """Tells of the splits and makes class folders of them in ``target``, if there is one."""
    if not as_json:
        _tell(manifest, built)
    exports: dict[Path, Path] = {}
    if target is not None:
        exports = _export(workspace, manifest, built, target, how=how, tell=not as_json)
    if as_json:
        _print_json(built, exports)


def _print_json(built: Sequence[tuple[Split, Path]], exports: Mapping[Path, Path]) -> None:
    found = [
        {
            "folder": str(folder),
            "record": dict(split.record),
            "faces": split.sizes(),
            "exports": [str(exports[folder])] if folder in exports else [],
        }
        for split, folder in built
    ]
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))


def _tell(manifest: Manifest, built: Sequence[tuple[Split, Path]]) -> None:
    from occbench.core.console import note
    from occbench.splits.summary import left_out_table, split_table

    for split, folder in built:
        click.echo(f"{folder}")
        click.echo(split_table(split, manifest) + "\n")
    click.echo(left_out_table([split for split, _ in built], manifest))
    if "duplicates" not in manifest.facts:
        note(
            f"Copies of one image are not grouped and may stand on both sides. "
            f"'occbench audit {manifest.name} --fix group' keeps them together."
        )


def _export(
    workspace: Workspace,
    manifest: Manifest,
    built: Sequence[tuple[Split, Path]],
    target: Path,
    *,
    how: str,
    tell: bool,
) -> dict[Path, Path]:
    """Makes the class folders of each split; gives them by the split's own folder."""
    from occbench.splits.export import export_split

    exports = {}
    for split, folder in built:
        made = exports[folder] = export_split(workspace, manifest, split, target, how=how)
        if tell:
            images = sum(split.sizes().values())
            click.echo(f"{made}: {images:,} images in class folders ({how}).")
    return exports
