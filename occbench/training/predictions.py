"""Scores of a run for test faces, computed once and stored per face.

One ``.npz`` per selection and variant; every column of a matrix is a choice of rows from them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from occbench.core.atomic import replacing
from occbench.core.digest import short_digest
from occbench.errors import DataError

SCHEMA = 1
# What NumPy and zipfile raise for empty, torn and damaged files, and for a plain .npy.
_BROKEN = (OSError, ValueError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile)
_KEYS = {"schema", "ids", "labels", "scores", "variant", "selection", "epoch"}


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a run says about faces shown in one variant.

    Attributes:
        ids: the faces.
        labels: int64 ``(N,)``, the number of each face's true class.
        scores: float32 ``(N, K)``, the probability of each class.
        variant: ``normal`` or an occluder's spec.
        selection: ``best`` or ``last``.
        epoch: whose weights were used, from 1.
    """

    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]
    variant: str
    selection: str
    epoch: int

    @property
    def predicted(self) -> NDArray[np.int64]:
        """int64 ``(N,)``, the class with the highest score; of equal ones the first."""
        found: NDArray[np.int64] = self.scores.argmax(axis=1).astype(np.int64)
        return found

    def of(self, ids: Sequence[str]) -> Predictions:
        """The predictions of some faces, in their order.

        Raises:
            DataError: one of them was not predicted.
        """
        rows = {face_id: row for row, face_id in enumerate(self.ids)}
        missing = [face_id for face_id in ids if face_id not in rows]
        if missing:
            raise DataError(f"There is no prediction for the face '{missing[0]}'.")
        chosen = np.array([rows[face_id] for face_id in ids], dtype=np.intp)
        return Predictions(
            tuple(ids),
            self.labels[chosen],
            self.scores[chosen],
            self.variant,
            self.selection,
            self.epoch,
        )

    def write(self, path: Path) -> None:
        """Writes the file whole or not at all."""
        with replacing(path) as part, part.open("wb") as file:
            np.savez(
                file,
                schema=np.int64(SCHEMA),
                ids=np.array(self.ids, dtype=np.str_),
                labels=self.labels.astype(np.int64),
                scores=self.scores.astype(np.float32),
                variant=np.str_(self.variant),
                selection=np.str_(self.selection),
                epoch=np.int64(self.epoch),
            )

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """Reads and checks a file.

        Raises:
            DataError: missing, broken, of another schema, or its arrays do not fit together.
        """
        try:
            # NumPy leaves a file open that it opened and found to be broken.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                values = {key: stored[key] for key in stored.files}
        except _BROKEN as error:
            raise DataError(
                f"The predictions '{path}' cannot be read: {error}. Delete the file and run "
                "the same command again."
            ) from error
        if set(values) != _KEYS or not np.array_equal(values["schema"], SCHEMA):
            raise DataError(f"The predictions '{path}' are not of schema {SCHEMA}.")
        ids, labels, scores = values["ids"], values["labels"], values["scores"]
        kinds = "".join(values[key].dtype.kind for key in ("ids", "labels", "scores", "epoch"))
        fits = kinds == "Uifi" and scores.ndim == 2 and ids.shape == (len(scores),)
        if not fits or labels.shape != ids.shape or values["epoch"].shape:
            raise DataError(f"The predictions '{path}' do not fit together; delete the file.")
        words = str(values["variant"]), str(values["selection"])
        return cls(tuple(ids.tolist()), labels, scores, *words, int(values["epoch"]))


def predictions_path(folder: Path, selection: str, variant: str) -> Path:
    """The file of one selection and variant below a run's folder."""
    word = "".join(letter for letter in variant.partition("(")[0] if letter.isalnum())
    return folder / "predictions" / f"{selection}-{word}-{short_digest(variant)}.npz"
