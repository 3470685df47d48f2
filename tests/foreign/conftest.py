"""A matrix without runs whose test faces models can be shown, and models made of a few lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from occbench.matrix.choose import store_plan
from occbench.matrix.plan import Plan
from occbench.workspace import Workspace
from tests.makers import CLASSES, SIDE, make_workspace
from tests.runs import make_recipe, small_manifest

# With ``alternate``, the first face of each class is occluded in the mixed column: f18, f19, f20.
PLAN = Plan("small", make_recipe(), train=("normal",), assign="alternate")

SPEC = {
    "schema": 1,
    "size": SIDE,
    "output": "scores",
    "classes": list(CLASSES),
}

# How bright three bands of a face are: the headset lies on the first.
BANDS = """
import numpy as np


def predict(faces):
    assert faces.dtype == np.uint8 and faces.shape[1:] == (40, 40, 3)
    bands = faces[:, 6:30].reshape(len(faces), 3, 8, 40, 3)
    means = bands.mean(axis=(2, 3, 4))
    return means
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """24 faces, six of them for testing, and a matrix of that plan; it is the current folder."""
    found = make_workspace(tmp_path, small_manifest())
    store_plan(found.matrix("small"), PLAN)
    monkeypatch.chdir(tmp_path)
    return found


@pytest.fixture
def write_module(tmp_path: Path) -> Iterator[Callable[[str, str], None]]:
    """Writes a module of Python into the current folder and forgets it afterwards."""
    names = []

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        sys.modules.pop(name, None)
        names.append(name)

    yield write
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def write_spec(tmp_path: Path) -> Callable[..., Path]:
    """Writes ``spec.toml``: ``SPEC`` with changes; a key that becomes None is left out."""
    import tomlkit

    def write(name: str = "spec.toml", **changes: object) -> Path:
        values = {key: value for key, value in {**SPEC, **changes}.items() if value is not None}
        (tmp_path / name).write_text(tomlkit.dumps(values), encoding="utf-8")
        return tmp_path / name

    return write
