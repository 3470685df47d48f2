"""Rules about the code itself: sizes, docstrings, imports, and that all of it is documented."""

from __future__ import annotations

import ast
import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import occbench
from occbench.cli.main import COMMANDS
from occbench.dataset.adapters.base import REGISTRY as ADAPTERS
from occbench.occluders.base import REGISTRY as OCCLUDERS
from occbench.occluders.devices import devices

_ROOT = Path(__file__).parents[1]
_MODULES = sorted((_ROOT / "occbench").rglob("*.py"))
_HEAVY = {"numpy", "pandas", "cv2", "tensorflow", "keras", "scipy", "matplotlib", "sklearn"}
_MOST_LINES, _MOST_LINES_OF_A_FUNCTION = 300, 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Each module's name and its syntax tree."""
    for path in _MODULES:
        yield path.relative_to(_ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def lines_of(function: Function) -> int:
    """Lines from the signature to the end, without decorators and docstring."""
    first = function.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = first.end_lineno - first.lineno + 1 if is_text else 0
    return function.end_lineno - function.lineno + 1 - docstring


def test_the_size_of_a_function_is_counted_without_its_docstring():
    """The rule below counts what it says."""
    text = 'def f(\n    a,\n):\n    """One.\n\n    Two.\n    """\n    return a\n'
    assert lines_of(ast.parse(text).body[0]) == 4


def test_no_module_is_long():
    """One idea per file."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _MODULES}
    assert {str(path): n for path, n in lengths.items() if n > _MOST_LINES} == {}


def test_no_function_is_long():
    """A click command is as long as its options: its signature counts too."""
    long = {
        f"{name}:{node.name}": lines_of(node)
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, Function) and lines_of(node) > _MOST_LINES_OF_A_FUNCTION
    }
    assert long == {}


def test_everything_public_has_a_docstring():
    """Modules, and public classes, functions and methods."""
    missing = []
    for name, tree in trees():
        if not ast.get_docstring(tree):
            missing.append(name)
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        for owner in [tree, *(node for node in classes if not node.name.startswith("_"))]:
            missing += [
                f"{name}:{node.name}"
                for node in owner.body
                if isinstance(node, Function | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ]
    assert missing == []


def test_every_public_name_resolves():
    """What ``__all__`` names is there, and nothing else is promised to type checkers."""
    for name in occbench.__all__:
        assert getattr(occbench, name) is not None
    assert sorted(occbench.__all__) == sorted(set(occbench.__all__))
    assert set(dir(occbench)) == set(occbench.__all__)
    tree = ast.parse((_ROOT / "occbench" / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert typed | {"__version__"} == set(occbench.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    """As for any module."""
    with pytest.raises(AttributeError, match="no attribute 'ocluder'"):
        occbench.ocluder  # noqa: B018


def test_every_module_can_be_imported():
    """Alone or together, without a framework."""
    for name, _ in trees():
        if not name.endswith("__main__.py"):
            importlib.import_module(name.removesuffix(".py").replace("/", "."))


def imported_by(*arguments: str) -> set[str]:
    """The top packages that a fresh interpreter imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        ["-c", "import occbench"],
        ["-m", "occbench", "--help"],
        ["-m", "occbench", "--version"],
        ["-m", "occbench", "occlude", "--help"],
        ["-m", "occbench", "build-splits", "-h"],
    ],
    ids=" ".join,
)
def test_a_question_loads_nothing_heavy(arguments):
    """Help and version answer at once, since no array library is imported."""
    found = imported_by(*arguments)
    assert "occbench" in found
    assert found & _HEAVY == set()


def test_the_command_line_imports_nothing_heavy_at_the_top():
    """Commands import what they need when they run."""
    allowed = {"click", "occbench", *sys.stdlib_module_names}
    for name, tree in trees():
        if name.startswith("occbench/cli/"):
            for node in tree.body:
                if isinstance(node, ast.Import):
                    tops = {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    tops = {node.module.partition(".")[0]}
                else:
                    continue
                assert tops <= allowed, f"{name} imports {tops - allowed}"


def test_the_import_contracts_hold():
    """The layers and the light half of the package, as ``setup.cfg`` states them."""
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("import-linter is not installed; it belongs to the extra 'lint'")
    command = [program, "--no-cache"]
    done = subprocess.run(command, cwd=_ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def documentation(folder: str = "") -> str:
    """All of ``docs`` or of one of its folders as one text."""
    paths = sorted((_ROOT / "docs" / folder).rglob("*.md"))
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command):
    """The reference of the command line has it."""
    text = (_ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert f"occbench {command}" in text


@pytest.mark.parametrize("name", [*OCCLUDERS.names(), *ADAPTERS.names(), *devices()])
def test_every_component_is_documented(name):
    """Occluders, headsets and adapters are named in the documentation as code."""
    text = documentation()
    assert any(f"{mark}{name}" in text for mark in ("`", '"', "'", "scan "))
