"""The result read out in sentences, each computed from the numbers.

A difference is called a loss or a gain only where the 95 % intervals do not meet.
"""

from __future__ import annotations

import numpy as np

from occbench.matrix.cells import own_test
from occbench.report.entries import Entry, differ, entry, percent, signed
from occbench.report.facts import ReportFacts
from occbench.report.recall import biggest_losses, recall_changes

_NORMAL, _OCCLUDED = "normal", "occluded"


def read_out(facts: ReportFacts, selection: str | None = None) -> list[str]:
    """Sentences on the loss under cover, what training recovers, and the classes hit most.

    They read the epochs of ``selection``, else the first of the matrix. A number that is
    missing leaves out its sentence.
    """
    if selection is None:
        selection = facts.matrix.selections[0] if facts.matrix.selections else "best"
    sentences = [*_loss(facts, selection)]
    for train in facts.matrix.trains:
        if train != _NORMAL:
            sentences += _other_training(facts, train, selection)
    sentences += _classes(facts, selection)
    sentences += _chance(facts, selection)
    seeds = len(facts.matrix.seeds)
    if sentences and seeds > 1:
        sentences.append(f"Numbers are means over {seeds} seeds, ± is the standard deviation.")
    return sentences or ["No cell of the matrix is known yet, so there is nothing to read out."]


def majority(facts: ReportFacts, test: str, selection: str) -> tuple[str, float] | None:
    """The most frequent class of a test split and its share of the faces there.

    Where several classes are the most frequent, the name is ``one class``.
    """
    for (_, shown, _, chosen), confusion in facts.confusions.items():
        if shown == test and chosen == selection and confusion.sum():
            faces = confusion.sum(axis=1)
            most = np.flatnonzero(faces == faces.max())
            name = facts.classes[int(most[0])] if len(most) == 1 else "one class"
            return name, float(faces.max() / faces.sum())
    return None


def _loss(facts: ReportFacts, selection: str) -> list[str]:
    normal = entry(facts.matrix, _NORMAL, _NORMAL, selection=selection)
    covered = entry(facts.matrix, _NORMAL, _OCCLUDED, selection=selection)
    if normal is None or covered is None:
        return []
    begin = "Trained on normal faces, accuracy"
    if not differ(normal, covered):
        return [
            f"{begin} is {_show(normal)} on uncovered faces and {_show(covered)} on covered "
            "ones: the intervals overlap, so this test shows no difference."
        ]
    falls = covered.accuracy < normal.accuracy
    verb, what = ("falls", "lost") if falls else ("rises", "gained")
    share = percent(abs(covered.accuracy / normal.accuracy - 1)) if normal.accuracy else None
    relative = f": {share} % of it is {what}" if share is not None and falls else ""
    return [
        f"{begin} {verb} from {_show(normal)} on uncovered faces to {_show(covered)} on "
        f"covered ones{relative}."
    ]


def _other_training(facts: ReportFacts, train: str, selection: str) -> list[str]:
    """What another training does to covered and to uncovered faces, against the normal one."""
    old, new = (
        entry(facts.matrix, name, _OCCLUDED, selection=selection) for name in (_NORMAL, train)
    )
    before, after = (
        entry(facts.matrix, name, _NORMAL, selection=selection) for name in (_NORMAL, train)
    )
    if new is None:
        return []
    begin = f"Trained on {train} faces, covered faces reach {_show(new)}"
    if old is None:
        return [f"{begin}; without normal training there is nothing to compare it with."]
    if not differ(old, new):
        first = f"{begin}: the interval overlaps that of normal training, so no gain is shown"
    elif new.accuracy < old.accuracy:
        first = f"{begin}, {_points(old, new)} points less than with normal training"
    else:
        first = f"{begin}, {_points(old, new)} points more than with normal training"
        first += _recovered(before, old, new)
    return [f"{first}{_price(before, after)}."]


def _recovered(before: Entry | None, old: Entry, new: Entry) -> str:
    """Which part of the loss comes back; nothing where no loss was shown."""
    if before is None or not differ(before, old) or before.accuracy < old.accuracy:
        return ""
    share = (new.accuracy - old.accuracy) / (before.accuracy - old.accuracy)
    if share >= 1:
        return ", which recovers the whole loss"
    return f", which recovers about {100 * share:.0f} % of the loss"


def _price(before: Entry | None, after: Entry | None) -> str:
    if before is None or after is None:
        return ""
    if not differ(before, after):
        return f"; uncovered faces, at {_show(after)}, show no difference"
    verb = "lose" if after.accuracy < before.accuracy else "gain"
    return f"; uncovered faces {verb} {_points(before, after)} points, at {_show(after)}"


def _classes(facts: ReportFacts, selection: str) -> list[str]:
    changes = recall_changes(facts, _NORMAL, selection=selection)
    if not changes:
        return []
    losses = biggest_losses(changes)
    if not losses:
        return ["No single class loses recall beyond its interval under normal training."]
    named = [
        f"{loss.name} ({percent(loss.normal)} to {percent(loss.occluded)} %, "
        f"{signed(loss.difference)} points)"
        for loss in losses
    ]
    text = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    whom = "The class that suffers most is" if len(named) == 1 else "The classes that suffer most:"
    return [f"{whom} {text}, by recall under normal training."]


def _chance(facts: ReportFacts, selection: str) -> list[str]:
    """What always answering one class would reach, and which trainings are not above it."""
    most = majority(facts, _NORMAL, selection)
    if most is None:
        return []
    name, share = most
    sentences = [f"For scale: always answering {name} would reach {percent(share)} %."]
    for train in facts.matrix.trains:
        test = own_test(train)
        one = entry(facts.matrix, train, test, selection=selection)
        if one is not None and one.low <= share:
            sentences.append(
                f"Trained on {train} faces, accuracy on its own kind of faces ({test}, "
                f"{_show(one)}) is not clearly above that, so its row tells little."
            )
    return sentences


def _show(one: Entry) -> str:
    """An accuracy with its interval, or with its deviation over several seeds."""
    if one.sd is None:
        return f"{percent(one.accuracy)} % ({percent(one.low)}-{percent(one.high)})"
    return f"{percent(one.accuracy)} % (± {percent(one.sd)})"


def _points(one: Entry, other: Entry) -> str:
    return percent(abs(other.accuracy - one.accuracy))
