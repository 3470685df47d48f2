"""The report as one page that opens anywhere: it holds all it shows and asks no network."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from occbench import __version__
from occbench.core.atomic import replacing, write_text
from occbench.core.lock import sole_writer
from occbench.dataset.images import encode_image
from occbench.errors import DataError
from occbench.report.facts import Published, ReportFacts
from occbench.report.illustrations import Illustrations, draw_all
from occbench.report.leftovers import LOST, PAGE, SHEET, remove_leftovers, remove_pictures
from occbench.report.other_tables import reference_table
from occbench.report.page_tables import given_notes, heat_tables, left_out_rows
from occbench.report.pictures import stacked
from occbench.report.reading import read_out
from occbench.report.tables import all_tables, write_tables
from occbench.report.text_table import ReportTable
from occbench.report.words import epoch_words, is_test_selected


def write_report(facts: ReportFacts, folder: Path) -> Path:
    """Writes ``index.html``, ``tables/``, ``figures/`` and ``sheet.png`` into a folder.

    The page is written last, so a page that is there has everything it shows; then what an
    earlier report left there is removed. Where faces may not be shown, the pictures and the page
    of an earlier report go before anything is written. The same facts give the same bytes.

    Raises:
        Busy: another process writes a report there.
        DataError: the folder cannot be written to, or its disk cannot lock files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(
            f"The folder '{folder}' cannot be written to; expected one for the report. Change its "
            "permissions and run 'occbench report' again."
        )
    with sole_writer(folder):
        if not facts.pictures:
            remove_pictures(folder)
        return _write(facts, folder)


def _write(facts: ReportFacts, folder: Path) -> Path:
    tables = all_tables(facts)
    written = {*write_tables(tables, facts.title, folder)}
    illustrations = draw_all(facts, folder)
    written |= {folder / name for name in illustrations.files}
    sheet, faces = _write_faces(facts, folder)
    written |= {folder / SHEET} if sheet else set()
    written |= {folder / LOST} if faces else set()
    shown = {"sheet": sheet, "faces": faces}
    text = (
        _environment()
        .get_template("page.html")
        .render(**_shown(facts, tables, illustrations), **shown)
    )
    write_text(folder / PAGE, text)
    remove_leftovers(folder, written)
    return folder / PAGE


def _shown(
    facts: ReportFacts, tables: Mapping[str, ReportTable], illustrations: Illustrations
) -> dict[str, Any]:
    """What the template of the page asks for, but the pictures of faces."""
    studies = facts.studies.values()
    return {
        "facts": facts,
        "contents": list(_contents(facts, illustrations, tables)),
        "sentences": read_out(facts),
        "findings": [*facts.alarms, *facts.warnings, *_chosen_by_test(facts)],
        "tables": tables,
        "heats": heat_tables(facts),
        "given_notes": given_notes(facts),
        "selections": facts.matrix.selections,
        "differences": _differences(facts),
        "illustrations": illustrations,
        "qualities": any(study.qualities for study in studies),
        "remarks": [study.remark for study in studies if study.remark],
        "published": [
            (one, reference_table(one, comparable=True), reference_table(one, comparable=False))
            for one in facts.published
        ],
        "far_reasons": _reasons,
        "left_out": left_out_rows(facts),
        "words": epoch_words,
        "sizes": sorted({cell.n for cell in facts.matrix.cells}),
        "version": __version__,
        "script": Markup(script()),  # noqa: S704 -- it comes with the package.
        "policy": policy(),
    }


def script() -> str:
    """The program of the page: it sorts tables and opens what is folded before printing."""
    return resources.files(__package__).joinpath("templates/page.js").read_text(encoding="utf-8")


def policy() -> str:
    """What the page may do: show itself, run its own program, and ask nobody for anything.

    The hash is that of the program's text (Content Security Policy Level 3, section 2.3.1).
    """
    digest = b64encode(sha256(script().encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _contents(
    facts: ReportFacts, drawn: Illustrations, tables: Mapping[str, ReportTable]
) -> Iterator[tuple[str, str]]:
    """Anchor and name of each section that there is."""
    yield "table", "Table"
    sections = (
        (_differences(facts), "differences", _differences(facts)),
        (drawn.gaps or drawn.drops, "classes", "Classes"),
        (drawn.confusions, "confusions", "Confusions"),
        (any(name.startswith("scores-worth") for name in tables), "scores", "Scores"),
        (facts.lost, "lost", "Lost faces"),
        (drawn.explained, "explained", "What networks look at"),
        (drawn.curves, "curves", "Learning curves"),
        (drawn.heat_maps, "map", "Heat map"),
        (facts.published, "published", "Published results"),
        (facts.sheet is not None, "sheet", "Faces"),
    )
    yield from ((anchor, words) for there, anchor, words in sections if there)
    yield "made", "How it was made"
    yield "numbers", "What the numbers mean"


def _differences(facts: ReportFacts) -> str:
    """What the section of differences is called in the menu; empty where it has nothing."""
    if any(study.gaps for study in facts.studies.values()):
        return "Costs and gains"
    compared = any(study.comparisons.comparisons for study in facts.studies.values())
    return "Comparisons" if compared else ""


def _chosen_by_test(facts: ReportFacts) -> Iterator[str]:
    """A sentence per selection that the test may have made."""
    for selection in facts.matrix.selections:
        if is_test_selected(selection):
            yield (
                f"The table of {selection} is of an epoch that a person named: if its test "
                "accuracy was known, the numbers are higher than other faces would give."
            )


def _reasons(published: Published) -> list[str]:
    """Why its accuracies cannot be compared, each reason once."""
    return list(dict.fromkeys(row.why for row in published.rows))


def _write_faces(facts: ReportFacts, folder: Path) -> tuple[str, list[tuple[object, str]]]:
    """Writes the pictures of faces; gives the sheet and each lost face as data."""
    shown = [(face, face.picture) for face in facts.lost if face.picture is not None]
    pictures = {
        SHEET: facts.sheet,
        LOST: stacked([picture for _, picture in shown]) if shown else None,
    }
    for name, picture in pictures.items():
        if picture is not None:
            with replacing(folder / name) as part:
                part.write_bytes(encode_image(picture, "png", 100))
    sheet = "" if facts.sheet is None else _as_data(facts.sheet)
    return sheet, [(face, _as_data(picture)) for face, picture in shown]


def _as_data(picture: NDArray[np.uint8]) -> str:
    return f"data:image/png;base64,{b64encode(encode_image(picture, 'png', 100)).decode('ascii')}"


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("occbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
