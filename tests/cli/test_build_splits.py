"""``occbench build-splits --val-by file``: the published draw, named and counted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest


def built(call, *options: object) -> dict:
    """The one split that a call with these options builds."""
    result = call("build-splits", "--mode", "mixed-paired", *options, "--json")
    assert result.exit_code == 0, result.output
    (split,) = json.loads(result.stdout)
    return split


def test_faces_on_both_sides_are_counted_and_said(workspace, call):
    """The record has what the tables on disk show, and the text says it."""
    split = built(call, "--val-by", "file")
    folder = Path(split["folder"])
    train, val = (set(pd.read_csv(folder / f"{p}.csv", dtype=str)["id"]) for p in ("train", "val"))
    counts = split["record"]["val_by_file"]
    assert (counts["faces"], counts["in_train"]) == (len(val), len(train & val))
    assert split["record"]["leaky"] is True
    # 48 faces in train are 96 images, of which floor(19.2) are drawn.
    assert (split["faces"]["train"], split["faces"]["val"]) == (77, 19)
    shown = call("build-splits", "--mode", "mixed-paired", "--val-by", "file").stdout
    assert f"Validation was drawn by file: {len(train & val)} of its {len(val)} faces" in shown


def test_by_face_is_the_default(workspace, call):
    """Said or unsaid, it is the same split, and sound."""
    split = built(call)
    assert split["folder"] == built(call, "--val-by", "face")["folder"]
    assert split["record"]["leaky"] is False
    assert "val_by_file" not in split["record"]


@pytest.mark.parametrize(
    "options",
    [("--folds", 2), ("--partitions", "stratified"), ("--val-fraction", 0)],
)
def test_what_excludes_it_is_refused(options, workspace, call):
    """As wrong use of options."""
    result = call("build-splits", "--val-by", "file", *options)
    assert result.exit_code == 2
    assert "--val-by file draws a share of the official train part" in result.stderr


def test_its_class_folders_hold_both_images_of_a_face(workspace, call):
    """An export puts each image into the part where the table has it."""
    split = built(call, "--val-by", "file", "--export", "out")
    (target,) = split["exports"]
    images = Counter(path.relative_to(target).parts[0] for path in Path(target).rglob("*.png"))
    assert images == Counter(split["faces"])
