"""The documentation says what the program does, and its examples run."""

from __future__ import annotations

import importlib
import json
import re
import runpy
from dataclasses import fields
from pathlib import Path

import click
import pytest

import occbench.models.backbones
import occbench.occluders
from occbench.cli.main import main
from occbench.core.spec import parse_spec
from occbench.dataset.adapters.base import REGISTRY as ADAPTERS
from occbench.matrix.cells import COLUMNS, Matrix, make_cell
from occbench.matrix.plan import Plan
from occbench.models.base import REGISTRY as BACKBONES
from occbench.models.base import resolve_backbone
from occbench.models.specs import (
    AUGMENTATIONS,
    COPIES,
    LOSSES,
    OPTIMIZERS,
    PLANES,
    SCHEDULES,
    checked,
)
from occbench.occluders.base import REGISTRY as OCCLUDERS
from occbench.occluders.devices import devices
from occbench.splits.partitioning import Partitioning
from occbench.training.recipe import Recipe, recipe_names
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


def _page(*parts: str) -> str:
    return DOCS.joinpath(*parts).read_text(encoding="utf-8")


def _cells(text: str, heading: str) -> list[list[str]]:
    """The cells of the rows that begin with code, below a heading and up to the next one."""
    (part,) = re.findall(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    rows = re.findall(r"^\| (`.*) \|$", part, re.M)
    return [[cell.strip() for cell in row.split(" | ")] for row in rows]


def test_the_reference_has_every_key_of_a_recipe_with_its_default():
    """The documented defaults, written out, make the recipe that leaving them out makes."""
    rows = _cells(_page("reference", "recipes.md"), "Keys")
    stated = {row[0].strip("`"): row[2].strip("`") for row in rows}
    assert [*stated] == ["schema", *(each.name for each in fields(Recipe))]
    least = {"backbone": "resnet9", "size": 48, "channels": 1}
    assert {key for key, text in stated.items() if text == "required"} == {"schema", *least}
    defaults = {key: json.loads(text) for key, text in stated.items() if text != "required"}
    assert Recipe.from_mapping(least | defaults) == Recipe.from_mapping(least)


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("Augmentations", AUGMENTATIONS),
        ("Planes", PLANES),
        ("Copies", COPIES),
        ("Losses", LOSSES),
        ("Optimizers", OPTIMIZERS),
        ("Schedules", SCHEDULES),
    ],
)
def test_the_reference_has_every_spec_with_its_defaults(heading, known):
    """Each is written with all its parameters at the values they have if left out."""
    found = [row[0].strip("`") for row in _cells(_page("reference", "recipes.md"), heading)]
    specs = {parse_spec(text).name: parse_spec(text) for text in found}
    assert specs.keys() == known.keys()
    for text, (name, spec) in zip(found, specs.items(), strict=True):
        assert spec.arguments.keys() == known[name].keys()
        assert checked("spec", text, known) == checked("spec", name, known)


def test_the_reference_has_every_backbone_and_recipe():
    """Backbones with their defaults, stages and smallest side; recipes by name."""
    text = _page("reference", "recipes.md")
    rows = {parse_spec(row[0].strip("`")).name: row for row in _cells(text, "Backbones")}
    assert sorted(rows) == list(BACKBONES.names())
    for name, row in rows.items():
        backbone, parameters = resolve_backbone(parse_spec(row[0].strip("`")))
        assert parameters == backbone.parameters
        assert int(row[2]) == backbone.smallest
        named = re.findall(r"`(.*?)`", row[3])
        assert (named[0], named[-1]) == (backbone.stages[0], backbone.stages[-1]), name
    found = [row[0].strip("`") for row in _cells(text, "Built-in recipes")]
    assert sorted(found) == list(recipe_names())


def test_the_reference_has_every_column_of_cells_and_key_of_a_plan():
    """In their order where one table lists them."""
    text = _page("reference", "file-formats.md")
    columns = [name for row in _cells(text, "cells.csv") for name in re.findall(r"\w+", row[0])]
    assert tuple(columns) == COLUMNS
    keys = [key for row in _cells(text, "plan.toml") for key in re.findall(r"`\[?(\w+)", row[0])]
    known = [each.name for each in fields(Plan)] + [each.name for each in fields(Partitioning)]
    assert keys == ["schema", *known]


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


