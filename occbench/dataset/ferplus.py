"""FER+: ten people's votes on each face of FER2013, in the row order of ``fer2013.csv``.

Barsoum et al. 2016, "Training Deep Networks for Facial Expression Recognition with
Crowd-Sourced Label Distribution"; the votes are ``fer2013new.csv`` of microsoft/FERPlus.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from occbench.dataset.labels import FERPLUS
from occbench.errors import DataError

UNKNOWN, NO_FACE = "unknown", "NF"
VOTE_COLUMNS = (*FERPLUS.names, UNKNOWN, NO_FACE)

TIE = "tie"
REASONS = (TIE, UNKNOWN, "not a face")

_HEADER = ("Usage", "Image name", *VOTE_COLUMNS)
# Ten people voted on each face.
_MOST_VOTES = 10


def winners(votes: NDArray[np.int64]) -> list[str]:
    """What got strictly the most votes of each row: a class of FER+, or one of ``REASONS``.

    ``votes`` is ``(N, 10)``. The reader in microsoft/FERPlus is stricter in its mode
    "majority": it takes single votes away and then asks for more than half of the rest.
    """
    names = np.array([*FERPLUS.names, *REASONS[1:]], dtype=object)
    tied = (votes == votes.max(axis=1, keepdims=True)).sum(axis=1) > 1
    found = np.where(tied, TIE, names[votes.argmax(axis=1)])
    return [str(name) for name in found]


def read_votes(path: Path) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The votes int64 ``(N, 10)`` of a file in the layout of ``fer2013new.csv``, and the usages.

    Raises:
        DataError: not there, of another layout, or a cell that is no number of votes.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            header = [name.strip().lower() for name in next(lines, [])]
            if header != [name.lower() for name in _HEADER]:
                raise DataError(
                    f"'{path}' has the header {','.join(header)[:120]!r}; expected that of "
                    f"fer2013new.csv: {','.join(_HEADER)}."
                )
            rows = [(lines.line_num, row) for row in lines if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"The votes '{path}' cannot be read: {error}.") from error
    votes = [_votes_of_line(path, number, row) for number, row in rows]
    usages = tuple(row[0] for _, row in rows)
    return np.array(votes, np.int64).reshape(-1, len(VOTE_COLUMNS)), usages


def votes_of_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.int64] | None:
    """The votes int64 ``(N, 10)`` among the arrays of a ``.npz`` file, or None.

    Raises:
        DataError: they have another shape or order, or are no whole numbers.
    """
    if "ferplus_votes" not in arrays:
        return None
    votes, expected = arrays["ferplus_votes"], (len(arrays["images"]), len(VOTE_COLUMNS))
    if votes.shape != expected or votes.dtype.kind not in "iu":
        raise DataError(
            f"'{path}' has ferplus_votes of the shape {votes.shape} and dtype {votes.dtype}; "
            f"expected whole numbers of the shape {expected}."
        )
    names = tuple(str(name) for name in arrays.get("ferplus_names", np.array(VOTE_COLUMNS)))
    if names != VOTE_COLUMNS:
        raise DataError(
            f"'{path}' has the votes {', '.join(names)}; expected {', '.join(VOTE_COLUMNS)}."
        )
    return votes.astype(np.int64)


def _votes_of_line(path: Path, number: int, row: Sequence[str]) -> list[int]:
    cells = [cell.strip() for cell in row[2:]]
    known = all(cell.isascii() and cell.isdigit() and int(cell) <= _MOST_VOTES for cell in cells)
    if len(row) != len(_HEADER) or not known:
        raise DataError(
            f"'{path}' line {number} is {','.join(row)[:80]!r}; expected a usage, an image name "
            f"and {len(VOTE_COLUMNS)} numbers of votes from 0 to {_MOST_VOTES}."
        )
    return [int(cell) for cell in cells]
