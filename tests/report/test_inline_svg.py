"""Figures in the page: their texts, their ids, their colours and what they say on a hover."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from occbench.report.calibration_plot import calibration
from occbench.report.class_gap_plot import class_gaps
from occbench.report.confusion_strip import confusion_strip
from occbench.report.figures import INK, save, svg_text
from occbench.report.inline_svg import inline_svg
from tests.report.made_facts import make_facts


class Titles(HTMLParser):
    """The texts of all titles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = False
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        """A title begins."""
        self.inside = tag == "title"

    def handle_data(self, data):
        """Its text."""
        if self.inside:
            self.found.append(data)

    def handle_endtag(self, tag):
        """It ends."""
        self.inside = False


@pytest.fixture(scope="module")
def drawn():
    """The gap of each class in the experiment of report 001."""
    return class_gaps(make_facts(classes=("a<b", "&amp;", "c", 'd"')).studies["best"])


def test_each_point_says_its_numbers(drawn):
    """In the page and in the file."""
    assert Titles(inline_svg(drawn.figure, "one", "alt", drawn.tips)).found == drawn.tips
    assert [text for text in Titles(svg_text(drawn.figure, drawn.tips)).found if text] == drawn.tips
    assert len(drawn.tips) == 8


def test_calibration_has_a_point_per_bin():
    """One per cell: every made-up answer is 80 % sure."""
    found = calibration(make_facts().studies["best"], 0)
    assert len(found.tips) == 6
    assert found.tips[0] == "normal on normal: 400 faces, confidence 80.0 %, 78.8 % right"
    assert calibration(make_facts().studies["best"], 7) is None


def test_ids_are_those_of_one_figure(drawn):
    """Two figures on one page share none, and references keep to their own."""
    first, second = (inline_svg(drawn.figure, name, "alt") for name in ("one", "two"))
    ids = [set(re.findall(r'<[^>]* id="([^"]*)"', text)) for text in (first, second)]
    assert len(ids[0]) > 20
    assert ids[0] & ids[1] == set()
    named = set(re.findall(r"url\(#([^)]*)\)", first)) | set(re.findall(r'href="#([^"]*)"', first))
    assert named
    assert named <= ids[0]


def test_text_stays_text_and_colours_follow_the_page(drawn):
    """Names are escaped and whole; ink is a variable of the page; no style reaches out of it."""
    text = inline_svg(drawn.figure, "one", 'seen "by" <none>', drawn.tips)
    assert ">a&lt;b</text>" in text
    assert ">&amp;amp;</text>" in text
    assert 'aria-label="seen &quot;by&quot; &lt;none&gt;"' in text
    assert INK not in text
    assert "var(--ink)" in text
    assert "<style" not in text
    assert "http" not in text


def test_names_that_look_like_markup_are_not_changed():
    """Only tags are rewritten: what a class is called stays as it is."""
    name = f'x id="y" url(#z) {INK} href="#q"'
    confusions = {("normal", "normal", 0, "best"): np.full((2, 2), 3)}
    facts = make_facts(classes=(name, "other"), confusions=confusions, studies={})
    figure = confusion_strip(facts, "normal", selection="best", seed=0)
    assert f">{name}</text>" in inline_svg(figure, "one", "alt")


def test_a_script_without_glyphs_is_no_warning(tmp_path):
    """The font has no Chinese; the page has the name as text all the same."""
    confusions = {("normal", "normal", 0, "best"): np.full((2, 2), 3)}
    facts = make_facts(classes=("高兴", "other"), confusions=confusions, studies={})
    figure = confusion_strip(facts, "normal", selection="best", seed=0)
    save(figure, tmp_path, "one")
    assert ">高兴</text>" in inline_svg(figure, "one", "alt")
