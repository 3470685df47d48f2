"""``occbench scan``: a sub-command per data set adapter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occbench.cli.options import FAILED, console_options, workers_option, workspace_option
from occbench.errors import UnknownName

if TYPE_CHECKING:
    from occbench.dataset.adapters.base import Option


class Adapters(click.Group):
    """Makes a command of every file in ``occbench/dataset/adapters``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names of all adapters."""
        from occbench.dataset.adapters.base import REGISTRY

        return list(REGISTRY.names())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command of an adapter; for an unknown one the nearest is suggested."""
        from occbench.dataset.adapters.base import adapter

        known = self.list_commands(ctx)
        if cmd_name not in known:
            ctx.fail(str(UnknownName("data set adapter", cmd_name, known)))
        found = adapter(cmd_name)
        options = [_option(option) for option in found.OPTIONS]
        source = [
            click.Argument(["source"], type=click.Path(path_type=Path), required=True)
        ] * found.NEEDS_SOURCE
        made = click.Command(
            cmd_name,
            callback=lambda **values: _scan(cmd_name, **values),
            params=[*source, *options, _name_option(cmd_name)],
            help=f"{found.SUMMARY}\n\n\b\n    {found.EXAMPLE}",
        )
        return console_options(workspace_option(workers_option(made)))


@click.group(cls=Adapters, short_help="Read a data set into a manifest.")
def command() -> None:
    """Read a data set once into a manifest: ids, labels, partitions, groups, landmarks.

    The first scan in a folder makes it a workspace. Each kind of data set has options of its
    own:

    \b
        occbench scan drawn --count 2000
        occbench scan fer2013 --help
    """


def _name_option(default: str) -> click.Option:
    return click.Option(
        ["--name"], default=default, show_default=True, help="The data set's name from now on."
    )


def _option(option: Option) -> click.Option:
    flag = "--" + option.name.replace("_", "-")
    if option.kind is bool:
        return click.Option([flag, option.name], is_flag=True, help=option.help)
    kind: Any = option.kind
    if option.choices:
        kind = click.Choice(option.choices)
    elif option.kind is Path:
        kind = click.Path(path_type=Path)
    return click.Option(
        [flag, option.name],
        type=kind,
        default=option.default,
        show_default=option.default is not None,
        help=option.help,
    )


def _scan(
    kind: str,
    *,
    name: str,
    folder: Path,
    workers: int | None,
    source: Path | None = None,
    **options: Any,
) -> None:
    from occbench.core.console import table
    from occbench.core.parallel import available_workers
    from occbench.dataset.scan import scan
    from occbench.workspace import Workspace

    workspace = Workspace.find_or_create(folder)
    found = scan(
        workspace, kind, source, name=name, workers=workers or available_workers(), options=options
    )
    counts = found.manifest.counts()
    click.echo(f"{name}: {len(found.manifest):,} faces in {workspace.manifest(name)}")
    heads = ["class", *(partition or "-" for partition in counts.columns), "with landmarks"]
    click.echo(table(heads, found.rows()))
    for warning in found.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if found.problems:
        first = found.problems[0]
        click.echo(
            f"{len(found.problems)} items could not be taken as they are, the first: "
            f"{first.item}: {first.reason.rstrip('.')}. All are in {workspace.problems(name)}.",
            err=True,
        )
        raise click.exceptions.Exit(FAILED)
