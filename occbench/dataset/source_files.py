"""What lies in the folders of a data set: images in natural order, and everything unexpected."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from natsort import natsorted

from occbench.dataset.adapters.base import Problem
from occbench.dataset.images import is_image
from occbench.dataset.landmark_source import stem_of
from occbench.errors import DataError

# Files that tell something about images and may lie beside them.
_COMPANIONS = (".npy", ".npz", ".pts", ".csv", ".json", ".txt")
# Control characters tear tables apart, and lone surrogates stand for bytes that are no UTF-8.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_MOST_NAMED = 8


@dataclass(frozen=True)
class Listing:
    """The content of one folder, hidden files aside; paths are posix, below the source.

    Attributes:
        images: image files, in natural order.
        empty: those of them that have zero bytes.
        folders: folders, in natural order.
        others: files that are no images but may belong to them, such as landmarks.
        problems: files that belong to no data set.
    """

    images: tuple[str, ...]
    empty: frozenset[str]
    folders: tuple[str, ...]
    others: tuple[str, ...]
    problems: tuple[Problem, ...]


def source_folder(source: Path | None) -> Path:
    """The folder of a data set.

    Raises:
        DataError: there is none.
    """
    if source is None or not source.is_dir():
        raise DataError(f"'{source}' is no folder; expected the folder of a data set.")
    return source


def list_folder(source: Path, below: str = "") -> Listing:
    """The content of the folder ``below`` of ``source``, read once; links are followed.

    Raises:
        DataError: there is no such folder.
    """
    images, empty, folders, others = [], set(), [], []
    problems = []
    for entry in _entries(source, below):
        path = f"{below}/{entry.name}" if below else entry.name
        if _UNWRITABLE.search(entry.name):
            problems.append(Problem(_shown(path), "its name has letters that no table can hold"))
        elif (kind := _kind(entry)) == "folder":
            folders.append(path)
        elif kind != "file":
            problems.append(Problem(path, "neither a file nor a folder, or a broken link"))
        elif entry.name.lower().endswith(_COMPANIONS):
            others.append(path)
        elif is_image(Path(entry.name)):
            images.append(path)
            if entry.stat().st_size == 0:
                empty.add(path)
        else:
            problems.append(Problem(path, "no image, no landmarks and no table"))
    return Listing(
        tuple(natural(images)),
        frozenset(empty),
        tuple(natural(folders)),
        tuple(sorted(others)),
        tuple(problems),
    )


def list_tree(source: Path, *, without: Path | None = None) -> Listing:
    """The content of ``source`` and all folders in it, except the folder ``without``.

    Raises:
        DataError: there is no such folder.
    """
    listings, waiting, seen = [], [""], set()
    while waiting:
        below = waiting.pop()
        # A linked folder may hold the one it lies in, so each is entered once.
        place = (source / below).resolve()
        if place not in seen and not is_same(place, without):
            seen.add(place)
            listings.append(list_folder(source, below))
            waiting.extend(reversed(listings[-1].folders))
    return Listing(
        tuple(natural(image for listing in listings for image in listing.images)),
        frozenset().union(*(listing.empty for listing in listings)),
        tuple(natural(folder for listing in listings for folder in listing.folders)),
        tuple(sorted(other for listing in listings for other in listing.others)),
        tuple(problem for listing in listings for problem in listing.problems),
    )


def is_same(folder: Path, other: Path | None) -> bool:
    """Whether two paths lead to the same folder."""
    return other is not None and other.exists() and folder.samefile(other)


def natural(paths: Iterable[str]) -> list[str]:
    """Paths in natural order: 2.jpg before 10.jpg; equals such as 1 and 01 by their text."""
    return list(natsorted(sorted(paths)))


def identifiers(images: Sequence[str]) -> list[str]:
    """An id for each image: its path without suffix, or with it where two would be equal."""
    chosen = {image: stem_of(image) for image in images}
    while True:
        uses = Counter(chosen.values())
        equal = [image for image, name in chosen.items() if uses[name] > 1 and name != image]
        if not equal:
            return [chosen[image] for image in images]
        chosen.update((image, image) for image in equal)


def sorted_problems(*groups: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems from several places as one sorted tuple."""
    return tuple(sorted(problem for group in groups for problem in group))


def reason_of(error: Exception, item: str, source: Path) -> str:
    """What an error says about ``item``, without the item's name and the way to ``source``."""
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    text = str(error).replace(f"{source}{os.sep}", "")
    return text.removeprefix(f"'{item}'").lstrip(": ").removesuffix(".")


def some_of(names: Sequence[str]) -> str:
    """Names for a message: the first eight and how many more there are."""
    if not names:
        return "nothing"
    more = len(names) - _MOST_NAMED
    text = ", ".join(f"'{name}'" for name in names[:_MOST_NAMED])
    return f"{text} and {more:,} more" if more > 0 else text


def _entries(source: Path, below: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(source / below) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise DataError(
            f"The folder '{source / below}' cannot be read: {error.strerror}."
        ) from error


def _kind(entry: os.DirEntry[str]) -> str:
    """``file``, ``folder`` or, as for a link that leads to itself, nothing."""
    try:
        if entry.is_dir():
            return "folder"
        return "file" if entry.is_file() else ""
    except OSError:
        return ""


def _shown(name: str) -> str:
    return name.encode("unicode_escape").decode("ascii")
