"""One set of AffectNet as it is distributed: ``images/N.jpg`` and ``annotations/N_exp.npy`` etc."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from occbench.dataset.adapters.base import Problem
from occbench.dataset.bulk_reading import collect_landmarks, read_in_order
from occbench.dataset.landmark_source import stem_of
from occbench.dataset.source_files import list_folder, reason_of
from occbench.errors import DataError
from occbench.geometry.landmark_files import read_landmarks, read_npy
from occbench.geometry.landmarks import Landmarks68

Result = TypeVar("Result")

# Ids without an expression (Mollahosseini et al. 2017, "AffectNet", table 3).
NOT_EXPRESSIONS = {8: "none", 9: "uncertain", 10: "no-face"}

_ENDINGS = ("_aro.npy", "_exp.npy", "_lnd.npy", "_val.npy")


@dataclass(frozen=True, eq=False)
class FaceSet:
    """The faces of ``train_set`` or ``val_set``.

    Attributes:
        images: file names in ``images``, in natural order.
        labels: the expression of each, 0..7.
        landmarks: float32 ``(N, 68, 2)`` in pixels, NaN where a face has none.
        measures: ``valence`` and ``arousal`` of each as text, empty where there is none.
        left_out: faces left out by reason and id of their label.
        without: how many faces have no file of a measure, by the measure.
        problems: what is missing, broken or left over; paths below the source.
    """

    images: Sequence[str]
    labels: Sequence[int]
    landmarks: NDArray[np.float32]
    measures: dict[str, list[str]]
    left_out: Counter[tuple[str, str]]
    without: Counter[str]
    problems: list[Problem]


def read_set(source: Path, folder: str, workers: int) -> FaceSet:
    """The faces of ``folder`` below ``source``.

    Raises:
        DataError: it has no ``images`` or no ``annotations``.
    """
    return _SetReader(source, folder, workers).read()


def read_number(path: Path) -> float:
    """The finite number in a ``.npy`` file of one number or one text.

    Raises:
        DataError: the file holds something else; it is named.
        OSError: the file cannot be read.
    """
    array = read_npy(path)
    if array.size != 1 or array.dtype.kind not in "iufSU":
        raise DataError(
            f"'{path}' has the shape {array.shape} and dtype {array.dtype}; expected one number"
        )
    value = array.item()
    try:
        number = float(value)
    except ValueError as error:
        raise DataError(f"'{path}' holds {value!r}; expected a number") from error
    if not isfinite(number):
        raise DataError(f"'{path}' holds {value!r}; expected a finite number")
    return number


@dataclass
class _SetReader:
    """Reads one set; the annotation folder is listed once, so that no file is probed for."""

    source: Path
    folder: str
    workers: int
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    without: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    annotations: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._annotation_folder = self.source / self.folder / "annotations"

    def read(self) -> FaceSet:
        images = self._images()
        numbers = [stem_of(image) for image in images]
        found = self._each(self._label, numbers, "labels")
        kept = [row for row, label in enumerate(found) if self._keeps(label)]
        numbers = [numbers[row] for row in kept]
        return FaceSet(
            [images[row] for row in kept],
            [label for label in (found[row] for row in kept) if isinstance(label, int)],
            self._landmarks(numbers),
            {name: self._measure(name, numbers) for name in ("valence", "arousal")},
            self.left_out,
            self.without,
            self.problems,
        )

    def _images(self) -> list[str]:
        """Names of the images; sorts out empty ones, second ones of a number and strangers."""
        listing = list_folder(self.source, f"{self.folder}/images")
        self.problems += listing.problems
        for path in (*listing.folders, *listing.others):
            self.problems.append(Problem(path, "no image; expected N.jpg or N.png"))
        kept: dict[str, str] = {}
        for path in listing.images:
            name = path.rpartition("/")[2]
            first = kept.setdefault(stem_of(name), name)
            if first != name:
                self.problems.append(Problem(path, f"has the same number as {first}"))
        self._list_annotations(frozenset(kept))
        return [name for name in kept.values() if self._has_bytes(name, listing.empty)]

    def _has_bytes(self, name: str, empty: frozenset[str]) -> bool:
        path = self._path("images", name)
        if path in empty:
            self.left_out["empty file", "unknown"] += 1
            self.problems.append(Problem(path, "empty (0 bytes), so the face is left out"))
        return path not in empty

    def _list_annotations(self, numbers: frozenset[str]) -> None:
        listing = list_folder(self.source, f"{self.folder}/annotations")
        self.problems += listing.problems
        self.annotations = frozenset(path.rpartition("/")[2] for path in listing.others)
        orphans: dict[str, list[str]] = {}
        for name in sorted(self.annotations):
            number = name[: -len(_ENDINGS[0])]
            if not name.endswith(_ENDINGS):
                path = self._path("annotations", name)
                self.problems.append(Problem(path, "no annotation; expected N_exp.npy and so on"))
            elif number not in numbers:
                orphans.setdefault(number, []).append(name)
        for number, (first, *more) in orphans.items():
            reason = f"belongs to no image; expected {self.folder}/images/{number}.jpg"
            reason += f" (also {', '.join(more)})" if more else ""
            self.problems.append(Problem(self._path("annotations", first), reason))
        for path in (*listing.folders, *listing.images):
            self.problems.append(Problem(path, "no annotation; expected N_exp.npy and so on"))

    def _label(self, number: str) -> int | Problem:
        name = f"{number}_exp.npy"
        value = self._number(name)
        if value is None:
            return Problem(self._path("annotations", name), "missing, so the face is left out")
        if isinstance(value, Problem):
            return Problem(value.item, f"{value.reason}; the face is left out")
        if value not in range(11):
            reason = f"the label {value:g} is unknown; expected 0 to 10; the face is left out"
            return Problem(self._path("annotations", name), reason)
        return int(value)

    def _keeps(self, label: int | Problem) -> bool:
        if isinstance(label, Problem):
            self.problems.append(label)
            self.left_out["without label", "unknown"] += 1
            return False
        if label in NOT_EXPRESSIONS:
            self.left_out[NOT_EXPRESSIONS[label], str(label)] += 1
            return False
        return True

    def _landmarks(self, numbers: Sequence[str]) -> NDArray[np.float32]:
        collected = collect_landmarks(
            self._read_landmarks,
            numbers,
            workers=self.workers,
            label=f"{self.folder} landmarks",
        )
        for row, error in collected.failures:
            item = self._path("annotations", f"{numbers[row]}_lnd.npy")
            self.problems.append(Problem(item, self._reason(error, item)))
        return collected.points

    def _read_landmarks(self, number: str) -> Landmarks68:
        name = f"{number}_lnd.npy"
        if name not in self.annotations:
            raise DataError("missing, so the face has no landmarks")
        return read_landmarks(self._annotation_folder / name)

    def _measure(self, measure: str, numbers: Sequence[str]) -> list[str]:
        ending = f"_{measure[:3]}.npy"
        found = self._each(lambda number: self._number(number + ending), numbers, measure)
        self.problems += (value for value in found if isinstance(value, Problem))
        self.without[measure] = found.count(None)
        # Adding 0 turns -0.0 into 0.0.
        return [
            repr(float(f"{value:.6g}") + 0.0) if isinstance(value, float) else "" for value in found
        ]

    def _number(self, name: str) -> float | Problem | None:
        """The number in an annotation, why it cannot be read, or None where there is none."""
        if name not in self.annotations:
            return None
        try:
            return read_number(self._annotation_folder / name)
        except (DataError, OSError) as error:
            item = self._path("annotations", name)
            return Problem(item, self._reason(error, item))

    def _each(
        self, read: Callable[[str], Result], numbers: Sequence[str], what: str
    ) -> list[Result]:
        label = f"{self.folder} {what}"
        return read_in_order(read, numbers, workers=self.workers, label=label)

    def _path(self, kind: str, name: str) -> str:
        return f"{self.folder}/{kind}/{name}"

    def _reason(self, error: Exception, item: str) -> str:
        return reason_of(error, item, self.source)
