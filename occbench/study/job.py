"""A study in a workspace: its runs, what of them is missing, and what came out.

Nothing here loads Keras until a run has to be trained or tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from occbench.core.atomic import write_text
from occbench.core.console import bar
from occbench.errors import StaleState
from occbench.matrix.cell import Cell
from occbench.matrix.fill import Row, fill
from occbench.matrix.job import MatrixJob, open_job
from occbench.study.plan import StudyPlan
from occbench.training.data import count_images
from occbench.training.recipe import Recipe
from occbench.training.run import State
from occbench.training.start import cautions, find_start
from occbench.training.train import train
from occbench.workspace import Workspace

PLAN = "plan.toml"


@dataclass(frozen=True)
class StudyRun:
    """One training of a study.

    Attributes:
        recipe: the name of its row.
        fold: from 1; 0 without folds.
        seed: of the run.
    """

    recipe: str
    fold: int
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What a training of a study came to.

    Attributes:
        at: which one.
        run: its folder's name.
        state: how it went.
        images: training images of an epoch.
        val_faces: images of its validation part.
        cells: of its chosen epoch, one for each tested column.
    """

    at: StudyRun
    run: str
    state: State
    images: int
    val_faces: int
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, eq=False)
class StudyJob:
    """A study's plan in a workspace, with its splits.

    Attributes:
        workspace: where all lies.
        name: of the study.
        plan: what it compares.
        jobs: of each recipe and fold, as a matrix of one row.
    """

    workspace: Workspace
    name: str
    plan: StudyPlan
    jobs: dict[tuple[str, int], MatrixJob] = field(repr=False)

    @property
    def folder(self) -> Path:
        """Where plan, tables and curves lie."""
        return self.workspace.study(self.name)

    @property
    def runs(self) -> tuple[StudyRun, ...]:
        """All trainings: every recipe once before the second seed or fold begins."""
        return tuple(
            StudyRun(name, fold, seed)
            for seed in self.plan.seeds
            for fold in self.plan.splits
            for name in self.plan.recipes
        )

    def recipe(self, run: StudyRun) -> Recipe:
        """What a training is made by, with as many epochs as the plan's steps are."""
        return self._job(run)[0].plan.recipe

    def before(self, run: StudyRun) -> Outcome:
        """How far a training is.

        Raises:
            DataError, StaleState: it can never be trained.
        """
        job, row = self._job(run)
        split = job.splits[self.plan.mode]
        images = count_images(job.plan.recipe, split, job.manifest)
        return Outcome(run, job.run(row).id, job.states()[row], images, len(split.parts["val"]))

    def compute(self, after: Callable[[Sequence[Outcome]], None] | None = None) -> list[Outcome]:
        """Trains, and tests where the plan says so, what is missing.

        Args:
            after: called after each training, with all that are known by then.
        """
        # All are looked at before the first begins, so that none is refused after hours.
        waiting = [self.before(run) for run in self.runs]
        outcomes: list[Outcome] = []
        with bar(total=len(waiting), label=self.name, unit=" runs") as shown:
            for each in waiting:
                outcomes.append(self._outcome(each))
                if after is not None:
                    after(outcomes)
                shown.move(1)
        return outcomes

    def _outcome(self, before: Outcome) -> Outcome:
        job, row = self._job(before.at)
        split = job.splits[self.plan.mode]
        state = train(self.workspace, job.manifest, split, job.run(row))
        cells: tuple[Cell, ...] = ()
        if self.plan.test:
            classes = len(job.manifest.classes.names)
            cells = tuple(fill([row], job.columns, ("best",), classes, job.evaluate))
        return replace(before, state=state, cells=cells)

    def _job(self, run: StudyRun) -> tuple[MatrixJob, Row]:
        return self.jobs[run.recipe, run.fold], Row(self.plan.mode, run.seed)


def open_study(
    workspace: Workspace, name: str, plan: StudyPlan, *, dry_run: bool = False
) -> StudyJob:
    """A study's job; splits that are missing are built.

    Args:
        workspace: where all lies.
        name: of the study.
        plan: what it compares.
        dry_run: write no split and fetch no weights.

    Raises:
        DataError: the faces cannot be shared out as the plan wants.
        StaleState: the study holds what another plan made.
    """
    _check_stored(workspace.study(name) / PLAN, plan)
    jobs: dict[tuple[str, int], MatrixJob] = {}
    for fold in plan.splits:
        shared: MatrixJob | None = None
        for recipe in plan.recipes:
            wanted = plan.matrix_plan(recipe, fold)
            if shared is None:
                job = shared = open_job(workspace, name, wanted, dry_run=dry_run)
            else:
                # Faces and splits are those of every recipe: read, and held in memory, once.
                start = find_start(workspace, wanted.recipe, fetch=not dry_run)
                job = replace(shared, plan=wanted, start=start, _scores={})
            jobs[recipe, fold] = _budgeted(job, plan)
    return StudyJob(workspace, name, plan, jobs)


def _check_stored(path: Path, plan: StudyPlan) -> None:
    if not path.is_file():
        return
    changed = plan.differs_from(StudyPlan.load(path))
    if changed:
        raise StaleState(
            f"The study in '{path.parent}' was made with another plan ({', '.join(changed)} "
            "differs). Give this one another NAME, or delete that folder; finished runs are kept "
            "either way."
        )


def _budgeted(job: MatrixJob, plan: StudyPlan) -> MatrixJob:
    """The job with as many epochs as the plan's steps are."""
    if not plan.steps:
        return job
    recipe = job.plan.recipe
    images = count_images(recipe, job.splits[plan.mode], job.manifest)
    each = max(1, images // recipe.batch_size)
    epochs = max(1, round(plan.steps / each))
    return replace(job, plan=replace(job.plan, recipe=replace(recipe, epochs=epochs)))


def store_plan(job: StudyJob) -> None:
    """Writes the complete plan beside the results."""
    job.folder.mkdir(parents=True, exist_ok=True)
    write_text(job.folder / PLAN, job.plan.to_toml())


def remarks(job: StudyJob, outcomes: Sequence[Outcome] = ()) -> list[str]:
    """What a reader of the numbers must know: odd beginnings, and trainings that went wrong."""
    found = [
        f"{name}: {sentence}"
        for name, recipe in job.plan.recipes.items()
        for sentence in cautions(recipe, job.workspace)
    ]
    for one in outcomes:
        fold = f"fold {one.at.fold}, " if one.at.fold else ""
        found += [f"{one.at.recipe}, {fold}seed {one.at.seed}, {each}" for each in one.state.alarms]
    return found


def histories(outcomes: Sequence[Outcome]) -> Iterator[tuple[StudyRun, pd.DataFrame, int]]:
    """Which training, a row for each of its epochs, and the chosen one."""
    for one in outcomes:
        yield one.at, pd.DataFrame(list(one.state.epochs)), one.state.best


def epoch_of(outcome: Outcome) -> dict[str, Any]:
    """The row of the chosen epoch."""
    return dict(outcome.state.epochs[outcome.state.best - 1])
