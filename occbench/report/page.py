"""The report as one page that opens anywhere: no network, no scripts, everything beside it."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from occbench import __version__
from occbench.core.atomic import replacing, write_text
from occbench.dataset.images import encode_image
from occbench.report.facts import ReportFacts
from occbench.report.illustrations import draw_all
from occbench.report.page_tables import heat_table, left_out_rows
from occbench.report.reading import read_out
from occbench.report.tables import EPOCH_WORDS, per_class_table, score_table, write_tables


def write_report(facts: ReportFacts, folder: Path) -> Path:
    """Writes ``index.html``, ``tables/``, ``figures/`` and ``sheet.png`` into a folder.

    The page is written last, so a page that is there has everything it shows. The same facts
    give the same bytes.
    """
    write_tables(facts, folder)
    illustrations = draw_all(facts, folder)
    if facts.sheet is not None:
        with replacing(folder / "sheet.png") as part:
            part.write_bytes(encode_image(facts.sheet, "png", 100))
    selections = facts.matrix.selections
    text = (
        _environment()
        .get_template("page.html")
        .render(
            facts=facts,
            sentences=read_out(facts),
            findings=[*facts.alarms, *facts.warnings],
            tables=[heat_table(facts.matrix, selection) for selection in selections],
            scores=[(selection, score_table(facts.matrix, selection)) for selection in selections],
            recalls=[(selection, per_class_table(facts, selection)) for selection in selections],
            illustrations=illustrations,
            left_out=left_out_rows(facts),
            words=EPOCH_WORDS,
            faces=sorted({cell.n for cell in facts.matrix.cells}),
            version=__version__,
        )
    )
    page = folder / "index.html"
    write_text(page, text)
    return page


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("occbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
