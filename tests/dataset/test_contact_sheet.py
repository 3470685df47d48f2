"""Contact sheets: landmarks on the left, the headset on the right, and faces that have none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from occbench.dataset.contact_sheet import choose_faces, contact_sheet
from occbench.dataset.faces import ManifestFaces
from occbench.dataset.manifest import Manifest
from occbench.geometry.landmarks import Landmarks68
from occbench.occluders.base import make_occluder
from tests.faces import level_face
from tests.makers import POINTS, make_manifest, make_workspace, picture

HEADSET = make_occluder("headset")
TILE, LINE, GAP = 144, 18, 4
TOP = LINE + GAP
GREEN = np.array([0, 230, 118])


def faces_of(manifest: Manifest, folder: Path, **pictures: np.ndarray) -> ManifestFaces:
    """The faces of a manifest in a workspace, with pictures by id."""
    workspace = make_workspace(folder, manifest, pictures)
    return ManifestFaces(manifest, workspace.data_root(manifest.name))


def with_points(points: np.ndarray) -> Manifest:
    """Two faces with the same given landmarks."""
    stack = np.stack([points, points]).astype(np.float32)
    return replace(make_manifest(["happy", "sad"]), landmarks=stack)


@pytest.fixture
def small(tmp_path: Path) -> ManifestFaces:
    """Five faces: two to look at, one without landmarks, a broken one, one beside its headset."""
    manifest = make_manifest(["happy"] * 5, classes=("happy", "sad"), without=[2])
    manifest.landmarks[4] = POINTS + np.float32([500, 0])
    faces = faces_of(manifest, tmp_path)
    (tmp_path / "data/small/f3.png").write_bytes(b"no image")
    return faces


def halves(sheet: np.ndarray, place: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """The left and the right tile of a cell."""
    x = place % columns * (2 * TILE + GAP + GAP)
    y = TOP + place // columns * (TILE + LINE + GAP)
    cell = sheet[y : y + TILE, x : x + 2 * TILE + GAP]
    return cell[:, :TILE], cell[:, TILE + GAP :]


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (5, 2, 3), (4, 2, 2), (2, 3, 1)])
def test_size(small: ManifestFaces, count: int, columns: int, rows: int) -> None:
    """A title, then rows of cells of two tiles and a line of text each."""
    sheet = contact_sheet(small, small.ids[:count], HEADSET, "title", columns)
    width, height = columns * (2 * TILE + 2 * GAP), TOP + rows * (TILE + LINE + GAP)
    assert sheet.shape == (height, width, 3)
    assert sheet.dtype == np.uint8


def test_no_faces(small: ManifestFaces) -> None:
    """A class without faces gives the title alone."""
    assert contact_sheet(small, [], HEADSET, "nobody", 1).shape == (TOP, 296, 3)


def test_dots_stand_at_the_landmarks(tmp_path: Path) -> None:
    """On a picture of the tile's own size each landmark's pixel is green, and few others are."""
    points = level_face(90.0, (71.0, 60.0)).round()
    manifest = with_points(points)
    faces = faces_of(manifest, tmp_path, f0=picture(0, side=TILE), f1=picture(1, side=TILE))
    left, _ = halves(contact_sheet(faces, ["f0"], HEADSET, "", 1), 0, 1)
    distance = np.abs(left.astype(int) - GREEN).sum(axis=2)
    for x, y in points.astype(int).tolist():
        assert distance[y, x] < 30, (x, y)
    changed = (left != picture(0, side=TILE)).any(axis=2)
    near = np.zeros_like(changed)
    for x, y in points.astype(int).tolist():
        near[y - 2 : y + 3, x - 2 : x + 3] = True
    assert changed.any()
    assert not (changed & ~near).any()


def test_dots_follow_the_scale(tmp_path: Path) -> None:
    """On a picture of half the size a landmark at x stands at 2x + 0.5."""
    points = level_face(45.0, (35.0, 30.0)).astype(np.float32)
    manifest = with_points(points)
    blank = np.full((72, 72, 3), 255, np.uint8)
    faces = faces_of(manifest, tmp_path, f0=blank, f1=blank)
    left, _ = halves(contact_sheet(faces, ["f0"], HEADSET, "", 1), 0, 1)
    weight = 255.0 - left[:, :, 0]
    chin_x, chin_y = points[8] * 2 + 0.5
    ys, xs = np.mgrid[:TILE, :TILE]
    around = (abs(xs - chin_x) < 4) & (abs(ys - chin_y) < 4)
    assert np.average(xs[around], weights=weight[around]) == pytest.approx(chin_x, abs=0.3)
    assert np.average(ys[around], weights=weight[around]) == pytest.approx(chin_y, abs=0.3)


def test_the_right_half_is_black_where_the_headset_is(tmp_path: Path) -> None:
    """At the tile's own size the covered pixels are black and all others those of the source."""
    points = level_face(90.0, (71.0, 60.0)).astype(np.float32)
    manifest = with_points(points)
    faces = faces_of(manifest, tmp_path, f0=picture(0, side=TILE), f1=picture(1, side=TILE))
    _, right = halves(contact_sheet(faces, ["f0", "f1"], HEADSET, "", 2), 1, 2)
    mask = HEADSET.region(Landmarks68(points), size=(TILE, TILE), seed=0).mask((TILE, TILE))
    assert 0.1 < mask.mean() < 0.5
    assert (right[mask] == 0).all()
    assert (right[~mask] == picture(1, side=TILE)[~mask]).all()


