"""The train x test matrix and its two tables.

``cells.csv`` holds every cell with all its digits; ``matrix.csv`` is the table people compare,
with a row per train split.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from statistics import fmean, stdev

from occbench.matrix.cell import (
    SELECTIONS,
    SHARES,
    TESTS,
    WHOLE,
    Cell,
    Key,
    base_test,
    in_order,
    make_cell,
    own_test,
    relative_change,
    with_relative_changes,
)
from occbench.matrix.cell_files import COLUMNS, csv_text, read_cells
from occbench.splits.modes import MODES

__all__ = [
    "COLUMNS",
    "SELECTIONS",
    "TESTS",
    "Cell",
    "Matrix",
    "make_cell",
    "own_test",
    "with_relative_changes",
]

_NUMBERS = (*WHOLE, *SHARES, "relative_change")


@dataclass(frozen=True, eq=False)
class Matrix:
    """Train splits (rows) by test splits (columns), for each seed and selection.

    Attributes:
        trains: modes of the train splits, or names of given models, in the order of the rows.
        tests: the test splits, in the order of the columns.
        seeds: of the runs.
        selections: how epochs were selected.
        cells: those that are known, put in the order trains x selections x seeds x tests.

    Raises:
        ValueError: a cell stands outside the table, or two stand in one place.
    """

    trains: tuple[str, ...]
    tests: tuple[str, ...]
    seeds: tuple[int, ...]
    selections: tuple[str, ...]
    cells: tuple[Cell, ...]

    def __post_init__(self) -> None:
        places = {key: place for place, key in enumerate(self._keys())}
        seen: set[Key] = set()
        for cell in self.cells:
            if cell.key not in places or cell.key in seen:
                raise ValueError(f"A cell is double or outside the table. Received: {cell.key}")
            seen.add(cell.key)
        ordered = tuple(sorted(self.cells, key=lambda cell: places[cell.key]))
        object.__setattr__(self, "cells", ordered)

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Matrix:
        """The smallest matrix that holds the cells, modes and tests in their usual order.

        Given models stand behind the modes, in the order of their first cells.
        """
        cells = tuple(cells)
        trains = dict.fromkeys(cell.train for cell in cells)
        tests = {cell.test for cell in cells}
        selections = {cell.selection for cell in cells}
        return cls(
            trains=(
                *(mode for mode in MODES if mode in trains),
                *(name for name in trains if name not in MODES),
            ),
            tests=tuple(test for test in TESTS if test in tests),
            seeds=tuple(sorted({cell.seed for cell in cells})),
            selections=in_order(selections),
            cells=cells,
        )

    def cell(self, train: str, test: str, *, seed: int, selection: str) -> Cell | None:
        """The cell of that place, or None where it is missing."""
        key = (train, test, seed, selection)
        return next((cell for cell in self.cells if cell.key == key), None)

    def over_seeds(
        self, train: str, test: str, *, selection: str, field: str = "accuracy"
    ) -> tuple[float, float | None] | None:
        """Mean and sample standard deviation (n - 1) over the seeds whose cell is known.

        The deviation is None for one seed; all is None where no cell has a value.

        Raises:
            ValueError: the field is no number.
        """
        if field not in _NUMBERS:
            raise ValueError(f"Expected a field of numbers. Received: field={field!r}")
        found = [getattr(cell, field) for cell in self._row(train, selection, test)]
        values = [value for value in found if value is not None]
        if not values:
            return None
        return fmean(values), stdev(values) if len(values) > 1 else None

    def missing(self) -> tuple[Key, ...]:
        """Train, test, seed and selection of each cell that is not known, in table order."""
        known = {cell.key for cell in self.cells}
        return tuple(key for key in self._keys() if key not in known)

    def to_csv(self) -> str:
        """The text of ``cells.csv``: a line per cell, floats with all their digits."""
        return csv_text(COLUMNS, (astuple(cell) for cell in self.cells))

    @classmethod
    def from_csv(cls, path: str | Path) -> Matrix:
        """Reads ``cells.csv``, or ``models.csv``; rows and columns stand in their usual order.

        Raises:
            DataError: the file is missing, lacks a column or holds a value out of range.
        """
        return cls.of(read_cells(Path(path)))

    def wide_csv(self) -> str:
        """The text of ``matrix.csv``: a row per train split and selection.

        After the epochs, one for each seed, each test split has the mean accuracy over the
        seeds, its standard deviation and the relative change of the means from the row's own
        test split. That change is empty where the two means are not over the same seeds.
        """
        head = ["train", "selection", "epochs"]
        for test in self.tests:
            head += [f"{test}_accuracy", f"{test}_sd", f"{test}_relative_change"]
        rows = []
        for train, selection in product(self.trains, self.selections):
            epochs = {cell.seed: cell.epoch for cell in self._row(train, selection)}
            row: list[object] = [train, selection, " ".join(map(str, epochs.values()))]
            for test in self.tests:
                mean, sd = self.over_seeds(train, test, selection=selection) or (None, None)
                row += [mean, sd, self._change_of_means(train, test, selection)]
            rows.append(row)
        return csv_text(head, rows)

    def _change_of_means(self, train: str, test: str, selection: str) -> float | None:
        own = base_test(train, selection)
        cells, base = self._row(train, selection, test), self._row(train, selection, own)
        if not cells or [cell.seed for cell in cells] != [cell.seed for cell in base]:
            return None
        mean, base_mean = (fmean(cell.accuracy for cell in row) for row in (cells, base))
        return relative_change(mean, base_mean, is_own=test == own)

    def _row(self, train: str, selection: str, test: str | None = None) -> list[Cell]:
        """The known cells of a row, of one test split or of all."""
        return [
            cell
            for cell in self.cells
            if (cell.train, cell.selection) == (train, selection) and test in (None, cell.test)
        ]

    def _keys(self) -> Iterator[Key]:
        """Every place of the table, in order."""
        for train, selection, seed, test in product(
            self.trains, self.selections, self.seeds, self.tests
        ):
            yield train, test, seed, selection
