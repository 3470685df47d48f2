"""Faces that cannot be painted: named, counted, retried, and never in the way."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.folders import add_face, add_faces, contents, points_of, run
from tests.makers import picture, write_picture


def reasons(output: Path) -> dict[str, str]:
    """The table of failures, read apart from the package."""
    with (output / "failures.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["id", "reason"]
    return dict(rows)


def broken_landmarks(kind: str) -> object:
    """Arrays that are no landmarks of a face in the image."""
    points = points_of(2)
    return {
        "nan": np.where(np.arange(136).reshape(68, 2) == 20, np.nan, points),
        "shape": points[:67],
        "object": np.array([{"x": 1}], dtype=object),
        "outside": points + 500,
        "huge": points * 1e300,
        "text": np.array(["left"] * 136),
        "mirrored": points * (-1, 1) + (39, 0),
        "fraction": points / 400,
    }[kind]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("nan", "1 of 68 landmarks are NaN"),
        ("shape", "shape (67, 2)"),
        ("object", "Python objects"),
        ("outside", "do the landmarks belong to it?"),
        ("huge", "expected pixels, at most 1e+06"),
        ("text", "no number"),
        ("mirrored", "renumbered"),
        ("fraction", "in pixels?"),
    ],
)
def test_unusable_landmarks_are_named_and_the_others_painted(kind, reason, tmp_path):
    """One bad landmark file costs one image."""
    source = add_faces(tmp_path / "in", 3)
    np.save(source / "2_lnd.npy", broken_landmarks(kind), allow_pickle=True)
    report = run(source, tmp_path / "out")
    assert (report.total, report.done, report.failed, report.left) == (3, 2, 1, 0)
    assert list(reasons(tmp_path / "out")) == ["2.png"]
    assert reason in reasons(tmp_path / "out")["2.png"]
    assert not (tmp_path / "out" / "2_occ.png").exists()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty (0 bytes)"),
        (b"no image at all", "is damaged or no image"),
        ("half", "is cut off"),
    ],
)
def test_unusable_images_are_named_and_the_others_painted(data, reason, tmp_path):
    """Empty, foreign and cut files cost one image each."""
    source = add_faces(tmp_path / "in", 3, ".jpg")
    whole = (source / "2.jpg").read_bytes()
    (source / "2.jpg").write_bytes(whole[: len(whole) // 2] if data == "half" else data)
    report = run(source, tmp_path / "out", workers=2)
    assert (report.done, report.failed) == (2, 1)
    assert reason in reasons(tmp_path / "out")["2.jpg"]
    assert "2.jpg" in reasons(tmp_path / "out")["2.jpg"]


def test_missing_landmarks_name_all_files_that_would_do(tmp_path):
    """The reason lists the three names that were looked for."""
    source = add_faces(tmp_path / "in", 2)
    (source / "1_lnd.npy").unlink()
    run(source, tmp_path / "out")
    reason = reasons(tmp_path / "out")["1.png"]
    assert all(name in reason for name in ("1_lnd.npy", "1.npy", "1.pts"))


def test_an_image_that_vanished_is_a_failure(tmp_path):
    """A broken link is named, not raised."""
    source = add_faces(tmp_path / "in", 2)
    (source / "1.png").unlink()
    (source / "1.png").symlink_to(tmp_path / "nowhere.png")
    run(source, tmp_path / "out")
    assert "cannot be read: No such file" in reasons(tmp_path / "out")["1.png"]


def test_what_failed_is_tried_again_and_leaves_the_table(tmp_path):
    """After the file is repaired the same call finishes, and no table is left."""
    source = add_faces(tmp_path / "in", 3)
    good = (source / "2_lnd.npy").read_bytes()
    (source / "2_lnd.npy").write_bytes(b"broken")
    first = run(source, tmp_path / "out")
    assert (first.done, first.failed) == (2, 1)
    (source / "2_lnd.npy").write_bytes(good)
    second = run(source, tmp_path / "out")
    assert (second.done, second.kept, second.failed) == (1, 2, 0)
    assert not (tmp_path / "out" / "failures.csv").exists()
    assert (tmp_path / "out" / "2_occ.png").exists()


def test_failures_never_use_up_a_limit_twice(tmp_path):
    """With --limit 2 and two broken faces in front, the others are reached by the next call."""
    source = add_faces(tmp_path / "in", 6)
    for broken in (1, 2):
        (source / f"{broken}_lnd.npy").unlink()
    counts = []
    for _ in range(4):
        report = run(source, tmp_path / "out", limit=2)
        counts.append((report.done, report.kept, report.failed, report.left))
    assert counts == [(0, 0, 2, 4), (2, 0, 2, 2), (2, 2, 2, 0), (0, 4, 2, 0)]


def test_a_limit_counts_the_images_of_this_call(tmp_path):
    """Seven images in calls of three are 3, 3 and 1."""
    source = add_faces(tmp_path / "in", 7)
    reports = [run(source, tmp_path / "out", limit=3, workers=2) for _ in range(4)]
    assert [(r.done, r.kept, r.left) for r in reports] == [
        (3, 0, 4),
        (3, 3, 1),
        (1, 6, 0),
        (0, 7, 0),
    ]
    run(source, tmp_path / "whole")
    whole, parts = contents(tmp_path / "whole"), contents(tmp_path / "out")
    assert whole == parts


def test_the_table_is_sorted_and_holds_any_name(tmp_path):
    """Commas, quotes and letters beyond ASCII survive in the table."""
    names = ['a,"b".png', "ü ß.png", "z.png"]
    for name in names:
        write_picture(tmp_path / "in" / name, picture(1))
    add_face(tmp_path / "in", "fine.png", 3)
    run(tmp_path / "in", tmp_path / "out")
    assert list(reasons(tmp_path / "out")) == sorted(names)


def test_a_name_that_is_no_utf_8_is_painted_or_named_but_never_raised(tmp_path):
    """Bytes that are no UTF-8 in a file's name do not end the run."""
    source = add_faces(tmp_path / "in", 1)
    add_face(source, "x.png", 2)
    odd = bytes(source) + b"/b\xff"
    (source / "x.png").rename(odd.decode("utf-8", "surrogateescape") + ".png")
    report = run(source, tmp_path / "out")
    assert (report.done, report.failed) == (1, 1)
    again = run(source, tmp_path / "out")
    assert (again.kept, again.failed) == (1, 1)
