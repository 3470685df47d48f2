"""Faces named in a table: a CSV file with the columns image and label, and perhaps more."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from occbench.dataset.adapters.base import Problem
from occbench.dataset.class_folders import partition_of
from occbench.dataset.found_faces import FoundFace, FoundFaces
from occbench.dataset.manifest import is_path
from occbench.dataset.source_files import Listing, list_tree, natural
from occbench.errors import DataError

_NEEDED = ("image", "label")
_KNOWN = (*_NEEDED, "partition", "group", "id")


def read_label_table(table: Path, source: Path, *, without: Path | None = None) -> FoundFaces:
    """The faces that ``table`` names; their images lie below ``source``.

    Images in the folder ``without``, such as one of landmarks, are passed over.

    Raises:
        DataError: the table cannot be read, lacks a column or names no image that is there.
    """
    listing = list_tree(source, without=without)
    reader = _TableReader(table, source, listing)
    for number, row in _rows(table):
        reader.add(number, row)
    if not reader.faces:
        raise DataError(
            f"'{table}' names no image that can be used in '{source}'; "
            f"{len(reader.problems):,} lines have problems. Paths are below that folder."
        )
    return reader.as_faces()


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Line numbers and cells by column; None for a line of another length."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, skipinitialspace=True)
            header = [name.strip().lower() for name in next(lines, [])]
            columns = [name for name in header if name in _KNOWN]
            if not set(_NEEDED) <= set(columns) or len(set(columns)) < len(columns):
                raise DataError(
                    f"'{table}' has the columns {', '.join(header)[:120] or 'of an empty file'}; "
                    "expected image and label, and perhaps partition, group and id, each once."
                )
            for cells in lines:
                fits = len(cells) == len(header)
                if cells:
                    yield lines.line_num, dict(zip(header, cells, strict=True)) if fits else None
    except (OSError, csv.Error) as error:
        raise DataError(f"The labels '{table}' cannot be read: {error}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"'{table}' is no UTF-8 text; save it as CSV in UTF-8.") from error


@dataclass
class _TableReader:
    """Faces while they are gathered."""

    table: Path
    source: Path
    listing: Listing
    faces: dict[str, FoundFace] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    empty: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.problems += self.listing.problems
        self._images = frozenset(self.listing.images)

    def add(self, number: int, row: dict[str, str] | None) -> None:
        """Takes the face of a line, or notes why it cannot."""
        if row is None:
            self._refuse(number, "it has another number of cells than the header")
            return
        cells = {name: row.get(name, "").strip() for name in _KNOWN}
        image, label = str(PurePosixPath(cells["image"])), cells["label"]
        self.named.add(image)
        if label:
            self.labels.add(label)
        partition = partition_of(cells["partition"]) if cells["partition"] else ""
        reason = self._fault(cells, image)
        if reason:
            self._refuse(number, reason)
        elif partition is None:
            self._refuse(
                number, f"the partition is '{cells['partition']}'; expected train, val or test"
            )
        elif image in self.listing.empty:
            self.empty[label] += 1
            self.problems.append(Problem(image, "empty (0 bytes), so it is left out"))
        else:
            self.ids.add(cells["id"])
            self.faces[image] = FoundFace(image, label, partition, cells["id"], cells["group"])

    def _fault(self, cells: dict[str, str], image: str) -> str:
        """What is wrong with the image, label or id of a line; empty where nothing is."""
        if not cells["image"] or not cells["label"]:
            return "the image or the label is empty"
        if image not in self._images:
            return f"there is no image '{image}' below the source"
        if image in self.faces:
            return f"'{image}' is named a second time"
        if cells["id"] and not is_path(cells["id"]):
            return f"the id {cells['id']!r} is no relative path without '.', '..' and empty parts"
        if cells["id"] and cells["id"] in self.ids:
            return f"the id '{cells['id']}' is given a second time"
        return ""

    def _refuse(self, number: int, reason: str) -> None:
        self.problems.append(Problem(f"{self.table.name} line {number}", reason))

    def as_faces(self) -> FoundFaces:
        """The faces in natural order of their images."""
        images = self.listing.images
        strays = [image for image in images if image not in self.named]
        reason = f"not named in {self.table.name}"
        labels = natural(self.labels)
        empty = {label: self.empty[label] for label in labels if self.empty[label]}
        return FoundFaces(
            tuple(self.faces[image] for image in images if image in self.faces),
            images,
            tuple(labels),
            {"empty file": empty} if empty else {},
            (*self.problems, *(Problem(image, reason) for image in strays)),
        )
