"""The page of capabilities names all forty, commands that exist and tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import click
import pytest

from occbench.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "capabilities.md"
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.M)
HEAD = "| | what | with | tests |"


def rows():
    """Number, text, names of what does it, names of its tests."""
    return [
        (int(number), text.strip(), re.findall(r"`([^`]+)`", made), re.findall(r"`([^`]+)`", told))
        for number, text, made, told in ROW.findall(PAGE.read_text(encoding="utf-8"))
    ]


@cache
def names_in(path):
    """The names that a Python file defines at its top level."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


def test_all_forty_are_there_once_and_in_order():
    """No line of the table is one that the other tests do not read."""
    text = PAGE.read_text(encoding="utf-8")
    assert [number for number, *_ in rows()] == list(range(1, 41))
    assert len(re.findall(r"^\| \d", text, re.M)) == 40
    assert HEAD in text


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0]))
def test_every_capability_has_tests_that_exist(row):
    """Each as file::name below ``tests``, read from the file's syntax tree."""
    number, _, _, tests = row
    assert tests, f"row {number} names no test"
    for name in tests:
        file, _, test = name.partition("::")
        assert test.startswith("test_"), name
        path = ROOT / "tests" / file
        assert path.is_file(), f"row {number}: there is no tests/{file}"
        assert test in names_in(path), f"row {number}: {file} has no {test}"


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0]))
def test_every_capability_is_made_with_something_that_exists(row):
    """A command with its options, a function of the package, or a script."""
    number, _, made, _ = row
    assert made, f"row {number} names nothing"
    for name in made:
        if name.startswith("occbench "):
            command, *words = name.split()[1:]
            assert command in COMMANDS, name
            found = main.get_command(click.Context(main), command)
            options = {flag for each in found.params for flag in each.opts}
            assert {word for word in words if word.startswith("--")} <= options, name
        elif name.startswith("occbench."):
            module, _, function = name.rpartition(".")
            assert function in names_in(module.replace(".", "/") + ".py"), name
        else:
            assert (ROOT / name).is_file(), name
