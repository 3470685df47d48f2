"""``occbench tune``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occbench.cli.options import (
    console_options,
    json_option,
    split_option,
    weights_option,
    workspace_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from occbench.dataset.manifest import Manifest
    from occbench.splits.split import Split
    from occbench.tuning.trials import Search, Trial
    from occbench.workspace import Workspace

METHODS = ("annealing", "random", "tpe")
_SHOWN = 5


@click.command(short_help="Search for better values of a recipe; resumable.")
@click.argument("recipe")
@click.argument("data_set", metavar="[NAME]", required=False)
@click.option(
    "--space",
    "space_file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file that says which keys may vary and what is minimised.",
)
@split_option
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="annealing",
    show_default=True,
    help="Simulated annealing, independent draws, or Optuna's tree-structured Parzen estimator.",
)
@click.option(
    "--trials",
    type=click.IntRange(1, 100_000),
    default=31,
    show_default=True,
    help="Trainings in all; the first is the recipe as it is.",
)
@click.option(
    "--pruner",
    type=click.Choice(["none", "median"]),
    default="none",
    show_default=True,
    help="End trainings that are worse than the median of those before; not for annealing.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the search's draws."
)
@click.option("--name", show_default="RECIPE-METHOD", help="The search's folder in 'tuning'.")
@weights_option
@click.option("--dry-run", is_flag=True, help="Say what would be searched and train nothing.")
@workspace_option
@json_option
@console_options
def command(
    recipe: str,
    data_set: str | None,
    space_file: Path,
    split_name: str,
    method: str,
    trials: int,
    pruner: str,
    seed: int,
    name: str | None,
    weights: str | None,
    dry_run: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Search for values of RECIPE that do better on the validation faces of a split.

    NAME is the data set. Each trial is an ordinary run; the test faces stay unseen. A killed
    search goes on where it stopped. The best recipe is written to tuning/NAME/best.toml, which
    'occbench matrix --recipe' takes.

    \b
        occbench tune small-48 --space space.toml --split normal
        occbench tune small-48 --space space.toml --split normal --method tpe --pruner median
    """
    from occbench.workspace import Workspace

    workspace = Workspace.find(folder)
    how: dict[str, Any] = {"method": method, "pruner": pruner, "trials": trials, "seed": seed}
    faces, search = _search(
        workspace, recipe, data_set, split_name, space_file, weights, how, dry_run
    )
    place = workspace.tuning(f"{Path(recipe).stem}-{method}" if name is None else name)
    if dry_run:
        _preview(workspace, search, faces, place, as_json)
        return
    from occbench.tuning.objective import Trainer
    from occbench.tuning.search import run_search

    found = run_search(place, search, Trainer(workspace, *faces, search))
    _tell(search, found, place, as_json)


def _search(
    workspace: Workspace,
    recipe: str,
    data_set: str | None,
    split_name: str,
    space_file: Path,
    weights: str | None,
    how: dict[str, Any],
    dry_run: bool,
) -> tuple[tuple[Manifest, Split], Search]:
    """The faces that are trained and validated on, and what decides the search."""
    from occbench.core.console import note
    from occbench.dataset.manifest import Manifest
    from occbench.splits.find import find_split
    from occbench.training.recipe import Recipe
    from occbench.training.start import cautions, find_start
    from occbench.tuning.space import Space
    from occbench.tuning.trials import Search

    chosen, space = Recipe.load(recipe), Space.load(space_file)
    if weights is not None:
        chosen = chosen.beginning_with(weights)
    manifest = Manifest.read(workspace.manifest(workspace.choose(data_set)))
    split = find_split(workspace, manifest, split_name)
    for sentence in cautions(chosen, workspace):
        note(sentence)
    identity = find_start(workspace, chosen, fetch=not dry_run).identity
    return (manifest, split), Search(space, chosen, split.folder, identity, **how)


def _preview(
    workspace: Workspace,
    search: Search,
    faces: tuple[Manifest, Split],
    place: Path,
    as_json: bool,
) -> None:
    import json

    from occbench.core.console import table
    from occbench.training.data import count_images
    from occbench.training.estimate import duration, seconds_per_image
    from occbench.tuning.trials import check_record, read_table

    check_record(place, search)
    done = len(read_table(place))
    left = max(0, search.trials - done)
    each = seconds_per_image(workspace, search.recipe)
    images = left * search.recipe.epochs * count_images(search.recipe, faces[1], faces[0])
    seconds = None if each is None else images * each
    if as_json:
        known = {"folder": str(place), "trials": search.trials, "done": done, "seconds": seconds}
        click.echo(json.dumps({**known, "search": search.describe()}))
        return
    rows = [(one.key, str(one), str(search.start[one.key])) for one in search.space.parameters]
    click.echo(table(["key", "may be", "begins at"], rows))
    time = "how long is not known yet" if seconds is None else f"about {duration(seconds)}"
    click.echo(f"{place}: {done} of {search.trials} trials done, {left} to train; {time}.")


def _tell(search: Search, trials: Sequence[Trial], place: Path, as_json: bool) -> None:
    import json

    from occbench.tuning.trials import BEST, FAILED, PRUNED, best_of

    best = best_of(trials)
    if as_json:
        told = {"folder": str(place), "best": None if best is None else best.number}
        click.echo(json.dumps({**told, "trials": [trial.to_json() for trial in trials]}))
        return
    click.echo(_table(search, trials))
    counts = {state: sum(t.state == state for t in trials) for state in (PRUNED, FAILED)}
    said = "".join(f", {count} {state}" for state, count in counts.items() if count)
    click.echo(f"{len(trials)} trials{said}; {search.space.objective}, less is better.")
    failed = next((trial for trial in trials if trial.state == FAILED), None)
    if failed is not None and best is not None:
        click.echo(f"Trial {failed.number} failed: {failed.reason}")
    if best is None:
        click.echo(f"Every training failed; '{place / 'trials.csv'}' says why.")
    elif best.number == 0:
        click.echo("No trial was better than the recipe itself.")
    else:
        click.echo(f"The best, as a recipe: {place / BEST}")


def _table(search: Search, trials: Sequence[Trial]) -> str:
    """The recipe itself and the best few trials."""
    from occbench.core.console import table
    from occbench.tuning.trials import DONE

    ranked = sorted((t for t in trials if t.state == DONE), key=lambda t: (t.objective, t.number))
    shown = [*ranked[:_SHOWN], *(t for t in ranked[_SHOWN:] if t.number == 0)]
    keys = [one.key for one in search.space.parameters]
    rows = [
        (str(t.number), f"{t.objective:.4f}", *(_short(t.values[key]) for key in keys))
        for t in shown
    ]
    return table(["trial", search.space.objective, *keys], rows)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
