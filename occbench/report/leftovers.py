"""What an earlier report of the same matrix left in its folder.

A report is one state of one matrix: a table or figure that it does not write any more would tell
of another state. Only names that a report gives are touched, so a file of somebody's own stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from occbench.reference.published import references
from occbench.splits.modes import MODES

PAGE, SHEET, LOST = "index.html", "sheet.png", "figures/lost-faces.png"

_SELECTION = r"(?:best|last|test-selected-[1-9][0-9]*)"
_MODE = "|".join(MODES)
_EXPLAINED = rf"figures/explain-(?:{_MODE})-seed[0-9]+-[A-Za-z0-9.-]+\.(?:png|svg)"
_TABLES = (
    rf"(?:matrix|per-class|scores|seeds|gaps|class-gaps|comparisons|scores-worth|reliability"
    rf"|risk-coverage)-{_SELECTION}",
    "models",
    "lost-faces",
)
_FIGURES = (
    rf"(?:heat-map|class-gap|class-drop|calibration)-{_SELECTION}",
    rf"confusion-(?:{_MODE})-{_SELECTION}",
    "learning-curves",
)


def remove_pictures(folder: Path) -> None:
    """Removes every picture that may show a face, and the page, which holds them too."""
    for name, path in _files(folder):
        if name in (PAGE, SHEET, LOST) or re.fullmatch(_EXPLAINED, name):
            path.unlink()


def remove_leftovers(folder: Path, written: Collection[Path]) -> None:
    """Removes what a report may write and this one has not.

    Args:
        folder: of the report.
        written: the files of this report, below ``folder``.
    """
    kept = set(written)
    ours = re.compile("|".join(_names()))
    for name, path in _files(folder):
        if path not in kept and ours.fullmatch(name):
            path.unlink()


def _names() -> Iterator[str]:
    """The names that a report gives, as patterns of paths below its folder."""
    yield re.escape(SHEET)
    yield re.escape(LOST)
    yield _EXPLAINED
    tables = (*_TABLES, *(f"reference-{re.escape(name)}" for name in references()))
    yield rf"tables/(?:{'|'.join(tables)})\.(?:csv|md|tex)"
    yield rf"figures/(?:{'|'.join(_FIGURES)})\.(?:png|svg)"


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name below the folder and path of each file that may be a report's."""
    for room in ("", "tables", "figures"):
        place = folder / room
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if path.is_file():
                yield path.relative_to(folder).as_posix(), path
