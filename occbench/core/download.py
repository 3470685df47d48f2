"""Large files over HTTP: with a bar, and from where it broke off."""

from __future__ import annotations

import os
import re
from http.client import HTTPResponse
from math import ceil
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from occbench.core.console import bar

CHUNK = 1_000_000
"""Bytes that are read at once, and a step of the bar."""

TIMEOUT_SECONDS = 30
_RANGE_NOT_SATISFIABLE = 416


def download(url: str, part: Path, *, label: str) -> None:
    """Fills ``part`` from an address and syncs it; bytes that are in it are not asked for again.

    A server that does not know the ``Range`` of a request (RFC 9110, section 14) sends the whole
    file, and ``part`` begins anew. ``part`` stays when the connection breaks.

    Args:
        url: http or https.
        part: the unfinished file; one process may write to it at a time.
        label: what the bar says.

    Raises:
        OSError: no connection, a refusal, a full disk, or fewer bytes than the server announced.
    """
    have = part.stat().st_size if part.exists() else 0
    try:
        with _ask(url, have) as answer:
            start, total = _span(answer)
            if start not in (0, have):
                raise ConnectionError("the server sent another part than was asked for")
            _copy(answer, part, start, total, label)
    except HTTPError as error:
        error.close()
        if error.code != _RANGE_NOT_SATISFIABLE or not have:
            raise
        # Nothing is left to send: all is there already, or what is there is of another file.
        total = _number(r"bytes \*/(\d+)", error.headers.get("Content-Range"))
        if total != have:
            part.unlink()
            download(url, part, label=label)
            return
    have = part.stat().st_size
    if total not in (None, have):
        raise ConnectionError(f"{have:,} of {total:,} bytes came; the same command goes on there")


def _ask(url: str, have: int) -> HTTPResponse:
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    # The address is the program's own or one that its user typed.
    answer: HTTPResponse = urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310
    return answer


def _span(answer: HTTPResponse) -> tuple[int | None, int | None]:
    """Where the answer begins in the file, and the size of the whole file where it is told."""
    if answer.status != 206:
        return 0, _number(r"(\d+)", answer.headers.get("Content-Length"))
    told = answer.headers.get("Content-Range")
    return _number(r"bytes (\d+)-", told), _number(r"bytes .*/(\d+)", told)


def _number(pattern: str, text: str | None) -> int | None:
    found = re.match(pattern, text or "")
    return int(found[1]) if found else None


def _copy(answer: HTTPResponse, part: Path, start: int, total: int | None, label: str) -> None:
    steps = ceil((total or 0) / CHUNK)
    with (
        part.open("ab" if start else "wb") as file,
        bar(total=steps, label=label, unit="MB", done=start // CHUNK) as shown,
    ):
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            shown.move(1)
        file.flush()
        os.fsync(file.fileno())
