"""``occbench fetch``."""

from __future__ import annotations

import json

import click

from occbench.cli.options import console_options, json_option


@click.command(short_help="Get published weights, once.")
@click.argument("backbone")
@click.option("--top", is_flag=True, help="The file with the identity classifier.")
@json_option
@console_options
def command(backbone: str, top: bool, as_json: bool) -> None:
    """Get the published weights of BACKBONE into the user's cache, unless they are there.

    'train' and 'matrix' do so by themselves. An interrupted download goes on where it stopped;
    OCCBENCH_CACHE names another cache.

    \b
        occbench fetch vggface-resnet50
    """
    from occbench.core.digest import file_digest
    from occbench.errors import DataError
    from occbench.models.base import checked_backbone, resolve_backbone
    from occbench.models.published import fetch

    network = resolve_backbone(checked_backbone(backbone))[0].published
    if not network:
        raise DataError(f"'{backbone}' has no published weights.")
    path = fetch(network, include_top=top)
    found = {"file": str(path), "sha256": file_digest(path)}
    click.echo(json.dumps(found) if as_json else f"{path}\nSHA-256 {found['sha256']}")
