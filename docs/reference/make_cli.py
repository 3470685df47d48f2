"""Writes ``cli.md`` from the commands' own help texts.

Run from anywhere: ``python docs/reference/make_cli.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from occbench.cli.main import CONTEXT, main

HEAD = """# Command line

Made from the help texts by `docs/reference/make_cli.py`.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done; 1 something the user can
put right, told in one sentence; 2 a wrong option or argument; 3 finished, but some items failed and
are named in a table; 130 interrupted. `NO_COLOR` and pipes are respected; without a terminal the
progress bar is written at most every ten seconds. `OCCBENCH_WORKSPACE` takes the place of
`--workspace`.
"""


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """The path and the help text of a command and of all below it."""
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, click.Context(below, context, name))


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for path, text in commands(main, click.Context(main, info_name="occbench", **CONTEXT)):
        level = "##" if path.count(" ") < 2 else "###"
        body = "\n".join(line.rstrip() for line in text.splitlines())
        parts.append(f"{level} {path}\n\n```\n{body}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    Path(__file__).with_name("cli.md").write_text(page(), encoding="utf-8")
