"""What ``occbench export`` says of a ``.keras`` file, kept inside it and beside it.

The file is a zip archive, in which Keras looks for its own members only. The record beside it is
for people; what is believed is the one inside, which cannot be parted from the weights.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from occbench.errors import DataError

SCHEMA = 1
MEMBER = "occbench.json"

_NEEDED = {"run", "classes", "size", "channels", "preprocessing"}


def as_text(facts: Mapping[str, Any]) -> str:
    """The record as it stands inside and beside."""
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def put_inside(path: Path, facts: Mapping[str, Any]) -> None:
    """Adds the record to a ``.keras`` file that has none yet."""
    with zipfile.ZipFile(path, "a") as archive:
        # A member of no date: equal networks give equal bytes here.
        archive.writestr(zipfile.ZipInfo(MEMBER), as_text(facts))


def facts_of(path: Path) -> dict[str, Any]:
    """What an exported ``.keras`` file says of itself; empty if ``export`` did not write it.

    Raises:
        DataError: its record is of another schema, or the one beside it says something else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            facts = json.loads(archive.read(MEMBER).decode("utf-8"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return {}
    if not isinstance(facts, dict) or not facts.keys() >= _NEEDED:
        return {}
    if facts.get("schema") != SCHEMA:
        raise DataError(
            f"The record inside '{path}' has schema {facts.get('schema')!r}; this version reads "
            f"{SCHEMA}."
        )
    _compare(path, facts)
    return facts


def _compare(path: Path, facts: Mapping[str, Any]) -> None:
    beside = path.with_suffix(".json")
    try:
        said = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if not isinstance(said, dict) or not said.keys() >= _NEEDED:
        # A file of another kind that has the same name.
        return
    differing = [key for key in facts if said.get(key) != facts[key]]
    if differing:
        raise DataError(
            f"'{beside}' was changed: its {differing[0]} is {said.get(differing[0])!r}, but "
            f"'{path.name}' was written with {facts[differing[0]]!r}. Delete '{beside.name}', or "
            "export the run again."
        )
