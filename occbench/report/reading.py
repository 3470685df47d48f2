"""The result read out in sentences, each computed from the numbers.

A difference is called a loss or a gain only where the faces show it: its interval leaves zero out
and its adjusted p-value is small (``occbench.matrix.paired``).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import numpy as np

from occbench.matrix.cells import Matrix, own_test
from occbench.matrix.gap_tables import ClassGap
from occbench.matrix.paired import PairedDifference
from occbench.matrix.statistics import Estimate
from occbench.report.entries import Entry, entry, percent, signed
from occbench.report.facts import ReportFacts
from occbench.report.study import NORMAL, OCCLUDED, Study

_MOST_CLASSES = 3
_SHOWN_AS = {NORMAL: "uncovered", OCCLUDED: "covered"}


def read_out(facts: ReportFacts, selection: str | None = None) -> list[str]:
    """Sentences on the loss under cover, what training recovers, and the classes hit most.

    They read the epochs of ``selection``, else the first of the matrix. A number that is
    missing leaves out its sentence, and where faces are not compared nothing is called a
    difference.
    """
    if selection is None:
        selection = facts.matrix.selections[0] if facts.matrix.selections else "best"
    sentences = [*_loss(facts, selection)]
    for train in facts.matrix.trains:
        if train != NORMAL or not sentences:
            sentences += _other_training(facts, train, selection)
    if sentences:
        sentences += _compared_faces(facts, selection)
    sentences += _classes(facts, selection)
    sentences += _chance(facts, selection)
    seeds = len(facts.matrix.seeds)
    if sentences and seeds > 1:
        sentences.append(
            f"Numbers are means over {seeds} seeds, ± is the standard deviation; a difference is "
            "tested over the seeds together."
        )
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
    matrix = _compared(facts, selection)
    normal = entry(matrix, NORMAL, NORMAL, selection=selection)
    covered = entry(matrix, NORMAL, OCCLUDED, selection=selection)
    if normal is None or covered is None:
        return []
    begin = "Trained on normal faces, accuracy"
    tested = _difference(facts, selection, (NORMAL, NORMAL), (NORMAL, OCCLUDED))
    if tested is None or not tested.shown:
        words = f": {_verdict(tested)}" if tested else ""
        return [
            f"{begin} is {_show(normal)} on uncovered faces and {_show(covered)} on covered "
            f"ones{words}."
        ]
    verb, what = ("falls", "lost") if tested.difference.value > 0 else ("rises", "gained")
    share = percent(abs(covered.accuracy / normal.accuracy - 1)) if normal.accuracy else None
    relative = f", {share} % of it" if share is not None and verb == "falls" else ""
    size = _size(tested.difference)
    return [
        f"{begin} {verb} from {_show(normal)} on uncovered faces to {_show(covered)} on "
        f"covered ones: {size} points are {what}{relative}."
    ]


def _other_training(facts: ReportFacts, train: str, selection: str) -> list[str]:
    """What another training does to covered and to uncovered faces, against the normal one."""
    matrix = _compared(facts, selection)
    new = entry(matrix, train, OCCLUDED, selection=selection)
    if train == NORMAL or OCCLUDED not in matrix.tests:
        return list(_alone(facts, train, selection))
    if new is None:
        return []
    begin = f"Trained on {train} faces, covered faces reach {_show(new)}"
    if entry(matrix, NORMAL, OCCLUDED, selection=selection) is None:
        return [f"{begin}; without normal training there is nothing to compare it with."]
    gained = _difference(facts, selection, (train, OCCLUDED), (NORMAL, OCCLUDED))
    if gained is None:
        return [f"{begin}."]
    first = f"{begin}: {_verdict(gained)} against normal training"
    if gained.shown:
        first = f"{begin}, {_verdict(gained)} than with normal training"
        first += _recovered(facts.studies[selection], train)
    return [f"{first}{_price(facts, train, selection)}."]


def _alone(facts: ReportFacts, train: str, selection: str) -> Iterator[str]:
    """The accuracies of a training whose loss under cover cannot be told."""
    matrix = _compared(facts, selection)
    told = [
        f"{_show(one)} on {_SHOWN_AS.get(test, test)} faces"
        for test in matrix.tests
        if (one := entry(matrix, train, test, selection=selection)) is not None
    ]
    if told:
        paid = _difference(facts, selection, (train, NORMAL), (NORMAL, NORMAL))
        against = f"; against normal training on uncovered faces: {_verdict(paid)}" if paid else ""
        yield f"Trained on {train} faces, accuracy is {' and '.join(told)}{against}."


def _compared(facts: ReportFacts, selection: str) -> Matrix:
    """The cells of the faces by which places are compared; all their faces where none are."""
    study = facts.studies.get(selection)
    return facts.matrix if study is None or study.shared is None else study.shared


def _compared_faces(facts: ReportFacts, selection: str) -> Iterator[str]:
    """A sentence where the accuracies above are those of fewer faces than in the table."""
    shared = {cell.n for cell in _compared(facts, selection).cells}
    sizes = {cell.n for cell in facts.matrix.cells if cell.selection == selection}
    if sizes != shared:
        yield (
            f"These accuracies and differences are those of the {max(shared):,} faces that stand "
            "in every column; the table has all faces of each."
        )


def _recovered(study: Study, train: str) -> str:
    """Which part of the gap comes back; nothing where no gap was shown, or it grows."""
    row = study.gap_of(train)
    share = row.recovery.share if row is not None and row.recovery is not None else None
    if share is None or share.value <= 0 or not (isfinite(share.low) and isfinite(share.high)):
        return ""
    ends = f"({100 * share.low:.0f} to {100 * share.high:.0f})"
    return f", which recovers {100 * share.value:.0f} % {ends} of the loss"


def _price(facts: ReportFacts, train: str, selection: str) -> str:
    after = entry(_compared(facts, selection), train, NORMAL, selection=selection)
    paid = _difference(facts, selection, (train, NORMAL), (NORMAL, NORMAL))
    if after is None or paid is None:
        return ""
    return f"; on uncovered faces, at {_show(after)}, {_verdict(paid)}"


def _classes(facts: ReportFacts, selection: str) -> list[str]:
    study = facts.studies.get(selection)
    classes = study.classes.get(NORMAL, ()) if study is not None else ()
    if not classes:
        return []
    losses = [one for one in classes if one.tested.shown and one.tested.difference.value > 0]
    if not losses:
        return ["No single class is shown to lose recall under normal training."]
    losses.sort(key=lambda one: -one.tested.difference.value)
    named = [_class(one) for one in losses[:_MOST_CLASSES]]
    text = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    whom = "The class that suffers most is" if len(named) == 1 else "The classes that suffer most:"
    return [f"{whom} {text}, by recall under normal training."]


def _class(one: ClassGap) -> str:
    gap = one.tested.difference
    return (
        f"{one.name} ({percent(one.normal)} to {percent(one.occluded)} %, "
        f"{signed(-gap.value)} points)"
    )


def _chance(facts: ReportFacts, selection: str) -> list[str]:
    """What always answering one class would reach, and which trainings are not above it."""
    most = majority(facts, NORMAL, selection)
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


def _difference(
    facts: ReportFacts, selection: str, first: tuple[str, str], second: tuple[str, str]
) -> PairedDifference | None:
    study = facts.studies.get(selection)
    return None if study is None else study.difference(first, second)


def _verdict(tested: PairedDifference) -> str:
    """The words that a difference allows, with its interval in points where that decides."""
    found = tested.difference
    if tested.shown:
        return f"{_size(found)} points {'more' if found.value > 0 else 'less'}"
    if found.holds_zero:
        return f"{tested.verdict} ({signed(found.low)} to {signed(found.high)} points)"
    return f"a difference is {tested.verdict}"


def _size(found: Estimate) -> str:
    """A difference without its sign and its interval, such as ``20.8 (18.9-22.7)``."""
    low, high = sorted((abs(found.low), abs(found.high)))
    return f"{percent(abs(found.value))} ({percent(low)}-{percent(high)})"


def _show(one: Entry) -> str:
    """An accuracy with its interval, or with its deviation over several seeds."""
    if one.sd is None:
        return f"{percent(one.accuracy)} % ({percent(one.low)}-{percent(one.high)})"
    return f"{percent(one.accuracy)} % (± {percent(one.sd)})"