def test_the_example_of_reading_a_matrix_runs(tmp_path, monkeypatch, capsys):
    """The second example of docs/reference/python.md finds its cell: 3 of 4 faces are right."""
    cell = make_cell(
        "normal",
        "occluded",
        seed=0,
        selection="best",
        epoch=1,
        labels=[0, 0, 1, 1],
        predicted=[0, 0, 1, 0],
        classes=2,
    )
    place = tmp_path / "matrices" / "drawn" / "cells.csv"
    place.parent.mkdir(parents=True)
    place.write_text(Matrix.of([cell]).to_csv(), encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", _page("reference", "python.md"), re.S)[1]
    (tmp_path / "example.py").write_text("import occbench\n" + code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path("example.py")
    assert capsys.readouterr().out.startswith("75.0% of 4 (")
    # Class 0: 2 of 2 right, 3 times said, F1 4/5; class 1: 1 of 2 right, once said, F1 2/3.
    assert names["mean"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert names["sd"] is None


@pytest.fixture
def two_layers(tmp_path, monkeypatch):
    """The example of "Add a backbone" as a file that the registry finds."""
    code = re.search(r"```python\n(.*?)```", _page("how-to", "add-a-backbone.md"), re.S).group(1)
    (tmp_path / "two_layers.py").write_text(code, encoding="utf-8")
    package = occbench.models.backbones
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    monkeypatch.setattr(BACKBONES, "names", lambda: ("two-layers",))
    importlib.invalidate_caches()
    monkeypatch.delitem(
        __import__("sys").modules, "occbench.models.backbones.two_layers", raising=False
    )


@pytest.mark.tf
def test_the_documented_backbone_works(two_layers):
    """It has the parameters counted by hand, repeats its weights, and freezes by its stages."""
    import numpy as np

    from occbench.training.network import compiled_network

    keys = {"backbone": "two-layers(filters=4)", "size": 9, "channels": 1, "trainable": "parts"}
    recipe = Recipe.from_mapping(keys)
    model = compiled_network(recipe, 3, steps=1)
    # Kernels 9 x 1 x 4 and 9 x 4 x 8, four numbers per normalised filter, 8 x 3 + 3 for the head.
    assert model.count_params() == 36 + 16 + 288 + 32 + 27
    assert sum(np.prod(v.shape) for v in model.trainable_variables) == 288 + 16 + 27
    first = model.get_weights()
    for one, again in zip(first, compiled_network(recipe, 3, steps=1).get_weights(), strict=True):
        np.testing.assert_array_equal(one, again)
    assert not np.array_equal(first[0], first[0].flatten()[0] * np.ones_like(first[0]))


@pytest.mark.parametrize(
    "name", ["copies.jpg", "planes.jpg", pytest.param("augment.jpg", marks=pytest.mark.tf)]
)
def test_the_pictures_of_augmentation_are_what_their_script_draws(name):
    """docs/images/make_augmentation.py makes them with the changes of this version."""
    import numpy as np

    from occbench.dataset.images import read_image

    drawn = runpy.run_path(str(DOCS / "images" / "make_augmentation.py"))["SHEETS"][name]()
    stored = read_image(DOCS / "images" / name)
    assert stored.shape == drawn.shape
    assert np.abs(stored.astype(int) - drawn).mean() < 4


def test_the_overview_picture_is_what_its_script_draws():
    """docs/images/overview.jpg was made by make_overview.py with the faces of this version."""
    import numpy as np

    from occbench.dataset.images import read_image

    drawn = runpy.run_path(str(DOCS / "images" / "make_overview.py"))["overview"]()
    stored = read_image(DOCS / "images" / "overview.jpg")
    assert stored.shape == drawn.shape
    assert np.abs(stored.astype(int) - drawn).mean() < 4
