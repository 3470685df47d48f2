"""The numbers of one place of the matrix over all its seeds, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass

from occbench.matrix.cell import GIVEN, base_test
from occbench.matrix.cells import Matrix
from occbench.matrix.statistics import Estimate
from occbench.report.words import is_test_selected


@dataclass(frozen=True)
class Entry:
    """The accuracy of one train split on one test split.

    ``low`` and ``high`` are the 95 % Wilson interval of the only seed, or the lowest and the
    highest bound of all seeds: that holds both what chance does to the choice of faces and
    what it does to a training. ``relative_change`` compares the mean with that of the test
    split of the row's own kind, for a given model the normal one, and is None where that one is
    missing or zero.
    """

    accuracy: float
    sd: float | None
    low: float
    high: float
    n: int
    seeds: int
    relative_change: float | None
    own: bool


def entry(matrix: Matrix, train: str, test: str, *, selection: str) -> Entry | None:
    """The entry of a place, or None if no seed has a cell there."""
    found = [
        cell
        for seed in matrix.seeds
        if (cell := matrix.cell(train, test, seed=seed, selection=selection)) is not None
    ]
    mean = matrix.over_seeds(train, test, selection=selection)
    if not found or mean is None:
        return None
    base = base_test(train, selection)
    own = matrix.over_seeds(train, base, selection=selection)
    return Entry(
        accuracy=mean[0],
        sd=mean[1],
        low=min(cell.low for cell in found),
        high=max(cell.high for cell in found),
        n=found[0].n,
        seeds=len(found),
        relative_change=mean[0] / own[0] - 1 if own is not None and own[0] > 0 else None,
        own=test == base and selection != GIVEN,
    )


def epochs(matrix: Matrix, train: str, *, selection: str) -> str:
    """The epoch whose weights a row shows, or those of its seeds, in the order of seeds.

    ``test-selected`` stands behind one that the test may have chosen.
    """
    found = {
        cell.seed: cell.epoch
        for cell in matrix.cells
        if cell.train == train and cell.selection == selection
    }
    shown = ", ".join(str(found[seed]) for seed in matrix.seeds if seed in found)
    return f"{shown} test-selected" if shown and is_test_selected(selection) else shown


def percent(fraction: float) -> str:
    """A fraction in per cent with one decimal, without the sign."""
    return f"{100 * fraction:.1f}"


def signed(fraction: float) -> str:
    """A difference in per cent with its sign and one decimal; nothing is negative zero."""
    return f"{round(100 * fraction, 1) + 0.0:+.1f}"


def spread(one: Entry) -> str:
    """What the accuracy may be: the interval of one seed or the deviation over several."""
    if one.sd is None:
        return f"({percent(one.low)}-{percent(one.high)})"
    return f"± {percent(one.sd)}"


def points(found: Estimate) -> str:
    """A difference in points with its interval, such as ``+20.8 (+18.9 to +22.7)``."""
    return f"{signed(found.value)} ({signed(found.low)} to {signed(found.high)})"


def p_value(p: float) -> str:
    """A p-value with three decimals, ``< 0.001`` below that."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def change(one: Entry) -> str:
    """The change against the row's own test split, ``own`` for that split itself."""
    if one.own:
        return "own"
    return "" if one.relative_change is None else f"{signed(one.relative_change)} %"


def entry_text(one: Entry | None) -> str:
    """An entry in one line, such as ``38.1 (36.6-39.6) -35.3 %``."""
    if one is None:
        return "missing"
    return f"{percent(one.accuracy)} {spread(one)} {change(one)}".rstrip()
