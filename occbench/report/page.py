"""The report as one page that opens anywhere: it holds all it shows and asks no network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib import resources
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from occbench import __version__
from occbench.core.atomic import replacing, write_text
from occbench.dataset.images import encode_image
from occbench.report.facts import Published, ReportFacts
from occbench.report.illustrations import Illustrations, draw_all
from occbench.report.other_tables import reference_table
from occbench.report.page_tables import given_notes, heat_tables, left_out_rows
from occbench.report.pictures import stacked
from occbench.report.reading import read_out
from occbench.report.tables import all_tables, write_tables
from occbench.report.text_table import ReportTable
from occbench.report.words import epoch_words, is_test_selected

SHEET, LOST = "sheet.png", "figures/lost-faces.png"


def write_report(facts: ReportFacts, folder: Path) -> Path:
    """Writes ``index.html``, ``tables/``, ``figures/`` and ``sheet.png`` into a folder.

    The page is written last, so a page that is there has everything it shows. The same facts
    give the same bytes. Pictures of faces that an earlier report left there are removed where
    the facts have none.
    """
    tables = all_tables(facts)
    write_tables(tables, facts.title, folder)
    illustrations = draw_all(facts, folder)
    sheet, faces = _write_faces(facts, folder)
    text = (
        _environment()
        .get_template("page.html")
        .render(
            facts=facts,
            contents=list(_contents(facts, illustrations, tables)),
            sentences=read_out(facts),
            findings=[*facts.alarms, *facts.warnings, *_chosen_by_test(facts)],
            tables=tables,
            heats=heat_tables(facts),
            given_notes=given_notes(facts),
            selections=facts.matrix.selections,
            illustrations=illustrations,
            qualities=any(study.qualities for study in facts.studies.values()),
            remarks=[study.remark for study in facts.studies.values() if study.remark],
            sheet=sheet,
            faces=faces,
            published=[
                (one, reference_table(one, comparable=True), reference_table(one, comparable=False))
                for one in facts.published
            ],
            far_reasons=_reasons,
            left_out=left_out_rows(facts),
            words=epoch_words,
            sizes=sorted({cell.n for cell in facts.matrix.cells}),
            version=__version__,
            script=Markup(script()),  # noqa: S704 -- it comes with the package.
            policy=policy(),
        )
    )
    page = folder / "index.html"
    write_text(page, text)
    return page


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
        (facts.studies, "differences", "Costs and gains"),
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
    """Writes or removes the pictures of faces; gives the sheet and each lost face as data."""
    shown = [(face, face.picture) for face in facts.lost if face.picture is not None]
    pictures = {
        SHEET: facts.sheet,
        LOST: stacked([picture for _, picture in shown]) if shown else None,
    }
    for name, picture in pictures.items():
        if picture is None:
            (folder / name).unlink(missing_ok=True)
        else:
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
