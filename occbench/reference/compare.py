"""One's own matrix beside a published one, with a verdict per published number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from occbench.matrix.cells import Matrix
from occbench.matrix.statistics import wilson
from occbench.occluders.base import make_occluder
from occbench.reference.difference import newcombe
from occbench.reference.published import FLAGS, SPOILT, Comparable, PublishedCell, Reference

REPRODUCES, DIFFERS, NOT_COMPARABLE = "reproduces", "differs", "not comparable"

# Faces without usable landmarks are left out, so the same part may have somewhat fewer faces.
_SAME_PART = 0.05


@dataclass(frozen=True)
class Share:
    """An accuracy on n faces.

    Attributes:
        accuracy: 0..1.
        low: lower end of its Wilson 95 % interval.
        high: upper end of it.
        n: faces.
    """

    accuracy: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, accuracy: float, n: int) -> Share:
        """An accuracy with its interval, for which it is rounded to a whole face."""
        return cls(accuracy, *wilson(round(accuracy * n), n), n)

    @property
    def correct(self) -> int:
        """Faces that are right, a mean over seeds rounded."""
        return round(self.accuracy * self.n)


@dataclass(frozen=True)
class Comparison:
    """A published accuracy beside one's own.

    Attributes:
        table: where the published one is printed.
        model: the published network.
        train: how the training faces are shown.
        test: how the test faces are shown.
        selection: how the epoch was chosen.
        own: the mean over the seeds, its interval as if of one training; None without a cell.
        seeds: trainings in that mean.
        value: the published accuracy, corrected.
        published: the same with its interval, None where its number of faces is not published.
        difference: own less published and the ends of its Newcombe 95 % interval; None where they
            are not comparable.
        verdict: ``reproduces`` where the interval holds 0, ``differs`` or ``not comparable``.
        why: the reason, or what to keep in mind, as a sentence; may be empty.
        flags: of the published number.
    """

    table: str
    model: str
    train: str
    test: str
    selection: str
    own: Share | None
    seeds: int
    value: float
    published: Share | None
    difference: tuple[float, float, float] | None
    verdict: str
    why: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class _Own:
    """What one's own matrix was measured on."""

    data_set: str
    classes: tuple[str, ...]
    occluder: str
    part: str


def compare_with_reference(
    matrix: Matrix,
    reference: Reference,
    *,
    data_set: str,
    classes: Sequence[str],
    occluder: str = "",
    part: str = "",
) -> tuple[Comparison, ...]:
    """Puts each published accuracy beside one's own of the same train, test and selection.

    Only what makes the comparison meaningless makes two numbers not comparable: another data set,
    other classes, another occluder, other test faces, or a published number that is not what its
    name says. Another network or recipe does not: whether it reproduces the number is the question.

    Args:
        matrix: one's own accuracies.
        reference: the published ones.
        data_set: name of the adapter that read one's own faces, such as ``affectnet``.
        classes: one's own classes, in any order.
        occluder: spec of what covered one's own faces; not compared if empty.
        part: which faces the test shows, ``official`` for the data set's own test part; if empty
            only their number is compared.

    Returns:
        One row per published accuracy, in the order of the reference.

    Raises:
        SpecError: ``occluder`` cannot be read.
        UnknownName: there is no such occluder.
    """
    own = _Own(data_set, tuple(classes), occluder, part)
    return tuple(_compare(matrix, cell, own) for cell in reference.cells)


def _compare(matrix: Matrix, cell: PublishedCell, facts: _Own) -> Comparison:
    wanted = cell.comparable_with
    cells = [
        each
        for each in matrix.cells
        if (each.train, each.test, each.selection) == (wanted.train, wanted.test, wanted.selection)
    ]
    own = published = None
    if cells:
        own = Share.of(sum(each.accuracy for each in cells) / len(cells), cells[0].n)
    if wanted.n is not None:
        published = Share.of(cell.value, wanted.n)
    why = _obstacle(own, cell, facts)
    verdict, difference = NOT_COMPARABLE, None
    if why is None and own and published:
        difference = _difference(own, published)
        verdict = REPRODUCES if difference[1] <= 0 <= difference[2] else DIFFERS
        why = _caution(cell, own, published, len(cells))
    return Comparison(
        table=cell.table,
        model=cell.model,
        train=wanted.train,
        test=wanted.test,
        selection=wanted.selection,
        own=own,
        seeds=len(cells),
        value=cell.value,
        published=published,
        difference=difference,
        verdict=verdict,
        why=why or "",
        flags=cell.flags,
    )


def _obstacle(own: Share | None, cell: PublishedCell, facts: _Own) -> str | None:
    """Why the two cannot be compared, None if they can."""
    wanted = cell.comparable_with
    spoilt = [FLAGS[flag] for flag in cell.flags if flag in SPOILT]
    if wanted.data_set != facts.data_set:
        return f"Another data set: published on {wanted.data_set}, own on {facts.data_set}."
    if set(wanted.classes) != set(facts.classes):
        return (
            f"Other classes: published {', '.join(wanted.classes)}; own {', '.join(facts.classes)}."
        )
    if spoilt:
        return f"The published number is no fair test accuracy: {spoilt[0]}."
    if own is None:
        return f"There is no own cell: {wanted.train} on {wanted.test}, {wanted.selection}."
    return _other_faces(own, wanted, facts)


def _other_faces(own: Share, wanted: Comparable, facts: _Own) -> str | None:
    """How the test faces, or what covers them, differ; None if they do not as far as is known."""
    given = facts.occluder and wanted.occluder
    if given and make_occluder(facts.occluder) != make_occluder(wanted.occluder):
        return f"Another occluder: published {wanted.occluder}, own {facts.occluder}."
    if facts.part and wanted.part != facts.part:
        return f"Other test faces: published {wanted.part}, own {facts.part}."
    if wanted.n is None:
        return "The number of test faces is not published."
    if abs(own.n - wanted.n) > _SAME_PART * wanted.n:
        return f"Other test faces: published on {wanted.n:,}, own on {own.n:,}."
    return None


def _difference(own: Share, published: Share) -> tuple[float, float, float]:
    low, high = newcombe(own.correct, own.n, published.correct, published.n)
    return own.accuracy - published.accuracy, low, high


def _caution(cell: PublishedCell, own: Share, published: Share, seeds: int) -> str:
    """What to keep in mind of two numbers that can be compared."""
    clauses = [FLAGS[flag] for flag in cell.flags]
    sentences = [f"Of the published number: {', '.join(clauses)}."] if clauses else []
    if "corrected" in cell.flags:
        sentences.append(f"Printed was {cell.as_printed}.")
    if own.n != published.n:
        sentences.append(f"Published on {published.n:,} faces, own on {own.n:,}.")
    if seeds > 1:
        sentences.append(f"Own is the mean over {seeds} seeds.")
    return " ".join(sentences)
