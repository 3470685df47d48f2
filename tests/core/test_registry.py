"""Components found by the names of their files."""

from __future__ import annotations

import sys

import pytest

from occbench.core.registry import Registry
from occbench.errors import UnknownName


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A package with two good components, a broken one and a helper."""
    folder = tmp_path / "zoo_of_components"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "big_cat.py").write_text('"""A big cat."""\nNAME = "cat"\n')
    (folder / "ape.py").write_text('NAME = "ape"\n')
    (folder / "broken.py").write_text("raise RuntimeError('broken')\n")
    (folder / "helper.py").write_text("raise RuntimeError('no component')\n")
    (folder / "notes.txt").write_text("no module")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Registry("animal", "zoo_of_components", folder, without=("helper",))
    for name in [name for name in sys.modules if name.startswith("zoo_of_components")]:
        del sys.modules[name]


def test_names_are_sorted_files_with_hyphens(registry):
    """Helpers and other files are left out."""
    assert registry.names() == ("ape", "big-cat", "broken")


def test_listing_imports_nothing(registry):
    """A broken component does not break the list."""
    registry.names()

    assert not [name for name in sys.modules if name.startswith("zoo_of_components")]


def test_a_component_is_imported_on_demand(registry):
    """The others stay unimported."""
    assert registry.module("big-cat").NAME == "cat"
    assert "zoo_of_components.ape" not in sys.modules


def test_a_new_file_is_a_new_component(registry, tmp_path):
    """Nothing else has to be edited."""
    (tmp_path / "zoo_of_components" / "zebra.py").write_text("NAME = 'zebra'\n")

    assert "zebra" in registry.names()
    assert registry.module("zebra").NAME == "zebra"


@pytest.mark.parametrize("name", ["apes", "big_cat", "helper", "__init__", "", "os", "../ape"])
def test_other_names_are_unknown(name, registry):
    """Neither helpers nor modules elsewhere can be named."""
    with pytest.raises(UnknownName, match="Unknown animal") as caught:
        registry.module(name)

    assert "Known: ape, big-cat, broken." in str(caught.value)


def test_a_broken_component_shows_its_own_error(registry):
    """A fault of the program keeps its traceback."""
    with pytest.raises(RuntimeError, match="broken"):
        registry.module("broken")
