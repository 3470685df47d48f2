"""``occbench study``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import console_options, json_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from occbench.study.job import Outcome, StudyJob


@click.command(short_help="Compare recipes on one split, over seeds or folds.")
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@click.argument("name", required=False)
@click.option("--folds", type=click.IntRange(2), help="In place of the plan's: k-fold.")
@click.option("--dry-run", is_flag=True, help="Say what would be trained and train nothing.")
@workspace_option
@json_option
@console_options
def command(
    plan_file: Path,
    name: str | None,
    folds: int | None,
    dry_run: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Train the recipes of PLAN, a TOML file, on the same faces and compare them.

    NAME is the study's; without it that of the file. The test faces stay unseen unless the plan
    names tests. With folds every face of train and validation is validated once, and what is
    told is mean and deviation over the folds: none of them is chosen. A killed call is simply
    repeated.

    \b
        occbench study steps.toml
        occbench study steps.toml --folds 5
        occbench study steps.toml longer --dry-run
    """
    from dataclasses import replace
    from functools import partial

    from occbench.core.console import note
    from occbench.core.lock import sole_writer
    from occbench.study.job import open_study, remarks, store_plan
    from occbench.study.plan import StudyPlan
    from occbench.study.tables import run_table, summary
    from occbench.workspace import Workspace

    workspace = Workspace.find(folder)
    plan = StudyPlan.load(plan_file)
    if folds:
        plan = replace(plan, folds=folds)
    chosen = name or f"{plan_file.stem}{f'-{folds}-fold' if folds else ''}"
    job = open_study(workspace, chosen, plan, dry_run=dry_run)
    if dry_run:
        _preview(job, as_json)
        return
    job.folder.mkdir(parents=True, exist_ok=True)
    with sole_writer(job.folder):
        store_plan(job)
        for sentence in remarks(job):
            note(sentence)
        outcomes = job.compute(after=partial(_write_runs, job))
        runs = run_table(outcomes)
        table, said = summary(runs, plan), remarks(job, outcomes)
        _write(job, outcomes, table, said)
    _tell(job, runs, table, said, as_json)


def _preview(job: StudyJob, as_json: bool) -> None:
    import json

    from occbench.core.console import table
    from occbench.training.estimate import duration, seconds_left, seconds_per_image

    rows, told = [], []
    # Steps, seeds and folds decide nothing of what an image takes.
    usual = {
        name: seconds_per_image(job.workspace, recipe) for name, recipe in job.plan.recipes.items()
    }
    for run in job.runs:
        found, recipe, each = job.before(run), job.recipe(run), usual[run.recipe]
        left = 0.0 if found.state.ended else None
        if each is not None:
            left = seconds_left(found.state, recipe, found.images, each)
        told.append(
            {
                "recipe": run.recipe,
                "fold": run.fold,
                "seed": run.seed,
                "run": found.run,
                "images": found.images,
                "done": found.state.last,
                "epochs": recipe.epochs,
                "seconds": left,
            }
        )
        time = "not known" if left is None else "done" if not left else duration(left)
        place = f"{run.fold or '-'}"
        rows.append(
            (run.recipe, place, run.seed, found.images, found.state.last, recipe.epochs, time)
        )
    if as_json:
        click.echo(json.dumps(told))
        return
    click.echo(table(["recipe", "fold", "seed", "images", "done", "epochs", "time left"], rows))


def _write_runs(job: StudyJob, outcomes: Sequence[Outcome]) -> None:
    """The row of each run there is, so that a look is possible while others are trained."""
    from occbench.core.atomic import write_text
    from occbench.study.tables import run_table

    text = run_table(outcomes).to_csv(index=False, lineterminator="\n")
    write_text(job.folder / "runs.csv", text)


def _write(
    job: StudyJob, outcomes: Sequence[Outcome], table: pd.DataFrame, said: Sequence[str]
) -> None:
    """The row of each recipe, and the curves; those of the runs stand there."""
    from occbench.core.atomic import write_text
    from occbench.study.curves import draw
    from occbench.study.tables import markdown, text_rows

    page = markdown(*text_rows(table, job.plan), job.plan, said)
    write_text(job.folder / "table.csv", table.to_csv(index=False, lineterminator="\n"))
    write_text(job.folder / "table.md", page)
    draw(outcomes, job.plan, job.folder)


def _tell(
    job: StudyJob, runs: pd.DataFrame, table: pd.DataFrame, said: Sequence[str], as_json: bool
) -> None:
    import json

    from occbench.core import console
    from occbench.study.tables import explained, text_rows

    if as_json:
        rows = {
            key: json.loads(each.to_json(orient="records"))
            for key, each in (("recipes", table), ("runs", runs))
        }
        click.echo(json.dumps({"study": job.name, **rows, "remarks": list(said)}))
        return
    click.echo(console.table(*text_rows(table, job.plan)))
    click.echo(explained(job.plan))
    for remark in said:
        click.echo(f"- {remark}")
    click.echo(f"\nAll numbers and the curves: {job.folder}")
