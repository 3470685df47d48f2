"""Python and packages against the bounds that pip recorded."""

from __future__ import annotations

import platform
import re
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.doctor import environment
from occbench.doctor.environment import look_at_environment, within
from tests.test_architecture import imported_by

ROOT = Path(__file__).parents[2]
NUMBERS = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(
    lambda parts: ".".join(map(str, parts))
)


@pytest.mark.parametrize(
    ("found", "bounds", "fits"),
    [
        ("3.15.1", ">=3.12,<4", True),
        ("3.12", ">=3.12,<4", True),
        ("3.12.0", ">=3.12", True),
        ("3.9.9", ">=3.12,<4", False),
        ("4.0", ">=3.12,<4", False),
        ("4", ">=3.12,<4", False),
        ("4.14.0.94", ">=4.13,<5", True),
        ("2.10.0", ">=2.2.2", True),
        ("1.0", "==1.0.0", True),
        ("1.0.1", "!=1.0.1", False),
        ("1.0.1", ">1.0,<=1.0.1", True),
        ("1.0.1", "", True),
        ("nightly", ">=1", False),
    ],
)
def test_versions_are_compared_by_numbers(found, bounds, fits):
    """3.9 comes before 3.12, and 4.0 is 4."""
    assert within(found, bounds) is fits


@given(found=NUMBERS, low=NUMBERS, high=NUMBERS)
def test_releases_compare_as_packaging_has_them(found, low, high):
    """The reference implementation of version specifiers says the same."""
    packaging = pytest.importorskip("packaging.specifiers")
    bounds = f">={low},<{high}"
    assert within(found, bounds) == packaging.SpecifierSet(bounds).contains(found)


def test_this_environment_is_fine():
    """The tests run in it; every dependency of pyproject.toml is named with its version."""
    found = look_at_environment()
    assert [each.status for each in found] == ["ok", "ok"]
    assert found[0].text == f"Python {platform.python_version()}"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # What is installed may lag behind a line that was added to the file a moment ago.
    named = set(re.findall(r"[ ,]([a-z][a-z0-9-]+) [0-9]", found[1].text))
    wanted = {re.match(r"[A-Za-z0-9-]+", line)[0] for line in project["dependencies"]}
    assert {"keras", "numpy", "pandas", "click"} <= named & wanted
    assert "pytest" not in named


def test_what_does_not_fit_is_named_with_the_call(monkeypatch):
    """A package too old, one too new and one missing; those of extras are passed over."""
    versions = {"old": "1.9", "new": "4.0.1", "right": "2.5"}
    lines = ["old>=1.10", "new<4,>=3", "right>=2", "gone>=1", 'never>=9; extra == "test"']

    def version(name):
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(environment, "requires", lambda _: lines)
    monkeypatch.setattr(environment, "version", version)
    _, packages, *others = look_at_environment()
    assert packages.text == "1 packages: right 2.5"
    assert [(each.text, each.todo, each.blocks) for each in others] == [
        ("old 1.9; expected >=1.10", "Run 'pip install \"old>=1.10\"'.", True),
        ("new 4.0.1; expected <4,>=3", "Run 'pip install \"new<4,>=3\"'.", True),
        ("gone is not installed; expected >=1", "Run 'pip install \"gone>=1\"'.", True),
    ]


def test_the_smaller_tensorflow_will_do(monkeypatch):
    """tensorflow-cpu has the same modules."""

    def version(name):
        if name != "tensorflow-cpu":
            raise PackageNotFoundError(name)
        return "2.21.0"

    monkeypatch.setattr(environment, "requires", lambda _: ["tensorflow>=2.20"])
    monkeypatch.setattr(environment, "version", version)
    assert look_at_environment()[1].text == "1 packages: tensorflow 2.21.0"


def test_another_python_is_named(monkeypatch):
    """Too old is said with the bound."""
    monkeypatch.setattr(environment.platform, "python_version", lambda: "3.10.4")
    python = look_at_environment()[0]
    assert python.text == "Python 3.10.4; expected >=3.11"
    assert python.blocks


def test_a_package_that_pip_does_not_know(monkeypatch):
    """Run from a checkout that was never installed."""

    def requires(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(environment, "requires", requires)
    (found,) = look_at_environment()
    assert found.blocks
    assert "pip install PATH" in found.todo


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("tensorflow", None, ""),
        ("mxnet", "missing", "expected tensorflow, jax or torch"),
        ("torch", "missing", "'torch', which is not installed"),
    ],
)
def test_the_backend_that_was_chosen(name, status, words, monkeypatch):
    """KERAS_BACKEND must be one that is installed."""
    monkeypatch.setenv("KERAS_BACKEND", name)
    monkeypatch.setattr(environment, "find_spec", lambda _: None)
    found = look_at_environment()[2:]
    assert [each.status for each in found] == ([status] if status else [])
    assert all(words in each.text for each in found)


def test_nothing_heavy_is_imported_for_it():
    """Versions are read from what pip wrote down."""
    code = "from occbench.doctor.environment import look_at_environment as look; look()"
    assert not {"tensorflow", "keras", "numpy", "pandas"} & imported_by("-c", code)
