"""Index tables of experiments: which image of which face stood in which part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from occbench.core.csv_rows import read_lines
from occbench.errors import DataError

PARTS = ("train", "val", "test")
ORIGINAL = "original"
COLUMNS = ("part", "source", "copy", "label", "fold")
_NEEDED = ("part", "source")
# What people write where nothing was done to an image; compared without regard to case.
_UNCHANGED = ("", "original", "normal", "none")
# Between a kind of copy and a number that tells several of one kind apart, as in crop#2.
_NUMBER = "#"


@dataclass(frozen=True, eq=False)
class Layout:
    """The images of an experiment.

    Attributes:
        name: of the table, for messages.
        images: a row per image in the order of the table, all text: ``part`` (train, val, test,
            or empty for images that are validation in their own fold and train in all others),
            ``source`` (the face), ``copy`` (``original``, or what was done to it), ``kind``
            (``copy`` without its number), ``label`` and ``fold`` (empty where not given).
        columns: which of ``COLUMNS`` the table has.
    """

    name: str
    images: pd.DataFrame
    columns: frozenset[str]

    @property
    def folds(self) -> tuple[str, ...]:
        """The names of all folds, by number where all are numbers; none without folds."""
        names = set(self.images["fold"]) - {""}
        numbers = all(name.isascii() and name.isdigit() for name in names)
        return tuple(sorted(names, key=lambda name: (int(name) if numbers else 0, name)))


def read_layout(path: Path) -> Layout:
    """Reads a CSV file with commas in UTF-8; ``docs/reference/file-formats.md`` has the columns.

    Raises:
        DataError: it cannot be read, or see ``make_layout``.
    """
    head, lines = read_lines(path)
    missing = [name for name in _NEEDED if name not in head]
    if missing:
        raise DataError(
            f"'{path}', line 1: the column {missing[0]} is missing; expected part and source, and "
            f"perhaps copy, label and fold; found {', '.join(head)}."
        )
    places = [line.place for line in lines]
    cells = {name: [line.values[name] for line in lines] for name in COLUMNS if name in head}
    return make_layout(cells, str(path), places)


def make_layout(
    cells: Mapping[str, Sequence[str]], name: str = "layout", places: Sequence[str] | None = None
) -> Layout:
    """A layout from its columns.

    Args:
        cells: columns of equal length, of ``COLUMNS``; ``part`` and ``source`` are required.
        name: for messages.
        places: where each row stands, for messages.

    Raises:
        DataError: a part is unknown or does not go with its fold, a source is empty, an image is
            named twice in one part, nothing is trained on, or nothing is validated or tested on.
    """
    frame = pd.DataFrame({key: list(cells[key]) for key in COLUMNS if key in cells}, dtype=str)
    frame = frame.reindex(columns=list(COLUMNS), fill_value="")
    frame["part"] = frame["part"].str.lower()
    unchanged = frame["copy"].str.lower().isin(_UNCHANGED)
    frame["copy"] = frame["copy"].mask(unchanged, ORIGINAL)
    frame["kind"] = frame["copy"].str.split(_NUMBER, n=1).str[0].str.strip()
    layout = Layout(name, frame, frozenset(cells))
    _check_rows(layout, places or [f"{name}, row {row}" for row in range(1, len(frame) + 1)])
    _check_parts(layout)
    return layout


def _check_rows(layout: Layout, places: Sequence[str]) -> None:
    """Refuses the first row that cannot be."""
    images = layout.images
    part, folded = images["part"], images["fold"] != ""
    for wrong, text in (
        (images["source"] == "", "the source is empty; expected the id of the original face."),
        (
            ~part.isin([*PARTS, ""]) | ((part == "") & ~folded),
            "the part is '{part}'; expected train, val or test, or a fold in its place.",
        ),
        (
            folded & part.isin(["val", "test"]),
            "the part is '{part}' beside fold '{fold}'; expected an empty part, or train for an "
            "image that is left out when its fold is validation.",
        ),
    ):
        rows = np.flatnonzero(wrong)
        if len(rows):
            raise DataError(f"{places[rows[0]]}: {text.format(**images.iloc[rows[0]])}")
    if "copy" in layout.columns:
        _check_repeated(images, places)


def _check_repeated(images: pd.DataFrame, places: Sequence[str]) -> None:
    key = ["part", "fold", "source", "copy"]
    rows = np.flatnonzero(images.duplicated(key))
    if len(rows):
        row = images.iloc[rows[0]]
        first = int(np.flatnonzero((images[key] == row[key]).all(axis=1))[0])
        raise DataError(
            f"{places[rows[0]]}: the copy '{row['copy']}' of source '{row['source']}' stands in "
            f"this part already ({places[first]}); name each image once, and tell copies of one "
            f"kind apart by a number, such as {row['copy']}{_NUMBER}2."
        )


def _check_parts(layout: Layout) -> None:
    """Something must be trained on and something evaluated."""
    parts, folds = set(layout.images["part"]), layout.folds
    if len(folds) == 1:
        raise DataError(f"'{layout.name}' has one fold only, '{folds[0]}'; expected two or more.")
    if not folds and "train" not in parts:
        raise DataError(f"'{layout.name}' has no image in train; expected one or more.")
    if not folds and parts == {"train"}:
        raise DataError(f"'{layout.name}' has no image in val or test; expected one or more.")
    evaluated = layout.images.loc[layout.images["part"] == "", "fold"]
    if folds and evaluated.nunique() < len(folds):
        empty = next(name for name in folds if name not in set(evaluated))
        raise DataError(
            f"'{layout.name}': fold '{empty}' holds only images of part train, so its validation "
            "is empty; leave their part empty."
        )
