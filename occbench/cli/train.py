"""``occbench train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import (
    console_options,
    json_option,
    split_option,
    weights_option,
    workspace_option,
)

if TYPE_CHECKING:
    from occbench.training.run import State


@click.command(short_help="Train one recipe on one split; resumable.")
@click.argument("recipe")
@click.argument("name", required=False)
@split_option
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), show_default="the recipe's", help="Seed."
)
@weights_option
@click.option(
    "--images",
    type=click.Choice(["on-the-fly", "painted"]),
    default="on-the-fly",
    show_default=True,
    help="Cover faces while training, or read what 'occbench occlude' painted.",
)
@click.option(
    "--keep",
    type=click.Choice(["best-and-last", "every-epoch"]),
    default="best-and-last",
    show_default=True,
    help="Which weights stay on disk.",
)
@click.option("--tensorboard", is_flag=True, help="Also write events for TensorBoard.")
@click.option("--force", is_flag=True, help="Throw a finished or begun run away and train anew.")
@workspace_option
@json_option
@console_options
def command(
    recipe: str,
    name: str | None,
    split_name: str,
    seed: int | None,
    weights: str | None,
    images: str,
    keep: str,
    tensorboard: bool,
    force: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Train the network of RECIPE, a TOML file or a built-in name, on one split.

    A killed run goes on where it stopped; a finished one is never trained again. The test part
    stays unseen: 'occbench matrix' looks at it.

    \b
        occbench train small-48 --split mixed-unique
        occbench train my-recipe.toml fer2013 --split normal --seed 1
        occbench train my-recipe.toml small --split normal --weights normal-seed0-0123456789ab
    """
    from occbench.core.console import note
    from occbench.dataset.manifest import Manifest
    from occbench.splits.find import find_split
    from occbench.training.recipe import Recipe
    from occbench.training.run import Run
    from occbench.training.start import cautions, find_start
    from occbench.training.train import Wish, painted_digest, plan_run, train
    from occbench.workspace import Workspace

    chosen = Recipe.load(recipe)
    if weights is not None:
        chosen = chosen.beginning_with(weights)
    workspace = Workspace.find(folder)
    data_set = workspace.choose(name)
    manifest = Manifest.read(workspace.manifest(data_set))
    split = find_split(workspace, manifest, split_name)
    painted = images == "painted"
    digest = painted_digest(workspace, data_set, split) if painted else ""
    start = find_start(workspace, chosen)
    for sentence in cautions(chosen, workspace):
        note(sentence)
    run = Run.of(chosen, split, seed=seed, painted=digest, weights=start.identity)
    wish = Wish(painted, keep == "every-epoch", force, tensorboard)
    place, before = plan_run(workspace, manifest, split, run, wish)
    _say_first(place, before, force)
    _tell(place, train(workspace, manifest, split, run, wish), as_json)


def _say_first(place: Path, before: State, force: bool) -> None:
    from occbench.core.console import note

    if force and place.exists():
        note(f"'{place}' is thrown away and trained anew.")
    elif before.ended:
        note(f"'{place}' has ended before; --force trains it anew.")
    elif before.last:
        note(f"'{place}' goes on after epoch {before.last}.")


def _tell(place: Path, state: State, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from occbench.core.console import table

    if as_json:
        click.echo(json.dumps({"run": place.name, "folder": str(place), **asdict(state)}))
        return
    rows = []
    for selection in ("best", "last"):
        row = state.epochs[state.epoch_of(selection) - 1]
        shares = (f"{row[key]:.1%}" for key in ("val_accuracy", "val_balanced_accuracy"))
        rows.append((selection, int(row["epoch"]), f"{row['val_loss']:.4f}", *shares))
    epochs = "1 epoch" if state.last == 1 else f"{state.last} epochs"
    click.echo(f"{place}: {state.status} after {epochs}")
    click.echo(table(["weights", "epoch", "val loss", "val accuracy", "balanced"], rows))
