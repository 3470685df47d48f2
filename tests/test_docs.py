"""The documentation says what the program does, and its examples run."""

from __future__ import annotations

import importlib
import re
import runpy
from pathlib import Path

import click
import pytest

import occbench.occluders
from occbench.cli.main import main
from occbench.dataset.adapters.base import REGISTRY as ADAPTERS
from occbench.occluders.base import REGISTRY as OCCLUDERS
from occbench.occluders.devices import devices
from tests.harness import OCCLUDER_CHECKS, OccluderContract

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def _commands(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found += _commands(command.get_command(context, name), f"{path} {name}")
    return found


@pytest.mark.parametrize(("path", "command"), _commands(main, "occbench"))
def test_reference_names_every_command_and_option(path, command):
    """docs/reference/cli.md has a section per command with each of its options."""
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    match = re.search(rf"^#+ {re.escape(path)}\n\n```\n(.*?)\n```", text, re.M | re.S)
    assert match, f"{path} is missing; run docs/reference/make_cli.py"
    for parameter in command.params:
        for flag in parameter.opts:
            if flag.startswith("--"):
                assert flag in match.group(1)


@pytest.mark.parametrize("name", [*OCCLUDERS.names(), *devices()])
def test_reference_names_every_occluder_and_device(name):
    """docs/reference/occluders.md mentions each by its name."""
    assert name in (DOCS / "reference" / "occluders.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ADAPTERS.names())
def test_docs_name_every_adapter(name):
    """Some page shows how each data set is scanned."""
    pages = "".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    assert f"occbench scan {name}" in pages


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=str)
def test_links_between_pages_lead_somewhere(page):
    """Every relative link in a page is a file."""
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page} links to {target}"


@pytest.mark.parametrize("check", OCCLUDER_CHECKS)
def test_the_documented_occluder_keeps_the_contract(check, tmp_path, monkeypatch):
    """The example of "Add an occluder" works as it stands."""
    text = (DOCS / "how-to" / "add-an-occluder.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.S).group(1)
    (tmp_path / "scarf.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(
        occbench.occluders, "__path__", [*occbench.occluders.__path__, str(tmp_path)]
    )
    monkeypatch.setattr(OCCLUDERS, "names", lambda: ("scarf",))
    importlib.invalidate_caches()
    monkeypatch.delitem(__import__("sys").modules, "occbench.occluders.scarf", raising=False)
    getattr(OccluderContract("scarf"), check)()


def test_the_python_example_runs(tmp_path, monkeypatch, capsys):
    """The example of docs/reference/python.md covers a drawn face and prints how much."""
    import numpy as np

    from occbench.dataset.drawing import draw_face
    from occbench.dataset.images import encode_image

    face = draw_face(identity=1, expression="surprise", index=0, seed=0, size=96)
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "anna.jpg").write_bytes(encode_image(face.image, "jpg", 95))
    np.save(tmp_path / "faces" / "anna_lnd.npy", face.landmarks)
    text = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    (tmp_path / "example.py").write_text(re.search(r"```python\n(.*?)```", text, re.S).group(1))
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path("example.py")
    left = names["region"].mask((96, 96))
    assert (names["covered"][left] == 0).all()
    assert (names["covered"][~left] == names["image"][~left]).all()
    assert f"{left.mean():.1%}" in capsys.readouterr().out


def test_the_overview_picture_is_what_its_script_draws():
    """docs/images/overview.jpg was made by make_overview.py with the faces of this version."""
    import numpy as np

    from occbench.dataset.images import read_image

    drawn = runpy.run_path(str(DOCS / "images" / "make_overview.py"))["overview"]()
    stored = read_image(DOCS / "images" / "overview.jpg")
    assert stored.shape == drawn.shape
    assert np.abs(stored.astype(int) - drawn).mean() < 4
