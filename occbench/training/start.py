"""What a network begins with: random values, a file of published weights, or another run's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from occbench.core.digest import file_digest
from occbench.errors import DataError
from occbench.models.base import resolve_backbone
from occbench.models.keras2_file import open_weights
from occbench.training.recipe import NO_WEIGHTS, PUBLISHED, Recipe, is_file
from occbench.training.run import State, read_recipe
from occbench.workspace import Workspace

# What must be the same in the run that weights come from: the network, and what it is fed with.
_SAME = ("backbone", "channels", "planes", "preprocessing")


@dataclass(frozen=True)
class Start:
    """Where the first weights of a backbone come from.

    Attributes:
        name: for people.
        path: the file; None for random values.
        identity: changes with the weights; empty for random values.
        run: the folder of the run that trained them, if one did.
    """

    name: str
    path: Path | None = None
    identity: str = ""
    run: Path | None = None


RANDOM = Start("random values")


def at_random(recipe: Recipe, workspace: Workspace | None = None) -> str:
    """What to shout where a network that lives by its weights begins without them, else empty.

    Args:
        recipe: of the training.
        workspace: where a run that it begins from is looked up, and what that one began from.
    """
    seen: set[str] = set()
    while workspace is not None and recipe.weights in workspace.run_ids():
        if recipe.weights in seen:
            return ""
        seen.add(recipe.weights)
        recipe = read_recipe(workspace.run(recipe.weights))
    if recipe.weights != NO_WEIGHTS or not resolve_backbone(recipe.backbone)[0].published:
        return ""
    return (
        f"RANDOM WEIGHTS: '{recipe.backbone.name}' began with random values, not with the "
        "published ones. These numbers say nothing about the face-pretrained network."
    )


def foreign_input(recipe: Recipe) -> str:
    """A sentence where published weights see other numbers than they were trained on."""
    bound = resolve_backbone(recipe.backbone)[0].preprocessing
    given = recipe.weights == PUBLISHED or is_file(recipe.weights)
    # A run is fed as the one it begins from, which find_start checks.
    if not given or recipe.preprocessing == (bound or recipe.preprocessing):
        return ""
    return (
        f"The weights of '{recipe.backbone.name}' were trained with the preprocessing '{bound}', "
        f"the recipe feeds them '{recipe.preprocessing}'."
    )


def cautions(recipe: Recipe, workspace: Workspace | None = None) -> tuple[str, ...]:
    """What is to be said before a training of a recipe: ``at_random`` and ``foreign_input``."""
    return tuple(filter(None, (at_random(recipe, workspace), foreign_input(recipe))))


def find_start(workspace: Workspace, recipe: Recipe, *, fetch: bool = True) -> Start:
    """What a recipe's ``weights`` mean here.

    Args:
        workspace: whose runs are known.
        recipe: says what is wanted.
        fetch: get published weights that are not on this machine yet.

    Raises:
        DataError: there is no such file or run, the run has not ended or trained another
            network, or published weights cannot be got.
    """
    if recipe.weights == NO_WEIGHTS:
        return RANDOM
    if recipe.weights == PUBLISHED:
        path = _published(recipe, fetch)
        return Start(f"published weights {path.name}", path, _identity(path))
    if is_file(recipe.weights):
        path = Path(recipe.weights)
        for folder in (path, path.parent):
            if (folder / "run.json").is_file():
                raise DataError(f"'{path}' belongs to a run; give its id: --weights {folder.name}.")
        if not path.is_file():
            raise DataError(f"The weights '{path}' are no file. Give the path of an .h5 file.")
        # Before anything begins, as a damaged file would end it later.
        with open_weights(path):
            pass
        return Start(f"the file {path.name}", path, _identity(path))
    return _of_run(workspace, recipe)


def _published(recipe: Recipe, fetch: bool) -> Path:
    from occbench.models import published

    name = recipe.backbone.name
    network = resolve_backbone(recipe.backbone)[0].published
    if not network:
        raise DataError(
            f"'{name}' has no published weights; expected weights = 'none', a file or a run's id."
        )
    if published.find(network, include_top=False) is None and not fetch:
        raise DataError(
            f"The published weights of '{name}' are not on this machine yet. Run 'occbench fetch "
            f"{name}' first, or take weights = 'none'."
        )
    # It looks for the file first, and whether it is still the one that was downloaded.
    return published.fetch(network, include_top=False)


def _of_run(workspace: Workspace, recipe: Recipe) -> Start:
    run_id = recipe.weights
    if run_id not in workspace.run_ids():
        raise DataError(
            f"weights is '{run_id}', which is no run in '{workspace.root}'; expected none, "
            "published, the path of an .h5 file, or the name of a folder in 'runs'."
        )
    folder = workspace.run(run_id)
    state, theirs = State.read(folder), read_recipe(folder)
    path = folder / "best.weights.h5"
    if not state.ended or not path.is_file():
        raise DataError(
            f"The run '{run_id}' has not ended or has lost its weights; it cannot be begun from."
        )
    for key in _SAME:
        mine, other = getattr(recipe, key), getattr(theirs, key)
        if mine != other:
            raise DataError(
                f"The run '{run_id}' has {key} = {_said(other)}, this recipe {_said(mine)}: its "
                f"weights would see what they were not trained on. Set {key} to the same."
            )
    return Start(f"the run {run_id}, epoch {state.best}", path, _identity(path), folder)


def _said(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _identity(path: Path) -> str:
    return f"sha256:{file_digest(path)}"
