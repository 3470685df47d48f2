"""Explanations on disk: what was computed, as numbers that tables and figures are made from.

A folder holds one method: ``explain.json`` (facts), ``arrays.npz`` (what figures are drawn from)
and tables as CSV. The facts are written last, so a folder that has them is whole.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.core.atomic import replacing, write_text
from occbench.core.digest import short_digest
from occbench.errors import DataError

SCHEMA = 1
ROOM = "explain"
"""The folder of a run that its explanations lie in."""

FACTS, ARRAYS = "explain.json", "arrays.npz"

METHODS = ("kernels", "activations", "sensitivity", "grad-cam", "regions")

_BROKEN = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Table:
    """A table for people: its head, and its rows, which are read once."""

    head: Sequence[str]
    rows: Iterable[Sequence[object]]

    def to_csv(self) -> str:
        """The text of a CSV file, floats with all their digits; NaN is an empty cell."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.head)
        writer.writerows([_cell(value) for value in row] for row in self.rows)
        return text.getvalue()


@dataclass(frozen=True, eq=False)
class Explanation:
    """What one method found.

    Attributes:
        facts: ``method``, ``run``, ``epoch``, ``weights``, ``classes`` and what else decides it or
            is worth telling; JSON values only.
        arrays: what figures are drawn from, see ``docs/reference/file-formats.md``.
        tables: by the name of their file.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    tables: Mapping[str, Table] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """One of ``METHODS``."""
        return str(self.facts["method"])

    @property
    def folder_name(self) -> str:
        """Method, layer, how the faces are shown, and their part if it is not val."""
        variant = str(self.facts.get("variant", ""))
        word = "".join(letter for letter in variant.partition("(")[0] if letter.isalnum())
        part = str(self.facts.get("part", "val"))
        pieces = [
            self.method,
            str(self.facts.get("layer", "")).replace("/", "-"),
            word if word == variant else f"{word}-{short_digest(variant)}",
            "" if part == "val" else part,
        ]
        return "-".join(piece for piece in pieces if piece)

    def write(self, above: Path) -> Path:
        """Writes the folder below ``above`` and gives it; what an earlier call left there goes."""
        folder = above / self.folder_name
        clear(folder)
        with replacing(folder / ARRAYS) as part, part.open("wb") as file:
            arrays: dict[str, Any] = dict(self.arrays)
            np.savez_compressed(file, **arrays)
        for name, table in self.tables.items():
            write_text(folder / f"{name}.csv", table.to_csv())
        facts = {"schema": SCHEMA, **self.facts}
        write_text(folder / FACTS, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
        return folder

    @classmethod
    def read(cls, folder: Path) -> Explanation:
        """Facts and arrays of a folder.

        Raises:
            DataError: a file is missing or broken, or of another schema.
        """
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            with (folder / ARRAYS).open("rb") as file, np.load(file, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            schema, method = facts.pop("schema", None), facts["method"]
        except (*_BROKEN, AttributeError) as error:
            raise DataError(
                f"The explanation '{folder}' cannot be read: {error}. Run 'occbench explain' again."
            ) from error
        if schema != SCHEMA or method not in METHODS:
            raise DataError(
                f"The explanation '{folder}' is '{method}' of schema {schema!r}; this version "
                f"reads {', '.join(METHODS)} of schema {SCHEMA}."
            )
        return cls(facts, arrays)


def stored_explanations(above: Path) -> Iterator[Path]:
    """The folders below ``above`` that hold an explanation, in the order of the methods."""
    found = sorted(path.parent for path in above.glob(f"*/{FACTS}"))
    for method in METHODS:
        yield from (folder for folder in found if folder.name.startswith(method))


def clear(folder: Path) -> None:
    """Removes what an explanation is made of, its facts first; other files stay."""
    (folder / FACTS).unlink(missing_ok=True)
    for pattern in (ARRAYS, "*.csv", "*.png", "*.svg"):
        for path in folder.glob(pattern):
            path.unlink()


def _cell(value: object) -> object:
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return repr(number) if np.isfinite(number) else ""
    return value
