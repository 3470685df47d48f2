"""Figures as part of the page: text stays text, colours follow light and dark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from markupsafe import Markup
from matplotlib.figure import Figure

from occbench.report.figures import FAINT, GRID, INK, svg_text

_COLOURS = {INK: "var(--ink)", FAINT: "var(--faint)", GRID: "var(--line)"}
_FONT = "'DejaVu Sans'"
# Verdana is as wide as the font that the figure was laid out with.
_FONTS = "'DejaVu Sans', Verdana, sans-serif"


def inline_svg(figure: Figure, name: str, alt: str, tips: Sequence[str] = ()) -> Markup:
    """The figure as an ``svg`` element without a background, ``name`` before every id.

    Args:
        figure: with its layout settled.
        name: of letters, digits, dots and hyphens, another one for each figure of a page.
        alt: what it shows, for those who cannot see it.
        tips: what its artists say when they are pointed at.
    """
    text = svg_text(figure, tips, **{"svg.fonttype": "none"})
    text = text[text.index("<svg") :]
    width, height = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)[0]
    head = (
        f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(alt)}" style="--wide:{float(width) / 72:.2f}in">'
    )
    body = text[text.index(">") + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, count=1, flags=re.DOTALL)
    # The first patch is the background of the figure.
    body = re.sub(r'<g id="patch_1">.*?</g>', "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<[a-z][^>]*>", lambda tag: _own(tag[0], name), body)
    return Markup(head + body)  # noqa: S704 -- matplotlib has escaped every text in it.


def _own(tag: str, name: str) -> str:
    """A tag with ids of its own, and with the colours and fonts of the page."""
    tag = tag.replace("xlink:href=", "href=").replace(' id="', f' id="{name}-')
    tag = tag.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    tag = tag.replace(_FONT, _FONTS)
    for colour, variable in _COLOURS.items():
        tag = tag.replace(colour, variable)
    return tag
