"""``occbench leaderboard``."""

from __future__ import annotations

from pathlib import Path

import click

from occbench.cli.options import console_options, json_option, workspace_option


@click.command(short_help="Rank trained rows and given models.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--by",
    type=click.Choice(["occluded", "gap", "area"]),
    default="occluded",
    show_default=True,
    help="Accuracy on covered faces, the smallest loss, or the mean of normal and occluded.",
)
@click.option("--each-seed", is_flag=True, help="A row for each seed instead of their mean.")
@click.option(
    "--csv",
    "csv_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write all numbers to FILE.",
)
@workspace_option
@json_option
@console_options
def command(
    names: tuple[str, ...],
    by: str,
    each_seed: bool,
    csv_path: Path | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Rank the rows of matrices by their accuracy on covered faces, or by what it costs.

    NAME is a matrix's; it may be left out where there is one only. Several, of other recipes on
    the same faces, are ranked together. Trained rows and models of 'occbench evaluate' stand
    side by side, with intervals; neighbours between which these faces show no difference are
    marked.

    \b
        occbench leaderboard
        occbench leaderboard --by gap
        occbench leaderboard small large --csv board.csv
    """
    import json

    from occbench.foreign.board import leaderboard
    from occbench.matrix.choose import stored_plan
    from occbench.matrix.job import open_job
    from occbench.workspace import Workspace

    workspace = Workspace.find(folder)
    plans = dict(stored_plan(workspace, name) for name in names or (None,))
    jobs = [open_job(workspace, name, plan, dry_run=True) for name, plan in plans.items()]
    board = leaderboard(*jobs, each_seed=each_seed, by=by)
    if csv_path is not None:
        from occbench.core.atomic import write_text
        from occbench.report.model_rows import board_csv

        write_text(csv_path, board_csv(board))
    if as_json:
        rows = [row.to_json() for row in board.rows]
        told = {
            "matrix": ", ".join(plans),
            "by": board.by,
            "selection": board.selection,
            "rows": rows,
            "remarks": list(board.remarks),
            "left_out": list(board.left_out),
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    from occbench.report.model_rows import board_text

    click.echo(board_text(board))
