"""The page: it is whole, stands alone and escapes what it shows."""

from __future__ import annotations

import re
import shutil
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from occbench.core.lock import sole_writer
from occbench.dataset.images import encode_image, read_image
from occbench.errors import Busy, DataError
from occbench.report.lost_faces import LostFace
from occbench.report.page import write_report
from tests.report.made_facts import PUBLISHED, make_facts, make_matrix

_VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """What a page refers to and shows; fails if its tags do not nest."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.pictures: list[dict] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.cells: list[str] = []
        self.words = ""
        self.scripts: list[str] = []
        self.attributes: set[str] = set()
        self.policy = ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Notes pictures, links and anchors."""
        found = dict(attrs)
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "img":
            self.pictures.append(found)
        if "href" in found:
            self.links.append(found["href"])
        if "id" in found:
            assert found["id"] not in self.ids
            self.ids.add(found["id"])
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]
        if tag == "script":
            assert found == {}
            self.scripts.append("")
        self.attributes |= found.keys()
        if tag == "td":
            self.cells.append("")
        assert tag not in ("link", "iframe", "object", "base", "form", "b<i")

    def handle_endtag(self, tag):
        """Closes the innermost tag."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Collects the text outside of the style sheet."""
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif self.open and self.open[-1] != "style":
            self.words += data
            if "td" in self.open:
                self.cells[-1] += data.strip() + " "


def figures(page: Page) -> set[str]:
    """The names of the figures that a page links to."""
    return {link[8:-4] for link in page.links if link.startswith("figures/")}


def make_picture(facts) -> dict:
    """The attributes of the sheet as the page has them."""
    data = b64encode(encode_image(facts.sheet, "png", 100)).decode()
    alt = "A sample of faces, a row per variant, a column per face."
    return {"class": "sheet", "src": f"data:image/png;base64,{data}", "alt": alt}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the report of an experiment with one seed was written."""
    return write_report(make_facts(), tmp_path_factory.mktemp("report")).parent


@pytest.fixture(scope="module")
def page(folder):
    """The page of that report."""
    return Page(folder / "index.html")


def check_references(page: Page, folder: Path) -> None:
    """Every file named is there, every picture is described, nothing is asked from elsewhere."""
    for picture in page.pictures:
        assert picture["src"].startswith("data:image/png;base64,")
        assert len(picture["alt"]) > 20
    assert page.source.count('role="img" aria-label="') == page.source.count("<svg")
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        elif link.startswith("data:image/png;base64,"):
            # The colours of a heat map are a picture in its figure.
            continue
        else:
            assert (folder / link).is_file()
    assert set(re.findall(r"url\((.)", page.source)) <= {"#"}
    assert set(re.findall(r"url\(#([^)]*)\)", page.source)) <= page.ids
    assert not [name for name in page.attributes if name.startswith("on") or name == "srcset"]
    assert "@import" not in page.source
    assert "http:" not in page.source
    assert "https:" not in page.source
    assert 'src="/' not in page.source
    assert str(folder) not in page.source


def test_everything_it_refers_to_is_there(page, folder):
    """Figures and faces are in the page, and lie beside it as files; nothing else is shown."""
    check_references(page, folder)
    assert figures(page) == {
        "heat-map-best",
        "heat-map-last",
        "learning-curves",
        "confusion-normal-best",
        "confusion-occluded-best",
        "class-gap-best",
        "class-drop-best",
        "calibration-best",
    }
    assert page.source.count("<svg") == 8
    assert len(page.pictures) == 3
    assert (folder / "figures" / "lost-faces.png").is_file()
    assert {"tables/matrix-best.csv", "tables/scores-last.tex"} <= set(page.links)
    assert {"tables/comparisons-best.csv", "tables/risk-coverage-last.md"} <= set(page.links)


def test_nothing_but_its_own_program_may_run(page):
    """The policy names the hash of the only script, and allows no address but data."""
    (script,) = page.scripts
    digest = b64encode(sha256(script.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": f"'sha256-{digest}'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_without_faces_no_picture_of_one_is_left(tmp_path):
    """Neither in the page nor in the folder, where an earlier report had left some."""
    write_report(make_facts(), tmp_path)
    pictures = [tmp_path / "sheet.png", tmp_path / "figures" / "lost-faces.png"]
    assert all(path.is_file() for path in pictures)
    lost = tuple(replace(face, picture=None) for face in make_facts().lost)
    page = Page(write_report(make_facts(sheet=None, lost=lost, pictures=False), tmp_path))
    check_references(page, tmp_path)
    assert page.pictures == []
    # The heat maps and confusions hold pictures of their colours alone.
    assert "data:image" not in re.sub(r"<image [^>]*>", "", page.source)
    assert not any(path.exists() for path in pictures)
    assert "Pictures of faces are left out, as asked for by --no-faces." in page.words
    assert "folder/f0" in page.words


def test_pictures_go_before_anything_is_written(folder, tmp_path, monkeypatch):
    """A report that fails halfway leaves no face, neither as a file nor in the old page."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    explained = tmp_path / "figures" / "explain-normal-seed0-sensitivity-1-examples.png"
    explained.write_bytes(b"a face")

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr("occbench.report.page.write_tables", fail)
    lost = tuple(replace(face, picture=None) for face in make_facts().lost)
    with pytest.raises(OSError, match="the disk is full"):
        write_report(make_facts(sheet=None, lost=lost, pictures=False), tmp_path)
    gone = [tmp_path / "index.html", tmp_path / "sheet.png", explained]
    assert not any(path.exists() for path in [*gone, tmp_path / "figures" / "lost-faces.png"])
    assert (tmp_path / "figures" / "heat-map-best.png").is_file()


