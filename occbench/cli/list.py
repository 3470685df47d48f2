"""``occbench list``."""

from __future__ import annotations

import json
from typing import Any

import click

from occbench.cli.options import json_option

KINDS = ("occluders", "devices", "adapters", "backbones", "recipes")


@click.command(short_help="List occluders, headsets, adapters, backbones and recipes.")
@click.argument("kind", type=click.Choice(KINDS), required=False)
@json_option
def command(kind: str | None, as_json: bool) -> None:
    """List what there is to choose from: occluders, headsets, adapters, backbones, recipes.

    \b
        occbench list
        occbench list devices --json
    """
    found = {name: _names(name) for name in ([kind] if kind else KINDS)}
    if as_json:
        click.echo(json.dumps({**found, **_facts(found)}, indent=2))
        return
    for name, entries in found.items():
        click.echo(f"{name}:")
        width = max(map(len, entries))
        for entry, text in entries.items():
            click.echo(f"  {entry:<{width}}  {text}")
            if kind == "backbones":
                _echo_facts(entry)


def _names(kind: str) -> dict[str, str]:
    """Names with one line each, read without importing the components."""
    if kind == "devices":
        from occbench.occluders.devices import devices

        return {
            name: f"{device.name}, {device.width_mm:g} x {device.height_mm:g} mm; {device.source}"
            for name, device in devices().items()
        }
    if kind == "recipes":
        from occbench.training.recipe import recipe_summaries

        return recipe_summaries()
    if kind == "occluders":
        from occbench.occluders.base import REGISTRY as registry  # noqa: N811
    elif kind == "backbones":
        from occbench.models.base import REGISTRY as registry  # noqa: N811
    else:
        from occbench.dataset.adapters.base import REGISTRY as registry  # noqa: N811
    return {name: registry.summary(name) for name in registry.names()}


def _facts(found: dict[str, dict[str, str]]) -> dict[str, dict[str, Any]]:
    """All that is known of the backbones, if they are asked for."""
    from occbench.models.facts import backbone_facts

    return {
        kind: {name: backbone_facts(name) for name in names}
        for kind, names in found.items()
        if kind == "backbones"
    }


def _echo_facts(name: str) -> None:
    from occbench.models.facts import backbone_lines

    for line in backbone_lines(name):
        click.echo(click.wrap_text(line, 100, initial_indent="    ", subsequent_indent="      "))
