"""Which faces are explained: named ones, some of each class, or all of a part."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from occbench.core.digest import digest_int
from occbench.errors import DataError
from occbench.explain.subject import Subject

PARTS = ("val", "test")

# As many as an error message lists of faces that are spelt like the one asked for.
_NAMED = 5


@dataclass(frozen=True)
class Chosen:
    """Faces in the order in which they are shown.

    Attributes:
        ids: all of them; means are taken over them.
        labels: the class number of each.
        examples: the ids of those that are shown one by one.
    """

    ids: tuple[str, ...]
    labels: tuple[int, ...]
    examples: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def example_rows(self) -> list[int]:
        """The place of each example among the faces."""
        rows = {face_id: row for row, face_id in enumerate(self.ids)}
        return [rows[face_id] for face_id in self.examples]


def choose(
    subject: Subject, part: str, faces: Sequence[str] = (), *, per_class: int | None = None
) -> Chosen:
    """Faces of a part of the split that the run was trained on.

    Without ``faces`` there are up to ``per_class`` of each class, in the order of the classes, and
    the first of each class is an example. What is drawn depends on the faces' ids alone.

    Args:
        subject: the run.
        part: ``val`` or ``test``.
        faces: ids, which are taken as they are; or one whole number, that many faces, the classes
            in turn. All of them are examples.
        per_class: how many of each class; all of them if None.

    Raises:
        DataError: an id stands in another part or in none, or the part has no face.
    """
    known = _by_class(subject, part)
    labels = {face: label for label, ids in enumerate(known) for face in ids}
    if not labels:
        raise DataError(f"The {part} part of the split '{subject.split.folder}' has no face.")
    if faces:
        ids = tuple(_named(subject, part, faces, known, set(labels)))
        return Chosen(ids, tuple(labels[face] for face in ids), ids)
    each = [ids[:per_class] for ids in known]
    ids = tuple(chain.from_iterable(each))
    examples = tuple(face for ids in each for face in ids[:1])
    return Chosen(ids, tuple(labels[face] for face in ids), examples)


def _by_class(subject: Subject, part: str) -> list[list[str]]:
    """The faces of each class in the order in which they are drawn."""
    label_of = subject.manifest.faces.set_index("id")["label"]
    ids = subject.split.parts[part]["id"].unique().tolist()
    drawn = sorted(ids, key=lambda face: digest_int("explain", face))
    labels = label_of.loc[drawn].tolist()
    return [
        [face for face, label in zip(drawn, labels, strict=True) if label == name]
        for name in subject.classes
    ]


def _named(
    subject: Subject,
    part: str,
    faces: Sequence[str],
    known: Sequence[Sequence[str]],
    of_part: set[str],
) -> Iterator[str]:
    if len(faces) == 1 and _is_count(faces[0], set(subject.manifest.faces["id"])):
        in_turn = [face for row in zip_longest(*known) for face in row if face is not None]
        if int(faces[0]) == 0:
            raise DataError("--faces is 0; expected 1 or more, or the ids of faces.")
        yield from in_turn[: int(faces[0])]
        return
    for face in dict.fromkeys(faces):
        if face not in of_part:
            raise _misplaced(subject, part, face, of_part)
        yield face


def _is_count(text: str, ids: set[str]) -> bool:
    """Whether a number is meant: ids may be all digits too, as FER2013's are, with zeros ahead."""
    number = text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))
    return number and text not in ids


def _misplaced(subject: Subject, part: str, face: str, of_part: set[str]) -> DataError:
    if face not in set(subject.manifest.faces["id"]):
        near = difflib.get_close_matches(face, of_part, n=_NAMED) or sorted(of_part)[:_NAMED]
        return DataError(
            f"The data set '{subject.manifest.name}' has no face '{face}'. The {part} part has "
            f"{len(of_part):,}, such as {', '.join(near)}."
        )
    for other in ("train", "val", "test"):
        if face in set(subject.split.parts[other]["id"]):
            todo = (
                f"Take faces of it with --part {other}"
                if other in PARTS
                else "The network has learnt from it; take another face"
            )
            return DataError(f"The face '{face}' stands in {other}, not in {part}. {todo}.")
    return DataError(
        f"The face '{face}' stands in no part of the split '{subject.split.folder}'; it was left "
        "out when the split was built."
    )