def test_what_an_earlier_report_left_is_removed(folder, tmp_path):
    """Tables and figures of another state of the matrix go; files of somebody's own stay."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    left = [
        "tables/reference-report-001.csv",
        "tables/gaps-test-selected-9.md",
        "figures/confusion-mixed-paired-best.svg",
        "figures/explain-occluded-seed3-grad-cam-ab12-examples.png",
    ]
    own = [
        "notes.txt",
        "index.html.bak",
        "tables/mine.csv",
        "tables/reference-of-mine.csv",
        "tables/matrix-best.xlsx",
        "figures/heat-map-best-for-paper.png",
        "more/matrix-best.csv",
    ]
    (tmp_path / "more").mkdir()
    for name in [*left, *own]:
        (tmp_path / name).write_text("earlier", encoding="utf-8")
    only_best = make_matrix(PUBLISHED, selections=("best",))
    page = Page(write_report(make_facts(matrix=only_best, sheet=None, lost=()), tmp_path))
    check_references(page, tmp_path)
    there = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert not there & {*left, "sheet.png", "figures/lost-faces.png", "tables/matrix-last.csv"}
    assert there >= {*own, "tables/matrix-best.csv", "figures/heat-map-best.svg"}
    assert {name for name in there if name not in own} == {
        "index.html",
        ".lock",
        *(link for link in page.links if "/" in link and not link.startswith("data:")),
    }


def test_two_reports_at_once(tmp_path):
    """The second one is told; nothing is written or removed."""
    with sole_writer(tmp_path), pytest.raises(Busy, match="Another occbench process is writing"):
        write_report(make_facts(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    """It is named, and not a file that nobody asked for."""
    monkeypatch.setattr("os.access", lambda *_: False)
    place = re.escape(str(tmp_path))
    with pytest.raises(DataError, match=f"The folder '{place}' cannot be written to"):
        write_report(make_facts(), tmp_path)


def test_without_covered_faces_there_is_no_cost(tmp_path):
    """No section and no entry of the menu that would be empty; two trainings are compared."""
    one = {("normal", "normal"): [2400]}
    facts = make_facts(matrix=make_matrix(one, n=4000), confusions={}, lost=(), sheet=None)
    page = Page(write_report(facts, tmp_path / "one"))
    check_references(page, tmp_path / "one")
    assert "differences" not in page.ids
    assert "What covering costs" not in page.words
    assert "accuracy is 60.0 % (58.5-61.5) on uncovered faces." in page.words
    two = one | {("occluded", "normal"): [1200]}
    facts = make_facts(matrix=make_matrix(two, n=4000), confusions={}, lost=(), sheet=None)
    page = Page(write_report(facts, tmp_path / "two"))
    assert "differences" in page.ids
    assert "What covering costs" not in page.words
    assert "1 comparisons, 1 of them show a difference" in page.words


def test_facts_without_pictures_have_none():
    """What is to be left out cannot slip in."""
    with pytest.raises(ValueError, match="Pictures of faces are to be left out"):
        make_facts(pictures=False)


def test_the_table_has_the_numbers(page):
    """Accuracy, interval and change of tables 4.1 and 4.2 of report 001."""
    cells = [" ".join(cell.split()) for cell in page.cells]
    assert cells[:3] == ["7", "58.9 (57.4-60.4) own", "38.1 (36.6-39.6) -35.3 %"]
    assert cells[5].endswith("-4.9 %")


def test_what_people_need_to_know_is_on_the_page(page):
    """The result in words, alarms, limits, recipe, faces left out and explanations."""
    for sentence in (
        "Trained on normal faces, accuracy falls from 58.9 % (57.4-60.4)",
        "normal, seed 0, epoch 3: the class fear is never predicted.",
        "The faces are drawn, not photographed.",
        'name = "small"',
        "no usable landmarks",
        "headset(device=quest-2)",
        "Wilson (1927)",
        "9 comparisons, ",
        "angry, covered taken for fear; lost by 2 of 2 runs",
        "Macro F1",
    ):
        assert sentence in page.words
    assert "prefers-color-scheme: dark" in page.source
    assert "width=device-width" in page.source


def test_names_cannot_break_the_page(tmp_path):
    """Class names, title, recipe and findings are text, whatever they hold."""
    nasty = "<script>x</script>&amp;"
    arabic, turned = "\u0633\u0639\u064a\u062f", "\u202eevil\u202c"
    facts = make_facts(
        title=nasty,
        classes=("a<b", 'c" id="x" onload="url(#x)', arabic, nasty),
        recipe=f"name = '{nasty}'",
        facts=[(nasty, nasty)],
        left_out={nasty: {"a<b": 3}},
        warnings=(nasty,),
        limits=(nasty,),
        lost=(LostFace(f"{turned}'\"><img src=x>", nasty, arabic, 1, 2),),
    )
    page = Page(write_report(facts, tmp_path))
    assert len(page.scripts) == 1
    assert page.pictures == [make_picture(facts)]
    assert page.words.count(nasty) >= 12
    assert page.words.count(arabic) >= 8
    assert turned in page.words
    assert not [name for name in page.attributes if name.startswith("on")]
    assert 'c" id="x" onload="url(#x)' in page.words


def test_several_seeds_and_missing_rows(tmp_path):
    """Gaps are named and no figure fails; a finished part is shown as it is."""
    counts = {place: [right[0], right[0] + 40] for place, right in PUBLISHED.items()}
    counts |= {("mixed-paired", "normal"): [None, 2000], ("mixed-paired", "mixed"): [None, None]}
    counts |= {("mixed-unique", test): [None, None] for test in ("normal", "occluded", "mixed")}
    facts = make_facts(matrix=make_matrix(counts), confusions={}, histories={}, sheet=None)
    page = Page(write_report(facts, tmp_path))
    check_references(page, tmp_path)
    # Five places in each of two selections.
    assert page.cells.count("missing ") == 10
    assert "± 0.7" in page.words
    assert "means over 2 seeds" in page.words
    assert figures(page) == {"heat-map-best", "heat-map-last"}


def test_an_experiment_without_results(tmp_path):
    """An empty matrix gives a page that says so."""
    facts = make_facts(
        matrix=make_matrix({}),
        recipe="",
        facts=(),
        left_out={},
        alarms=(),
        limits=(),
        sheet=None,
        lost=(),
    )
    page = Page(write_report(facts, tmp_path))
    check_references(page, tmp_path)
    assert "there is nothing to read out" in page.words
    assert "No face was left out." in page.words
    assert "before you trust" not in page.words


def test_the_same_facts_give_the_same_bytes(folder, tmp_path):
    """Two reports differ in no file."""
    write_report(make_facts(), tmp_path)
    first, second = (
        {path.relative_to(where): path.read_bytes() for path in where.rglob("*.*")}
        for where in (folder, tmp_path)
    )
    assert first == second
    assert len(first) > 25


def test_the_sheet_is_the_picture(folder):
    """It is lossless RGB."""
    assert (read_image(folder / "sheet.png") == make_facts().sheet).all()


def test_a_banner_stands_above_all(tmp_path):
    """In large letters, before the first sentence; without one there is no place for it."""
    path = write_report(make_facts(banner="RANDOM WEIGHTS: nothing to see."), tmp_path / "one")
    text = path.read_text(encoding="utf-8")
    assert text.index("RANDOM WEIGHTS: nothing to see.") < text.index('aria-label="The result in')
    plain = write_report(make_facts(), tmp_path / "two").read_text(encoding="utf-8")
    assert 'class="banner"' not in plain
