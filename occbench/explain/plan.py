"""What a call explains, checked before Keras is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from occbench.core.console import note
from occbench.errors import DataError
from occbench.explain.choose import Chosen, choose
from occbench.explain.covers import patch_and_stride
from occbench.explain.record import METHODS
from occbench.explain.subject import Subject
from occbench.occluders.base import NORMAL

PER_CLASS = 8
"""Faces of each class behind a mean map, unless somebody says how many."""

# As many faces without landmarks as are named.
_NAMED = 5


@dataclass(frozen=True)
class Wish:
    """What is to be explained, and how.

    Attributes:
        methods: some of ``record.METHODS``.
        faces: see ``choose``.
        layer: whose kernels, activations and maps; empty for the first convolution, and for the
            last pictures with Grad-CAM.
        variant: of the faces, see ``Subject.variant``.
        part: ``val`` or ``test``.
        patch: side of the sliding patch in pixels, see ``covers.patch_and_stride``.
        stride: from one place of the patch to the next.
        per_class: faces of each class; None for 8, and for all faces with regions.
    """

    methods: Sequence[str] = METHODS
    faces: Sequence[str] = ()
    layer: str = ""
    variant: str = NORMAL
    part: str = "val"
    patch: int | None = None
    stride: int | None = None
    per_class: int | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """A wish with its run and its faces.

    Attributes:
        subject: the run.
        wish: its variant spelt out.
        few: the faces that are shown and mapped.
        many: the faces whose parts are covered.
    """

    subject: Subject
    wish: Wish
    few: Chosen
    many: Chosen

    @property
    def seen(self) -> set[str]:
        """The faces that the network is shown."""
        shown = {
            "kernels": (),
            "activations": self.few.examples,
            "sensitivity": self.few.ids,
            "grad-cam": self.few.ids,
            "regions": self.many.ids,
        }
        return {face for method in self.wish.methods for face in shown[method]}


def plan_explanation(subject: Subject, wish: Wish) -> Plan:
    """The faces that a wish means.

    Raises:
        DataError: a face, a patch or a stride cannot be had, or no face can be shown in the
            variant.
        SpecError, UnknownName: the variant is no occluder.
    """
    wish = replace(wish, variant=subject.variant(wish.variant))
    patch_and_stride(subject.recipe.size, wish.patch, wish.stride)
    few = choose(subject, wish.part, wish.faces, per_class=wish.per_class or PER_CLASS)
    many = choose(subject, wish.part, wish.faces, per_class=wish.per_class)
    if wish.variant != NORMAL and "regions" not in wish.methods:
        return Plan(subject, wish, _coverable(subject, wish, few, tell=True), many)
    if wish.variant != NORMAL:
        few = _coverable(subject, wish, few, tell=False)
        many = _coverable(subject, wish, many, tell=True)
    return Plan(subject, wish, few, many)


def with_landmarks(subject: Subject, chosen: Chosen) -> tuple[Chosen, list[str]]:
    """The faces with usable landmarks, and the ids of the others.

    A class that loses its example gets another, if it has one.
    """
    usable = set(subject.manifest.faces["id"][subject.manifest.usable])
    kept = [row for row, face in enumerate(chosen.ids) if face in usable]
    ids = tuple(chosen.ids[row] for row in kept)
    labels = tuple(chosen.labels[row] for row in kept)
    firsts = tuple(ids[labels.index(label)] for label in dict.fromkeys(labels))
    examples = ids if chosen.examples == chosen.ids else firsts
    return Chosen(ids, labels, examples), [face for face in chosen.ids if face not in usable]


def tell_without(without: Sequence[str], count: int, where: str) -> None:
    """Says on stderr which faces are left out because nobody knows their landmarks."""
    named = ", ".join(without[:_NAMED]) + (", ..." if len(without) > _NAMED else "")
    note(f"No usable landmarks, so left out of {where}: {len(without)} of {count} faces ({named}).")


def _coverable(subject: Subject, wish: Wish, chosen: Chosen, *, tell: bool) -> Chosen:
    """The faces that can be shown in an occluded variant."""
    kept, without = with_landmarks(subject, chosen)
    if not len(kept):
        raise DataError(
            f"None of the faces chosen ({len(chosen)}) has usable landmarks, so none can be shown "
            f"as '{wish.variant}'. Take --variant normal."
        )
    if without and tell:
        tell_without(without, len(chosen), f"what is shown as '{wish.variant}'")
    return kept
