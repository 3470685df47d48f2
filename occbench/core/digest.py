"""Digests: the identity of inputs and the source of every random choice.

A choice made for one face is drawn from ``digest_int(seed, purpose, face id)``, so neither
the order of the faces nor the number of workers can change it. Where shares are exact, one
face more or less moves only the few at the edge of a share.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

_SHORT = 10


def digest(value: Any) -> str:
    """SHA-256 in hex of a JSON value, keys sorted, so equal values have equal digests."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def short_digest(value: Any) -> str:
    """The first ten hex digits of ``digest``, for names of folders."""
    return digest(value)[:_SHORT]


def digest_int(*parts: object) -> int:
    """A uniform 64-bit integer that depends on the text of the parts and on nothing else."""
    text = "\x1f".join(str(part) for part in parts)
    data = text.encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big")


def file_digest(path: Path) -> str:
    """SHA-256 in hex of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
