"""``occbench matrix``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import console_options, json_option, weights_option, workspace_option

if TYPE_CHECKING:
    from occbench.matrix.cells import Matrix
    from occbench.matrix.job import MatrixJob
    from occbench.matrix.plan import Plan
    from occbench.workspace import Workspace


@click.command(short_help="Train on every split, test on every split; resumable.")
@click.argument("name", required=False)
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A plan.toml; decides all but --weights that the options below would.",
)
@click.option("--data-set", help="The data set, if NAME is not it.")
@click.option("--recipe", metavar="RECIPE", show_default="small-48", help="A file or a name.")
@weights_option
@click.option("--occluder", metavar="SPEC", show_default="headset", help="What covers the face.")
@click.option("--seeds", metavar="0,1,...", show_default="0", help="A run of every row for each.")
@click.option(
    "--images",
    type=click.Choice(["on-the-fly", "painted"]),
    show_default="on-the-fly",
    help="Cover faces while training, or read what 'occbench occlude' painted.",
)
@click.option(
    "--partitions",
    type=click.Choice(["official", "stratified"]),
    show_default="official",
    help="The data set's own train and test, or drawn anew.",
)
@click.option(
    "--membership",
    type=click.Choice(["intersection", "all"]),
    show_default="intersection",
    help="Faces that can be shown in every column, or in each column all that it can show.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be trained and train nothing.")
@workspace_option
@json_option
@console_options
def command(
    name: str | None,
    plan_file: Path | None,
    data_set: str | None,
    recipe: str | None,
    weights: str | None,
    occluder: str | None,
    seeds: str | None,
    images: str | None,
    partitions: str | None,
    membership: str | None,
    dry_run: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Fill the train x test table: a run per train split and seed, each tested on every split.

    NAME is the matrix's; without it that of the data set. What is done is not done again, and a
    killed call is simply repeated.

    \b
        occbench matrix
        occbench matrix --recipe small-48 --seeds 0,1,2
        occbench matrix study --plan plan.toml --dry-run
    """
    from occbench.matrix.choose import Choices, choose_plan
    from occbench.workspace import Workspace

    choices = Choices(
        data_set=data_set,
        recipe=recipe,
        weights=weights,
        occluder=occluder,
        seeds=_seeds(seeds),
        images=images,
        partitions=partitions,
        membership=membership,
    )
    workspace = Workspace.find(folder)
    chosen, plan = choose_plan(workspace, name, plan_file, choices)
    fill_matrix(workspace, chosen, plan, dry_run=dry_run, as_json=as_json)
    if not dry_run and not as_json:
        click.echo(f"A page to read: occbench report {chosen}")


def fill_matrix(
    workspace: Workspace, name: str, plan: Plan, *, dry_run: bool = False, as_json: bool = False
) -> None:
    """Computes what is missing of a matrix and prints it."""
    from occbench.core.lock import sole_writer
    from occbench.matrix.choose import store_plan
    from occbench.matrix.job import open_job
    from occbench.matrix.record import finished, stored_findings

    if dry_run:
        _preview(open_job(workspace, name, plan, dry_run=True), as_json)
        return
    matrix = finished(workspace, name, plan)
    if matrix is None:
        job = open_job(workspace, name, plan)
        job.folder.mkdir(parents=True, exist_ok=True)
        with sole_writer(job.folder):
            _announce(job)
            store_plan(job.folder, plan)
            matrix = job.compute()
    for finding in stored_findings(workspace, name):
        click.echo(f"Warning: {finding}", err=True)
    if as_json:
        _print_json(workspace, name, matrix)
    else:
        _tell(workspace, name, matrix)


def _seeds(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise click.UsageError(
            f"--seeds is '{text}'; expected whole numbers such as 0,1,2."
        ) from error


def _preview(job: MatrixJob, as_json: bool) -> None:
    import json

    from occbench.matrix.forecast import forecast, forecast_table

    rows = forecast(job, measure=False)
    if as_json:
        click.echo(json.dumps([row.to_json() for row in rows]))
    else:
        click.echo(forecast_table(rows))


def _announce(job: MatrixJob) -> None:
    from occbench.core.console import note
    from occbench.matrix.forecast import forecast, forecast_table
    from occbench.training.start import cautions

    for sentence in cautions(job.plan.recipe, job.workspace):
        note(sentence)
    note(forecast_table(forecast(job, measure=True)))


def _print_json(workspace: Workspace, name: str, matrix: Matrix) -> None:
    import json
    from dataclasses import asdict

    from occbench.foreign.stored import stored_models

    cells = [asdict(cell) for cell in matrix.cells]
    given = [
        asdict(cell) for model in stored_models(workspace, name).models for cell in model.cells
    ]
    click.echo(json.dumps({"matrix": name, "cells": cells, "models": given}))


def _tell(workspace: Workspace, name: str, matrix: Matrix) -> None:
    from occbench.foreign.stored import stored_models
    from occbench.report.model_rows import models_text
    from occbench.report.tables import terminal_table

    for selection in matrix.selections:
        click.echo(terminal_table(matrix, selection) + "\n")
    given = models_text(stored_models(workspace, name), matrix.tests)
    if given:
        click.echo(given + "\n")
    click.echo(f"All numbers: {workspace.matrix(name)}")
