"""Reads very many small files with several threads; results come in the order of the items.

Threads help where the disk or the network is slow to answer; the work between two answers is
done by one of them at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from occbench.core.console import progress
from occbench.core.parallel import in_order
from occbench.errors import DataError
from occbench.geometry.landmarks import POINTS, Landmarks68, usable

Item = TypeVar("Item")
Result = TypeVar("Result")

# Handing over one item at a time would cost as much as reading it.
_CHUNK = 256


@dataclass(frozen=True, eq=False)
class CollectedLandmarks:
    """The landmarks of many faces.

    Attributes:
        points: float32 ``(N, 68, 2)`` in pixels, NaN where a face has none.
        failures: the row and the error of each face without, by row.
    """

    points: NDArray[np.float32]
    failures: tuple[tuple[int, Exception], ...]


def read_in_order(
    read: Callable[[Item], Result], items: Sequence[Item], *, workers: int, label: str
) -> list[Result]:
    """What ``read`` gives for each item, in the order of the items, with a progress bar."""
    results = in_order(read, items, max(1, workers), chunk=_CHUNK)
    return list(progress(results, total=len(items), label=label, unit="face"))


def collect_landmarks(
    read: Callable[[str], Landmarks68], images: Sequence[str], *, workers: int, label: str
) -> CollectedLandmarks:
    """The landmarks of all images; ``read`` raises DataError or OSError where there are none."""
    points = np.full((len(images), POINTS, 2), np.nan, np.float32)

    def fill(row: int) -> tuple[int, Exception] | None:
        try:
            found = read(images[row]).points
        except (DataError, OSError) as error:
            return row, error
        with np.errstate(over="ignore"):
            points[row] = found
        return None

    results = read_in_order(fill, range(len(images)), workers=workers, label=label)
    failures = {result[0]: result[1] for result in results if result is not None}
    # Checked in float64 when read; huge or barely valid values can end in float32.
    for row in map(int, np.flatnonzero(~usable(points))):
        if row not in failures:
            points[row] = np.nan
            failures[row] = DataError("the landmarks cannot be kept in 32-bit floats")
    return CollectedLandmarks(points, tuple(sorted(failures.items())))
