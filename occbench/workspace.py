"""Every path that the toolkit writes.

A workspace is a folder with an ``occbench.toml``. Data set roots stand there and nowhere
else, so a workspace can be moved and its tables compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from occbench.core.atomic import write_text
from occbench.core.lock import sole_writer
from occbench.errors import DataError, UnknownName

MARKER = "occbench.toml"
SCHEMA = 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")


@dataclass(frozen=True)
class Workspace:
    """The rooms of one workspace; ``root`` is an absolute path."""

    root: Path

    @classmethod
    def find(cls, start: str | Path) -> Workspace:
        """The workspace that ``start`` lies in.

        Raises:
            DataError: neither ``start`` nor a folder above it holds an ``occbench.toml``.
        """
        folder = Path(start).resolve()
        for candidate in (folder, *folder.parents):
            if (candidate / MARKER).is_file():
                workspace = cls(candidate)
                workspace._settings()
                return workspace
        raise DataError(
            f"There is no workspace in '{folder}' or above it. "
            "Run 'occbench scan' there first, or name one with --workspace."
        )

    @classmethod
    def find_or_create(cls, start: Path) -> Workspace:
        """The workspace that ``start`` lies in, or a new one at ``start``."""
        try:
            return cls.find(start)
        except DataError:
            folder = start.resolve()
            if any((above / MARKER).exists() for above in (folder, *folder.parents)):
                raise
        start.mkdir(parents=True, exist_ok=True)
        workspace = cls(start.resolve())
        with sole_writer(workspace.root):
            # Another process may have been first between the look and the lock.
            if not (workspace.root / MARKER).exists():
                write_text(workspace.root / MARKER, f"schema = {SCHEMA}\n")
        return workspace

    def names(self) -> tuple[str, ...]:
        """The data sets that were scanned, sorted."""
        return tuple(sorted(path.stem for path in (self.root / "manifests").glob("*.json")))

    def choose(self, name: str | None) -> str:
        """The data set meant: the one named, or the only one.

        Raises:
            UnknownName: there is no such data set.
            DataError: no name was given and there is not exactly one.
        """
        names = self.names()
        if name is not None:
            if name not in names:
                raise UnknownName("data set", name, names)
            return name
        if len(names) != 1:
            known = f"Choose one of: {', '.join(names)}." if names else "Run 'occbench scan' first."
            raise DataError(f"The workspace '{self.root}' holds {len(names)} data sets. {known}")
        return names[0]

    def manifest(self, name: str) -> Path:
        """``manifests/NAME.csv``; its facts and landmarks lie beside it."""
        return self.root / "manifests" / f"{checked_name(name)}.csv"

    def problems(self, name: str) -> Path:
        """What a scan could not take as it was; absent where there was nothing."""
        return self.root / "manifests" / f"{checked_name(name)}.problems.csv"

    def data(self, name: str) -> Path:
        """Where a data set is unpacked or drawn that does not come as image files."""
        return self.root / "data" / checked_name(name)

    def occluded(self, folder: str) -> Path:
        """Painted images of one variant of one data set."""
        return self.root / "occluded" / folder

    def splits(self) -> Path:
        """All splits."""
        return self.root / "splits"

    def cache(self) -> Path:
        """Decoded pixels; safe to delete."""
        return self.root / "cache"

    def run(self, run_id: str) -> Path:
        """One training: its state, history, weights and predictions."""
        return self.root / "runs" / run_id

    def run_ids(self) -> tuple[str, ...]:
        """The trainings that were begun, sorted."""
        return tuple(sorted(path.parent.name for path in (self.root / "runs").glob("*/run.json")))

    def matrix(self, name: str) -> Path:
        """Plan, cells and table of one train x test matrix."""
        return self.root / "matrices" / checked_name(name, "matrix")

    def matrix_names(self) -> tuple[str, ...]:
        """The matrices that were begun, sorted."""
        found = (self.root / "matrices").glob("*/plan.toml")
        return tuple(sorted(path.parent.name for path in found))

    def tuning(self, name: str) -> Path:
        """One search for a recipe: its candidates and the best of them."""
        return self.root / "tuning" / checked_name(name, "search")

    def study(self, name: str) -> Path:
        """Plan, tables and curves of one comparison of recipes."""
        return self.root / "studies" / checked_name(name, "study")

    def report(self, name: str) -> Path:
        """Tables and pictures for people."""
        return self.root / "reports" / name

    def data_root(self, name: str) -> Path:
        """The folder that a data set's images lie in.

        Raises:
            DataError: ``occbench.toml`` does not say.
        """
        root = self._settings().get("data", {}).get(name, {}).get("root")
        if not isinstance(root, str):
            raise DataError(
                f"'{self.root / MARKER}' has no root for '{name}'. "
                f'Add it under [data.{name}] as root = "FOLDER", or scan again.'
            )
        return self.root / root

    def set_data_root(self, name: str, root: Path) -> None:
        """Records where a data set's images lie, relative if that is inside the workspace.

        Raises:
            DataError: the folder's name holds control characters or is no UTF-8.
        """
        import tomlkit

        root = root.resolve()
        inside = root.is_relative_to(self.root)
        text = root.relative_to(self.root).as_posix() if inside else str(root)
        if not text.isprintable():
            raise DataError(f"The folder {text!r} cannot be written into {MARKER}; rename it.")
        with sole_writer(self.root):
            self._settings()
            path = self.root / MARKER
            settings = tomlkit.parse(path.read_text(encoding="utf-8"))
            data = settings.setdefault("data", tomlkit.table(is_super_table=True))
            data.setdefault(name, tomlkit.table())["root"] = text
            write_text(path, tomlkit.dumps(settings))

    def _settings(self) -> dict[str, Any]:
        import tomllib

        path = self.root / MARKER
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DataError(f"'{path}' is no valid TOML: {error}.") from error
        if settings.get("schema") != SCHEMA:
            raise DataError(
                f"'{path}' has schema {settings.get('schema')!r}; this version reads {SCHEMA}."
            )
        data = settings.get("data", {})
        if not isinstance(data, dict) or any(not isinstance(v, dict) for v in data.values()):
            raise DataError(f"'{path}' has something else than tables [data.NAME] under 'data'.")
        return settings


def checked_name(name: str, kind: str = "data set") -> str:
    """The name of a data set, a matrix, a search or a study, fit for a file name on every system.

    Raises:
        DataError: it holds anything but ASCII letters, digits, ``-`` and ``_``.
    """
    if not _NAME.match(name):
        raise DataError(
            f"'{name}' cannot be the name of a {kind}; use letters, digits, '-' and '_'."
        )
    return name
