"""The page in a real browser: whole, and silent on the network."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from occbench.report.page import write_report
from tests.report.made_facts import make_facts

NAMES = ("chromium", "chromium-browser", "google-chrome")
FOUND = next(filter(None, map(shutil.which, NAMES)), None)
ELSEWHERE = "http://report.invalid/a.png"
PICTURE = f'<img src="{ELSEWHERE}">'

pytestmark = pytest.mark.skipif(
    FOUND is None, reason=f"none of {', '.join(NAMES)} is installed to look at a page"
)


def look(page: Path, folder: Path) -> tuple[str, list[str]]:
    """The page as the browser has made it, and the addresses that it asked for.

    Every request goes to a proxy that is not there. The browser has requests of its own, so the
    log tells which ones a page began.
    """
    log = folder / "net.json"
    command = [
        str(FOUND),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        f"--user-data-dir={folder / 'profile'}",
        "--proxy-server=http://127.0.0.1:9",
        f"--log-net-log={log}",
        "--dump-dom",
        page.as_uri(),
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    events = [event.get("params", {}) for event in json.loads(log.read_text("utf-8"))["events"]]
    # A file has the opaque origin 'null'; what the browser wants for itself is 'not an origin'.
    asked = {
        str(params["url"])
        for params in events
        if "url" in params and str(params.get("initiator")).startswith(("null", "file:", "http"))
    }
    outside = [address for address in asked if not address.startswith(("file:", "data:"))]
    return found.stdout, sorted(outside)


def test_the_page_is_whole_without_a_network(tmp_path):
    """Its words are there, its program ran, and it asked nobody for anything."""
    text, asked = look(write_report(make_facts(), tmp_path / "report"), tmp_path)
    assert "Trained on normal faces, accuracy falls from 58.9 % (57.4-60.4)" in text
    assert "What the numbers mean" in text
    assert text.count("<svg") == 8
    # Heads become buttons by the page's own program, which its policy lets run.
    assert '<button type="button" title="Sort by this column">' in text
    assert asked == []


def test_a_page_that_asks_is_noticed(tmp_path):
    """The same look finds a picture from elsewhere in another page; the report forbids it."""
    plain = tmp_path / "plain.html"
    plain.write_text(f"<html><body>{PICTURE}</body></html>", encoding="utf-8")
    assert look(plain, tmp_path)[1] == [ELSEWHERE]
    report = write_report(make_facts(), tmp_path / "report")
    text = report.read_text(encoding="utf-8")
    report.write_text(text.replace("<main>", f"<main>{PICTURE}", 1), encoding="utf-8")
    text, asked = look(report, tmp_path)
    assert PICTURE in text
    assert asked == []


def test_a_table_is_sorted_by_its_heads(tmp_path):
    """The largest number first, then the smallest; signs and thousands are read as numbers."""
    report = write_report(make_facts(), tmp_path / "report")
    clicks = (
        "<script>const table = document.querySelector('table.sortable');"
        "const button = table.tHead.rows[0].cells[3].firstChild;"
        "const read = () => [...table.tBodies[0].rows].map((row) => row.cells[3].textContent);"
        "button.click(); const down = read(); button.click();"
        "document.title = JSON.stringify([down, read()]);</script>"
    )
    text = report.read_text(encoding="utf-8")
    # The clicks of a reader are put in without the policy, which would forbid them.
    text = text.replace("Content-Security-Policy", "x-none", 1).replace(
        "</body>", clicks + "</body>"
    )
    report.write_text(text, encoding="utf-8")
    found, _ = look(report, tmp_path)
    down, up = json.loads(found.partition("<title>")[2].partition("</title>")[0])
    assert len(down) == 6
    assert [float(each) for each in down] == sorted(map(float, down), reverse=True)
    assert [float(each) for each in up] == sorted(map(float, down))


@pytest.mark.parametrize(("width", "hinted"), [(320, True), (4000, False)])
def test_a_table_that_does_not_fit_says_so(width, hinted, tmp_path):
    """On a narrow page its frame is marked, which the style turns into words; on a wide one not."""
    report = write_report(make_facts(histories={}, lost=()), tmp_path / "report")
    text = report.read_text(encoding="utf-8")
    narrow = f'<main style="max-width: none; width: {width}px">'
    report.write_text(text.replace("<main>", narrow, 1), encoding="utf-8")
    found, _ = look(report, tmp_path)
    assert ('class="scroll wide"' in found) == hinted