def test_faces_that_cannot_be_occluded_say_so(small: ManifestFaces) -> None:
    """Without landmarks, broken, or with the headset beside it: grey with words, never black."""
    sheet = contact_sheet(small, small.ids, HEADSET, "", 5)
    for place in (2, 3, 4):
        _, right = halves(sheet, place, 5)
        assert (right == 225).all(axis=2).mean() > 0.8
        words = right[TILE // 2 - 15 : TILE // 2 + 6]
        assert (words < 150).sum() > 100
    unread, _ = halves(sheet, 3, 5)
    assert (unread == 225).all(axis=2).mean() > 0.8
    assert (unread < 150).sum() > 100
    for place in (0, 2):
        shown, _ = halves(sheet, place, 5)
        green = (np.abs(shown.astype(int) - GREEN).sum(axis=2) < 30).sum()
        assert (green > 30) == (place == 0)


@pytest.mark.parametrize("shape", [(1, 200, 3), (300, 2), (5, 5), (1, 1, 3)])
def test_odd_pictures_do_not_crash(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Slim, grey and tiny pictures get their cell, and so do long names."""
    manifest = make_manifest(["happy", "sad"], ids=["\N{HIRAGANA LETTER A}" * 60, "f1"], stack=True)
    base = np.full(shape, 90, np.uint8)
    np.save(tmp_path / "pixels.npy", np.stack([base, base]))
    faces = ManifestFaces(manifest, tmp_path)
    sheet = contact_sheet(faces, faces.ids, HEADSET, "x" * 500, 1)
    assert sheet.shape == (TOP + 2 * (TILE + LINE + GAP), 296, 3)


def test_chosen_faces_are_stable() -> None:
    """The same seed chooses the same faces of a class, in their order; more choose those too."""
    manifest = make_manifest(["happy", "sad"] * 40)
    chosen = choose_faces(manifest, "happy", 6, 3)
    assert chosen == choose_faces(manifest, "happy", 6, 3)
    assert len(chosen) == 6
    numbers = [int(face[1:]) for face in chosen]
    assert numbers == sorted(numbers)
    assert all(number % 2 == 0 for number in numbers)
    assert set(chosen) < set(choose_faces(manifest, "happy", 12, 3))
    assert chosen != choose_faces(manifest, "happy", 6, 4)
    assert len(choose_faces(manifest, "happy", 400, 3)) == 40
