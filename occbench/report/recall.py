"""What covering the faces does to the recall of each class."""

from __future__ import annotations

from dataclasses import dataclass

from occbench.matrix.metrics import recalls
from occbench.matrix.statistics import wilson
from occbench.report.facts import ReportFacts


@dataclass(frozen=True)
class RecallChange:
    """The recall of one class on normal and on occluded test faces, mean over the seeds.

    ``clear`` says that the 95 % Wilson intervals of the two, taken over all seeds from the
    lowest to the highest bound, do not meet.
    """

    name: str
    faces: int
    normal: float
    occluded: float
    clear: bool

    @property
    def difference(self) -> float:
        """Occluded minus normal, as a fraction: negative is a loss."""
        return self.occluded - self.normal


def recall_changes(facts: ReportFacts, train: str, *, selection: str) -> tuple[RecallChange, ...]:
    """A change per class that has faces in both tests, in class order.

    Only seeds with both confusion matrices count; without one there is nothing to tell.
    """
    pairs = [
        (facts.confusions[normal], facts.confusions[occluded])
        for seed in facts.matrix.seeds
        if (normal := (train, "normal", seed, selection)) in facts.confusions
        and (occluded := (train, "occluded", seed, selection)) in facts.confusions
    ]
    changes = []
    for row, name in enumerate(facts.classes):
        counts = [
            [(int(confusion[row, row]), int(confusion[row].sum())) for confusion in pair]
            for pair in pairs
        ]
        if not counts or any(n == 0 for pair in counts for _, n in pair):
            continue
        bands = [[wilson(right, n) for right, n in side] for side in zip(*counts, strict=True)]
        (low, high), (low_occluded, high_occluded) = [
            (min(band[0] for band in side), max(band[1] for band in side)) for side in bands
        ]
        shown = [
            float(sum(recalls(pair[side])[row] for pair in pairs) / len(pairs)) for side in (0, 1)
        ]
        clear = high_occluded < low or high < low_occluded
        changes.append(RecallChange(name, counts[0][0][1], shown[0], shown[1], clear))
    return tuple(changes)


def biggest_losses(changes: tuple[RecallChange, ...], most: int = 3) -> list[RecallChange]:
    """The classes with the largest clear losses, the largest first."""
    losses = [change for change in changes if change.clear and change.difference < 0]
    return sorted(losses, key=lambda change: change.difference)[:most]
