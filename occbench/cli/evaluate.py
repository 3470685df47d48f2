"""``occbench evaluate``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import console_options, json_option, workspace_option

if TYPE_CHECKING:
    from occbench.foreign.evaluate import Evaluation
    from occbench.foreign.stored import StoredModel


@click.command(short_help="Put anybody's model on the matrix.")
@click.argument("model")
@click.option(
    "--spec",
    "spec_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file: what the model takes and gives, and its classes in their order.",
)
@click.option("--matrix", metavar="NAME", show_default="the only one", help="Whose test faces.")
@click.option("--as", "name", metavar="NAME", show_default="from MODEL", help="Name of its row.")
@click.option("--force", is_flag=True, help="Throw away what stands under that name.")
@click.option("--dry-run", is_flag=True, help="Say what would be shown to it, and show nothing.")
@workspace_option
@json_option
@console_options
def command(
    model: str,
    spec_path: Path | None,
    matrix: str | None,
    name: str | None,
    force: bool,
    dry_run: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Test MODEL on the very faces that test a matrix; its row joins the trained ones.

    MODEL is a run, a .keras or .onnx file, the folder of a SavedModel, or package.module:function
    that takes uint8 RGB (N, H, W, 3) and gives (N, K) scores. Classes are matched by name. What
    was shown is not shown again, and a killed call is simply repeated.

    \b
        occbench evaluate net.keras
        occbench evaluate ferplus.onnx --spec ferplus.toml --matrix drawn
        occbench evaluate mine.wrap:predict --spec mine.toml --as mine
    """
    from occbench.foreign.evaluate import evaluate, plan_evaluation
    from occbench.workspace import Workspace

    workspace = Workspace.find(folder)
    task = plan_evaluation(workspace, model, matrix=matrix, spec_path=spec_path, name=name)
    if task.warning:
        click.echo(f"Warning: {task.warning}", err=True)
    if dry_run:
        _preview(task, force, as_json)
        return
    given = {"--spec": spec_path, "--matrix": matrix, "--as": name}
    options = [part for flag, value in given.items() if value for part in (flag, str(value))]
    typed = shlex.join(["occbench", "evaluate", model, *options, *(["--force"] * force)])
    _tell(task, evaluate(task, command=typed, force=force), as_json)


def _preview(task: Evaluation, force: bool, as_json: bool) -> None:
    import json

    from occbench.core.console import table

    wanted = task.job.wanted()
    todo = list(wanted) if force else list(task.todo)
    if as_json:
        told = {
            "matrix": task.job.name,
            "model": task.name,
            "kind": task.source.kind,
            "classes": task.chart.describe(),
            "changed": list(task.changed),
            "variants": {variant: len(wanted[variant]) for variant in todo},
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    rows = [(v, len(ids), "to show" if v in todo else "done") for v, ids in wanted.items()]
    click.echo(f"{task.name}: {task.source.kind} {task.source.label}, matrix {task.job.name}")
    click.echo(table(["variant", "faces", "state"], rows))
    pairs = task.chart.describe().items()
    click.echo("classes: " + ", ".join(f"{mine} = {theirs or 'dropped'}" for mine, theirs in pairs))
    for remark in task.chart.remarks():
        click.echo(f"It {remark}.")
    if task.changed and not force:
        click.echo(
            f"Changed since: {', '.join(task.changed)}. It would be refused without --force."
        )


def _tell(task: Evaluation, model: StoredModel, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from occbench.foreign.stored import StoredModels
    from occbench.report.model_rows import models_text

    if as_json:
        told = {
            "matrix": task.job.name,
            "model": model.name,
            "folder": str(task.folder),
            "remarks": list(model.remarks),
            "cells": [asdict(cell) for cell in model.cells],
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(models_text(StoredModels((model,), {}), task.job.plan.test))
    click.echo(f"Beside all others: occbench leaderboard {task.job.name}")
