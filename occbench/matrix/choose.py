"""Which plan a call of ``occbench matrix`` means: stored, from a file, or from options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from occbench.core.atomic import write_text
from occbench.errors import DataError, UnknownName
from occbench.matrix.plan import Plan
from occbench.matrix.record import PLAN
from occbench.splits.partitioning import Partitioning
from occbench.training.recipe import Recipe
from occbench.workspace import Workspace

RECIPE = "small-48"


@dataclass(frozen=True)
class Choices:
    """What the options say; None where an option was not given."""

    data_set: str | None = None
    recipe: str | None = None
    occluder: str | None = None
    seeds: tuple[int, ...] | None = None
    images: str | None = None
    partitions: str | None = None
    weights: str | None = None
    membership: str | None = None

    def given(self) -> list[str]:
        """The options that were given and that a plan file would decide.

        Weights are not among them: where they lie differs from machine to machine.
        """
        values = vars(self).items()
        return [name for name, value in values if value is not None and name != "weights"]


def choose_plan(
    workspace: Workspace, name: str | None, plan_file: Path | None, choices: Choices
) -> tuple[str, Plan]:
    """The matrix's name and its plan.

    A matrix that was begun keeps its plan; options may add seeds to it. Without one, the plan
    file decides, or the options and the defaults.

    Raises:
        DataError: a plan and options at once, or no data set can be chosen.
        StaleState: the matrix has cells that another plan made.
    """
    if plan_file is not None and choices.given():
        raise DataError(
            f"--plan decides everything; leave --{choices.given()[0].replace('_', '-')} out or "
            "write it into the plan."
        )
    if plan_file is not None:
        wanted = _beginning(Plan.load(plan_file), choices)
        workspace.choose(wanted.data_set)
        chosen = name or wanted.data_set
        stored = _stored(workspace, chosen)
    else:
        chosen = name or choices.data_set or workspace.choose(None)
        stored = _stored(workspace, chosen)
        wanted = _wanted(workspace, chosen, stored, choices)
    if stored is None:
        return chosen, wanted
    return chosen, wanted.after(stored, workspace.matrix(chosen) / PLAN)


def stored_plan(workspace: Workspace, name: str | None) -> tuple[str, Plan]:
    """The name and the plan of a matrix that was begun; the only one if none is named.

    Raises:
        UnknownName: there is no such matrix.
        DataError: none is named and there is not exactly one.
    """
    names = workspace.matrix_names()
    if name is None and len(names) != 1:
        known = f"Choose one of: {', '.join(names)}." if names else "Run 'occbench matrix' first."
        raise DataError(f"The workspace '{workspace.root}' holds {len(names)} matrices. {known}")
    chosen = names[0] if name is None else name
    if chosen not in names:
        raise UnknownName("matrix", chosen, names)
    return chosen, Plan.load(workspace.matrix(chosen) / PLAN)


def store_plan(folder: Path, plan: Plan) -> None:
    """Writes the complete plan beside its cells."""
    write_text(folder / PLAN, plan.to_toml())


def _stored(workspace: Workspace, name: str) -> Plan | None:
    path = workspace.matrix(name) / PLAN
    return Plan.load(path) if path.is_file() else None


def _wanted(workspace: Workspace, name: str, stored: Plan | None, choices: Choices) -> Plan:
    if stored is None:
        known = name if name in workspace.names() else None
        if known is None and not choices.given():
            raise DataError(
                f"There is no matrix and no data set '{name}'. To begin a matrix of that name, say "
                "what it is made of with --recipe, --occluder, --data-set or --plan."
            )
        data_set = workspace.choose(choices.data_set or known)
        plan = Plan(data_set, Recipe.load(choices.recipe or RECIPE))
    else:
        plan = stored
        if choices.recipe is not None:
            plan = replace(plan, recipe=Recipe.load(choices.recipe))
        if choices.data_set is not None:
            plan = replace(plan, data_set=workspace.choose(choices.data_set))
    plan = _beginning(plan, choices)
    if choices.partitions is not None:
        plan = replace(plan, partitions=Partitioning(source=choices.partitions))
    if choices.membership is not None:
        everyone = choices.membership == "all"
        plan = replace(plan, partitions=replace(plan.partitions, all_faces=everyone))
    return replace(
        plan,
        occluder=plan.occluder if choices.occluder is None else choices.occluder,
        seeds=plan.seeds if choices.seeds is None else choices.seeds,
        images=choices.images or plan.images,
    )


def _beginning(plan: Plan, choices: Choices) -> Plan:
    if choices.weights is None:
        return plan
    return replace(plan, recipe=plan.recipe.beginning_with(choices.weights))
