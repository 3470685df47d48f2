"""``occbench check-table``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import FAILED, json_option

if TYPE_CHECKING:
    from occbench.reference.check import Outcome


@click.command(short_help="Check a printed table of results against itself.")
@click.argument("table", metavar="FILE.csv|REPORT")
@click.option(
    "--printed",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The metrics that are printed beside a confusion matrix.",
)
@click.option("--all", "every", is_flag=True, help="Show every check, not only what is wrong.")
@json_option
def command(table: str, printed: Path | None, every: bool, as_json: bool) -> None:
    """Check whether the numbers of a printed table fit together.

    FILE.csv is a table of accuracies or a confusion matrix; docs/reference/file-formats.md has the
    columns. Relative changes are computed again, accuracies must be a whole number of faces, mixed
    must lie near the mean of normal and occluded, and metrics must be those of the matrix.

    REPORT is a published report that comes with occbench, such as report-001: all its tables.

    The exit code is 3 if something does not fit.

    \b
        occbench check-table table.csv
        occbench check-table confusion.csv --printed metrics.csv
        occbench check-table report-001 --all
    """
    from occbench.reference.check_files import check_file, check_report, is_report

    if is_report(table):
        if printed:
            raise click.UsageError("--printed goes with a confusion matrix, not with a report.")
        outcomes = check_report(table)
    else:
        outcomes = (check_file(Path(table), printed),)
    passed = not any(outcome.findings for outcome in outcomes)
    if as_json:
        tables = [outcome.to_json() for outcome in outcomes]
        click.echo(json.dumps({"passed": passed, "tables": tables}, indent=2))
    else:
        click.echo("\n\n".join(_as_text(outcome, every) for outcome in outcomes))
    if not passed:
        raise click.exceptions.Exit(FAILED)


def _as_text(outcome: Outcome, every: bool) -> str:
    """The title, the recomputed numbers, how many checks agreed, and the findings."""
    from occbench.core.console import table

    parts = [outcome.name]
    if outcome.details:
        parts.append(table(outcome.details[0], outcome.details[1:]))
    if outcome.checks:
        parts.append(table(["check", "agree", "disagree", "not made"], outcome.summary()))
    texts = [check.text for check in outcome.checks] if every else outcome.findings
    absent = () if every else outcome.not_made
    parts += ["\n".join(each) for each in (texts, absent, outcome.remarks) if each]
    if outcome.checks and not outcome.findings:
        made = any(check.passed is not None for check in outcome.checks)
        parts.append("No contradiction was found." if made else "No check could be made.")
    return "\n\n".join(parts)
