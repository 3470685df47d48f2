"""Everything a report shows, as numbers that somebody else computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench.foreign.stored import StoredModels
from occbench.matrix.cells import Matrix
from occbench.reference.compare import Comparison
from occbench.reference.published import Reference
from occbench.report.lost_faces import LostFace
from occbench.report.study import Study

if TYPE_CHECKING:
    # It draws, and tables must not load a plotting library.
    from occbench.report.explanations import Explained


@dataclass(frozen=True)
class Published:
    """A published report beside one's own matrix.

    Attributes:
        reference: the report.
        rows: its accuracies, each with what may be said of it.
    """

    reference: Reference
    rows: tuple[Comparison, ...]


@dataclass(frozen=True, eq=False)
class ReportFacts:
    """One experiment: its matrix, what stands behind the numbers, and what limits them.

    Attributes:
        title: what the report is about, often the name of the data set.
        matrix: the accuracies.
        classes: names in the order of rows and columns of the confusion matrices.
        confusions: (train, test, seed, selection) to counts (K, K), rows are the truth.
        histories: (train, seed) to a table per epoch with the columns ``epoch``, ``loss``,
            ``accuracy``, ``val_loss``, ``val_accuracy``, ``val_balanced_accuracy``,
            ``learning_rate`` and ``seconds``.
        best_epochs: (train, seed) to the epoch that validation chose, counted from 1.
        sheet: uint8 RGB (H, W, 3), a sample of faces with a row per variant.
        recipe: TOML text of what decides the training.
        facts: name and value of each row of the table that tells how it was made.
        left_out: reason to class to number of faces that stand in no column.
        alarms: a sentence per training that went wrong.
        warnings: a sentence per number that contradicts another, or rests on too little.
        limits: a sentence per thing the numbers cannot tell.
        banner: what nobody must miss, in large letters above all; empty if there is nothing.
        studies: selection to its comparisons face by face; none where they cannot be made.
        lost: the faces that covering takes from the most runs, at the first selection.
        models: models from elsewhere that were shown the same faces.
        published: published reports beside this matrix.
        pictures: whether pictures of faces may be shown.
        explained: what the runs look at, where somebody has asked.
    """

    title: str
    matrix: Matrix
    classes: tuple[str, ...]
    confusions: Mapping[tuple[str, str, int, str], NDArray[np.int64]]
    histories: Mapping[tuple[str, int], pd.DataFrame]
    best_epochs: Mapping[tuple[str, int], int]
    sheet: NDArray[np.uint8] | None
    recipe: str
    facts: Sequence[tuple[str, str]]
    left_out: Mapping[str, Mapping[str, int]]
    alarms: tuple[str, ...]
    warnings: tuple[str, ...]
    limits: tuple[str, ...]
    banner: str = ""
    studies: Mapping[str, Study] = field(default_factory=dict)
    lost: tuple[LostFace, ...] = ()
    models: StoredModels = field(default_factory=lambda: StoredModels((), {}))
    published: tuple[Published, ...] = ()
    pictures: bool = True
    explained: tuple[Explained, ...] = ()

    def __post_init__(self) -> None:
        if not self.pictures and (
            self.sheet is not None or any(face.picture is not None for face in self.lost)
        ):
            raise ValueError("Pictures of faces are to be left out. Received: pictures of faces")
        expected = (len(self.classes), len(self.classes))
        for place, confusion in self.confusions.items():
            if confusion.shape != expected:
                raise ValueError(
                    f"A confusion matrix must have the shape {expected}, a row and a column per "
                    f"class. Received: confusions[{place}].shape={confusion.shape}"
                )
