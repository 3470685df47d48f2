"""The adapter of drawn faces: same bytes on any number of workers, people on one side only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from occbench.core.console import set_quiet
from occbench.dataset.adapters import drawn
from occbench.dataset.adapters.base import Scan
from occbench.dataset.labels import AFFECTNET
from occbench.errors import DataError
from tests.makers import read_picture

# Training images of AffectNet per class, neutral to contempt (287,651 in all).
AFFECTNET_TRAIN = (74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750)


@pytest.fixture(autouse=True)
def _quiet() -> object:
    """No progress bars."""
    set_quiet(True)
    yield
    set_quiet(False)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws nothing, for tests of who would be drawn."""
    monkeypatch.setattr(
        drawn, "_draw_all", lambda orders, *_, **__: np.ones((len(orders), 68, 2), np.float32)
    )


def scan(room: Path, workers: int = 1, **options: object) -> Scan:
    """Scans drawn faces into a room."""
    return drawn.scan(None, name="drawn", room=room, workers=workers, **options)


def test_workers_change_nothing(tmp_path: Path) -> None:
    """One process or two write the same files, and a third call draws nothing anew."""
    one, two = (
        scan(tmp_path / str(workers), workers, count=64, size=32, seed=5) for workers in (1, 2)
    )
    files = [
        {path.name: path.read_bytes() for path in found.root.iterdir()} for found in (one, two)
    ]
    assert files[0] == files[1]
    assert len(files[0]) == 64 + 1
    assert one.root.name == two.root.name
    assert one.manifest.faces.equals(two.manifest.faces)
    assert (one.manifest.landmarks == two.manifest.landmarks).all()
    before = {path: path.stat().st_mtime_ns for path in one.root.iterdir()}
    again = scan(tmp_path / "1", 1, count=64, size=32, seed=5)
    assert {path: path.stat().st_mtime_ns for path in again.root.iterdir()} == before
    assert (again.manifest.landmarks == one.manifest.landmarks).all()
    shapes = {read_picture(one.root / image).shape for image in one.manifest.faces["image"]}
    assert shapes == {(32, 32, 3)}
    assert one.manifest.usable.all()


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("balance", ["even", "affectnet"])
@pytest.mark.parametrize("options", [{"count": 64}, {"count": 333, "identities": 20}])
def test_people_stand_on_one_side(tmp_path: Path, balance: str, options: dict[str, int]) -> None:
    """Nobody is in train and in test, a quarter of the faces is test, and ids are all different."""
    faces = scan(tmp_path, balance=balance, **options).manifest.faces
    sides = faces.groupby("group")["partition"].nunique()
    assert (sides == 1).all()
    assert (faces["partition"] == "test").sum() == options["count"] // 4
    assert (faces["partition"] == "train").sum() == options["count"] - options["count"] // 4
    assert faces["id"].is_unique
    assert faces.groupby("partition")["label"].nunique().to_dict() == {"test": 8, "train": 8}


@pytest.mark.usefixtures("undrawn")
def test_balance(tmp_path: Path) -> None:
    """Train has AffectNet's shares within one face, test evenly many; or both evenly many."""
    counts = scan(tmp_path, count=8000, balance="affectnet").manifest.counts()
    assert counts["test"].tolist() == [250] * 8
    for name, images in zip(AFFECTNET.names, AFFECTNET_TRAIN, strict=True):
        assert abs(counts["train"][name] - 6000 * images / 287651) <= 1
    even = scan(tmp_path, count=8000).manifest.counts()
    assert even["train"].tolist() == [750] * 8
    assert even["test"].tolist() == [250] * 8


@pytest.mark.usefixtures("undrawn")
def test_every_option_has_its_own_folder(tmp_path: Path) -> None:
    """Another seed, size, count, number of people or balance is drawn into another folder."""
    options = ({}, {"seed": 1}, {"size": 64}, {"count": 128}, {"identities": 9}, {"count": 72})
    options = (*options, {"balance": "affectnet"})
    roots = {scan(tmp_path, **({"count": 96} | changed)).root for changed in options}
    assert len(roots) == len(options)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"count": 63}, "--count is 63"),
        ({"count": 1_000_001}, "--count is 1000001"),
        ({"seed": -1}, "--seed is -1"),
        ({"size": 31}, "--size is 31"),
        ({"size": 1025}, "--size is 1025"),
        ({"identities": 7}, "--identities is 7; expected 8 to 12 for 96"),
        ({"identities": 13}, "--identities is 13; expected 8 to 12 for 96"),
    ],
)
def test_refused_options(tmp_path: Path, wrong: dict[str, int], sentence: str) -> None:
    """Values out of range are named with what was expected, and nothing is written."""
    with pytest.raises(DataError, match=sentence):
        scan(tmp_path / "room", **({"count": 96} | wrong))
    assert not (tmp_path / "room").exists()


@pytest.mark.parametrize("lost", ["landmarks.npy", "000007.png"])
def test_an_incomplete_folder_is_drawn_again(tmp_path: Path, lost: str) -> None:
    """Whatever is gone from the folder, the next scan has all of it."""
    root = scan(tmp_path, count=64, size=32).root
    before = {path.name: path.read_bytes() for path in root.iterdir()}
    (root / lost).unlink()
    assert scan(tmp_path, count=64, size=32).root == root
    assert {path.name: path.read_bytes() for path in root.iterdir()} == before
