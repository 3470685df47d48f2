"""``occbench explain``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occbench.cli.options import console_options, json_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from occbench.explain.record import Explanation

METHODS = ("kernels", "activations", "sensitivity", "grad-cam", "regions")


@click.command(short_help="Show what a trained network looks at.")
@click.argument("run")
@click.option(
    "--method",
    "methods",
    multiple=True,
    type=click.Choice([*METHODS, "all"]),
    show_default="all",
    help="What to compute; may be repeated.",
)
@click.option(
    "--faces",
    multiple=True,
    metavar="N|KEY",
    show_default="some of each class",
    help="The id of a face, may be repeated; or how many faces, the classes in turn.",
)
@click.option(
    "--per-class",
    type=click.IntRange(1),
    metavar="N",
    show_default="8; all faces for regions",
    help="Faces of each class, drawn by their ids.",
)
@click.option(
    "--layer",
    default="",
    metavar="NAME",
    show_default="the first convolution; the last maps for Grad-CAM",
    help="Whose kernels, activations or maps.",
)
@click.option(
    "--variant",
    default="normal",
    show_default=True,
    metavar="normal|occluded|SPEC",
    help="How the faces are shown.",
)
@click.option(
    "--part",
    type=click.Choice(["val", "test"]),
    default="val",
    show_default=True,
    help="Whose faces; a look at test faces is counted.",
)
@click.option(
    "--patch",
    type=click.IntRange(1),
    show_default="a sixth of the face, 8 of 48 pixels",
    help="Side of the patch that slides over the face.",
)
@click.option(
    "--stride",
    type=click.IntRange(1),
    show_default="a quarter of the patch",
    help="How far it slides each time, in pixels.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="runs/RUN/explain",
    help="Where the folders go; a report finds those of the default.",
)
@workspace_option
@json_option
@console_options
def command(run: str, folder: Path, as_json: bool, methods: tuple[str, ...], **how: Any) -> None:
    """Show what RUN, a folder in 'runs', looks at: kernels, activations, and where it matters.

    Its best epoch is explained on validation faces. Each method writes a folder with PNG, SVG
    and CSV; 'occbench report' shows them. 'regions' covers forehead, brows, eyes, nose, mouth
    and jaw in turn and compares with random patches of the same area.

    \b
        occbench explain normal-seed0-0123456789
        occbench explain normal-seed0-0123456789 --method regions --variant occluded
        occbench explain normal-seed0-0123456789 --method grad-cam --faces f17 --faces f32
    """
    from occbench.explain.plan import Wish, plan_explanation
    from occbench.explain.record import ROOM
    from occbench.explain.subject import find_subject
    from occbench.workspace import Workspace

    workspace, out = Workspace.find(folder), how.pop("out")
    subject = find_subject(workspace, run)
    chosen = METHODS if not methods or "all" in methods else tuple(dict.fromkeys(methods))
    plan = plan_explanation(subject, Wish(methods=chosen, **how))
    # Both load Keras, which a misspelt name need not wait for.
    from occbench.explain.job import explain
    from occbench.report.explanation_figures import drawings
    from occbench.report.figures import save

    told = []
    for found in explain(workspace, plan):
        place = found.write(out or subject.folder / ROOM)
        for one in drawings(found):
            save(one.figure, place, one.name)
        told.append((found, place))
    _tell(told, as_json)


def _tell(told: Sequence[tuple[Explanation, Path]], as_json: bool) -> None:
    if as_json:
        rows = [{**found.facts, "folder": str(place)} for found, place in told]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for found, place in told:
        click.echo(f"{found.method}: {place}")
        if found.method == "regions":
            click.echo(_region_table(found))


def _region_table(found: Explanation) -> str:
    """What all faces lose in points, part by part."""
    from occbench.core.console import table
    from occbench.report.region_map import estimate_text, matters

    rows = [
        (
            part,
            int(found.arrays["faces"][0, place]),
            estimate_text(found, "drop", 0, place),
            estimate_text(found, "control", 0, place),
            "yes" if matters(found, 0, place) else "not shown",
        )
        for place, part in enumerate(found.facts["parts"])
    ]
    return table(["part", "faces", "score lost, points", "by a random patch", "more"], rows)
