"""Components found by file name: one module per component, imported on demand.

A new file is a new component. Listing the names imports nothing, so ``occbench list`` is
instant, and a broken component cannot break the others.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from occbench.errors import UnknownName


class Registry:
    """The components of one package.

    Args:
        kind: what one is called in messages, such as ``occluder``.
        package: dotted name of the package.
        folder: the package's folder.
        without: modules of the package that are no components.
    """

    def __init__(self, kind: str, package: str, folder: Path, without: Iterable[str] = ()) -> None:
        self.kind = kind
        self._package = package
        self._folder = folder
        self._without = frozenset(without)

    def names(self) -> tuple[str, ...]:
        """The names of all components, sorted; ``_`` in a file name is ``-`` in the name."""
        found = (module.name for module in pkgutil.iter_modules([str(self._folder)]))
        return tuple(sorted(_public(name) for name in found if name not in self._without))

    def summary(self, name: str) -> str:
        """The first line of a component's docstring, read without importing it."""
        path = self._folder / f"{name.replace('-', '_')}.py"
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        return text.partition("\n")[0]

    def module(self, name: str) -> ModuleType:
        """The module of a component.

        Raises:
            UnknownName: there is no such component.
        """
        if name not in self.names():
            raise UnknownName(self.kind, name, self.names())
        return importlib.import_module(f"{self._package}.{name.replace('-', '_')}")


def _public(module: str) -> str:
    return module.replace("_", "-")
