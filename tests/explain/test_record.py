"""Explanations on disk: what was written is read, and nothing of an earlier call stays."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from occbench.errors import DataError
from occbench.explain.record import METHODS, Explanation, Table, stored_explanations


def made(method: str = "regions", **facts: object) -> Explanation:
    """An explanation with an array and a table."""
    table = Table(("face", "drop"), [("f1", 0.1 + 0.2), ("f2", float("nan")), ("f3", 2)])
    arrays = {"drop": np.arange(6.0).reshape(2, 3)}
    return Explanation({"method": method, "run": "r", **facts}, arrays, {"faces": table})


def test_what_is_written_is_read(tmp_path):
    """Facts and arrays; the table has all digits, and an empty cell for no number."""
    folder = made(variant="normal", part="val").write(tmp_path)
    assert folder == tmp_path / "regions-normal"
    found = Explanation.read(folder)
    assert found.facts == {"method": "regions", "run": "r", "variant": "normal", "part": "val"}
    np.testing.assert_array_equal(found.arrays["drop"], np.arange(6.0).reshape(2, 3))
    rows = list(csv.reader((folder / "faces.csv").read_text(encoding="utf-8").splitlines()))
    assert rows == [["face", "drop"], ["f1", "0.30000000000000004"], ["f2", ""], ["f3", "2"]]


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"method": "kernels", "layer": "stem_conv"}, "kernels-stem_conv"),
        ({"layer": "a/b", "variant": "normal", "part": "val"}, "regions-a-b-normal"),
        ({"variant": "gear-vr", "part": "test"}, "regions-gearvr"),
    ],
)
def test_a_folder_is_named_by_what_decides_it(facts, name):
    """A variant with parameters has their digest, so that two of them do not meet."""
    found = made(**facts).folder_name
    assert found.startswith(name)
    assert found.endswith("-test") == (facts.get("part") == "test")
    one, other = (made(variant=f"headset(scale=1.{n})").folder_name for n in (1, 2))
    assert one != other


def test_nothing_of_an_earlier_call_stays(tmp_path):
    """Its figures and tables go; what somebody else put there stays."""
    folder = made().write(tmp_path)
    for name in ("old.csv", "old.png", "old.svg", "mine.txt"):
        (folder / name).touch()
    made().write(tmp_path)
    names = {path.name for path in folder.iterdir()}
    assert names == {"explain.json", "arrays.npz", "faces.csv", "mine.txt"}


def test_folders_come_in_the_order_of_the_methods(tmp_path):
    """Those without facts were not finished and are passed over."""
    for method in ("regions", "kernels", "grad-cam"):
        made(method).write(tmp_path)
    (made("sensitivity").write(tmp_path) / "explain.json").unlink()
    names = [folder.name for folder in stored_explanations(tmp_path)]
    assert names == ["kernels", "grad-cam", "regions"]
    assert list(stored_explanations(tmp_path / "nowhere")) == []
    assert set(names) < set(METHODS)


def test_what_cannot_be_read_is_told(tmp_path):
    """Broken files, another schema, a method of another version."""
    folder = made().write(tmp_path)
    path = folder / "explain.json"
    facts = json.loads(path.read_text())
    for changed, words in (
        ({**facts, "schema": 2}, "of schema 2; this version reads"),
        ({**facts, "method": "tea leaves"}, "is 'tea leaves' of schema 1"),
        ({"schema": 1}, "cannot be read: 'method'"),
        ([], "cannot be read"),
    ):
        path.write_text(json.dumps(changed))
        with pytest.raises(DataError, match=words):
            Explanation.read(folder)
    path.write_text(json.dumps(facts))
    (folder / "arrays.npz").write_bytes(b"torn")
    with pytest.raises(DataError, match=r"cannot be read.*Run 'occbench explain' again"):
        Explanation.read(folder)
