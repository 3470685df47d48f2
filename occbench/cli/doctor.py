"""``occbench doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from occbench.cli.options import json_option, workspace_option

if TYPE_CHECKING:
    from occbench.doctor.finding import Finding


@click.command(short_help="Say what is ready here, what is missing, and what to do.")
@click.argument("plan", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--devices", is_flag=True, help="Also load Keras and name what it computes on.")
@workspace_option
@json_option
def command(plan: Path | None, devices: bool, folder: Path, as_json: bool) -> None:
    """Say what is ready on this machine and what is missing; nothing is changed or fetched.

    With PLAN, a plan.toml: only what that plan needs, and the call that makes its matrix. Exit code
    1 means that something is missing without which nothing, or this plan, works.

    \b
        occbench doctor
        occbench doctor --devices
        occbench doctor plan.toml
    """
    from occbench.doctor.environment import look_at_devices, look_at_environment
    from occbench.doctor.finding import guarded

    found = look_at_environment()
    if devices:
        found += guarded("devices", "Keras", look_at_devices, needed=True)
    call = ""
    # Without its packages nothing more can be looked at.
    if not any(each.blocks for each in found):
        more, call = _about_plan(folder, plan) if plan else (_about_all(folder), "")
        found += more
    ready = not any(each.blocks for each in found)
    _tell(found, call if ready else "", ready, as_json)
    raise SystemExit(0 if ready else 1)


def _about_all(folder: Path) -> list[Finding]:
    from occbench.doctor.finding import guarded
    from occbench.doctor.inventory import WEIGHTS, look_at_all, look_at_weights
    from occbench.doctor.rooms import find_workspace

    workspace, found = find_workspace(folder, needed=False)
    if workspace is not None:
        found += look_at_all(workspace)
    return found + guarded(WEIGHTS, "published weights", look_at_weights)


def _about_plan(folder: Path, plan: Path) -> tuple[list[Finding], str]:
    from occbench.doctor.needs import look_at_plan

    diagnosis = look_at_plan(folder, plan)
    return list(diagnosis.findings), diagnosis.command


def _tell(found: list[Finding], call: str, ready: bool, as_json: bool) -> None:
    from occbench.doctor.finding import as_text

    if as_json:
        import json

        findings = [each.to_json() for each in found]
        click.echo(json.dumps({"ready": ready, "command": call, "findings": findings}, indent=2))
        return
    click.echo(as_text(found))
    if call:
        click.echo(f"\nReady: {call}")
