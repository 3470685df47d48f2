"""What covering the faces does to the recall of each class."""

from __future__ import annotations

from dataclasses import dataclass

from occbench.matrix.metrics import recalls
from occbench.report.facts import ReportFacts
from occbench.report.study import NORMAL, OCCLUDED


@dataclass(frozen=True)
class RecallChange:
    """The recall of one class on normal and on occluded test faces, mean over the seeds.

    ``shown`` says that the paired test of the two, adjusted over the classes of the training, and
    the interval of their difference both show one; it is False where faces are not paired.
    """

    name: str
    faces: int
    normal: float
    occluded: float
    shown: bool

    @property
    def lost(self) -> float:
        """Normal less occluded, as a fraction: negative is a gain."""
        return self.normal - self.occluded


def recall_changes(facts: ReportFacts, train: str, *, selection: str) -> tuple[RecallChange, ...]:
    """A change per class that has faces in both tests, in class order.

    Only seeds with both confusion matrices count; without one there is nothing to tell.
    """
    pairs = [
        (facts.confusions[normal], facts.confusions[occluded])
        for seed in facts.matrix.seeds
        if (normal := (train, NORMAL, seed, selection)) in facts.confusions
        and (occluded := (train, OCCLUDED, seed, selection)) in facts.confusions
    ]
    study = facts.studies.get(selection)
    told = study.shown_classes(train) if study is not None else frozenset()
    changes = []
    for row, name in enumerate(facts.classes):
        if not pairs or any(side[row].sum() == 0 for pair in pairs for side in pair):
            continue
        before, after = (
            float(sum(recalls(pair[side])[row] for pair in pairs) / len(pairs)) for side in (0, 1)
        )
        faces = int(pairs[0][0][row].sum())
        changes.append(RecallChange(name, faces, before, after, name in told))
    return tuple(changes)
