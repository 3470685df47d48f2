"""Decoded faces in one size: decoded once, resumed, and read from the data set's own stack."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from occbench.dataset import pixels as module
from occbench.dataset.faces import ManifestFaces
from occbench.dataset.pixels import open_pixels
from occbench.errors import DataError
from tests.makers import make_workspace, picture, write_picture
from tests.runs import overwrite_unnoticed, small_manifest, varied


def open_small(workspace, manifest, *, size=40, channels=1):
    """The faces of a workspace of ``tests.makers``."""
    root, cache = workspace.data_root("small"), workspace.cache()
    return open_pixels(manifest, root, cache, size=size, channels=channels, workers=1)


@pytest.fixture
def files(tmp_path):
    """A workspace with 24 colour files, and its manifest."""
    manifest = varied(small_manifest())
    return make_workspace(tmp_path / "ws", manifest), manifest


@pytest.fixture
def decoded(monkeypatch):
    """The ids of the faces that are decoded from now on, in order."""
    seen, image = [], ManifestFaces.image

    def watched(self, face_id):
        seen.append(face_id)
        return image(self, face_id)

    monkeypatch.setattr(ManifestFaces, "image", watched)
    return seen


def cache_folders(workspace):
    """What the cache holds."""
    return sorted(workspace.cache().glob("*")) if workspace.cache().is_dir() else []


def test_all_faces_in_the_size_wanted(files):
    """Row i is row i of the manifest, decoded, with the landmarks in its pixels."""
    workspace, manifest = files
    small = open_small(workspace, manifest, size=20, channels=3)
    assert small.images.shape == (24, 20, 20, 3)
    assert (small.unreadable, small.rows["f3"]) == ({}, 3)
    assert small.rows_of(["f9", "f0", "f9"]).tolist() == [9, 0, 9]
    halved = picture(5).reshape(20, 2, 20, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(small.images[5], halved, atol=0.51)
    # A corner of the image stays a corner: -0.5 is -0.5.
    np.testing.assert_allclose(small.landmarks + 0.5, (manifest.landmarks + 0.5) / 2, rtol=1e-6)
    np.testing.assert_allclose(small.face(7).landmarks.points, small.landmarks[7])
    np.testing.assert_array_equal(small.face(7).image, small.images[7])


def test_landmarks_of_an_image_that_is_not_square_move_along(tmp_path):
    """20 x 40 pixels in a square of 40: ten columns of black on either side."""
    manifest = varied(small_manifest())
    workspace = make_workspace(tmp_path, manifest)
    write_picture(workspace.data_root("small") / "f4.png", picture(4)[:, :20])
    small = open_small(workspace, manifest, channels=3)
    np.testing.assert_array_equal(small.images[4, :, 10:30], picture(4)[:, :20])
    np.testing.assert_allclose(small.landmarks[4], manifest.landmarks[4] + (10, 0))
    np.testing.assert_allclose(small.landmarks[5], manifest.landmarks[5])


def test_a_face_without_landmarks(tmp_path):
    """Its picture is there; only covering it is refused."""
    manifest = small_manifest(without=[2])
    small = open_small(make_workspace(tmp_path, manifest), manifest)
    assert np.isnan(small.landmarks[2]).all()
    with pytest.raises(DataError):
        small.face(2)
    assert small.images[2].max() > 0


def test_no_file_is_decoded_twice(files, decoded):
    """The second opening reads the cache, though the sources hold rubbish by then."""
    workspace, manifest = files
    first = np.array(open_small(workspace, manifest, channels=3).images)
    assert decoded == manifest.faces["id"].tolist()
    for path in workspace.data_root("small").iterdir():
        overwrite_unnoticed(path, b"rubbish")
    again = open_small(workspace, manifest, channels=3)
    np.testing.assert_array_equal(again.images, first)
    assert len(decoded) == 24
    assert len(cache_folders(workspace)) == 1


def test_pixels_are_mapped_and_cannot_be_written(files):
    """Memory does not grow with the data set, and no batch can paint into the cache."""
    small = open_small(*files)
    assert isinstance(small.images, np.memmap)
    assert Path(small.images.filename).is_relative_to(files[0].cache())
    with pytest.raises(ValueError, match="read-only"):
        small.images[0] = 0
    small.face(0).image[:] = 0
    assert small.images[0].max() > 0


def test_another_size_or_channels_is_another_cache(files, decoded):
    """They stand side by side."""
    for how in ({"size": 20}, {"size": 20, "channels": 3}, {"size": 24}, {"size": 20}):
        open_small(*files, **how)
    assert len(cache_folders(files[0])) == 3
    assert len(decoded) == 72


def test_a_changed_image_is_decoded(files):
    """A new file in the place of an old one, or moved landmarks, make another cache."""
    workspace, manifest = files
    before = np.array(open_small(workspace, manifest, channels=3).images)
    write_picture(workspace.data_root("small") / "f6.png", picture(99))
    after = open_small(workspace, manifest, channels=3).images
    np.testing.assert_array_equal(after[6], picture(99))
    np.testing.assert_array_equal(np.delete(after, 6, 0), np.delete(before, 6, 0))
    moved = replace(manifest, landmarks=manifest.landmarks + 1)
    np.testing.assert_allclose(open_small(workspace, moved).landmarks, manifest.landmarks + 1)
    assert len(cache_folders(workspace)) == 3


def killed_at(monkeypatch, face_id):
    """The next decoding of a face ends the process, as far as a test can."""
    image = ManifestFaces.image

    def deadly(self, wanted):
        if wanted == face_id:
            raise KeyboardInterrupt
        return image(self, wanted)

    monkeypatch.setattr(ManifestFaces, "image", deadly)
    return lambda: monkeypatch.setattr(ManifestFaces, "image", image)


def test_a_killed_decoding_goes_on(files, monkeypatch, decoded):
    """What the journal names is kept, a torn line is done again, and the pixels are the same."""
    monkeypatch.setattr(module, "_CHUNK", 5)
    monkeypatch.setattr(module, "in_order", partial(module.in_order, chunk=1))
    workspace, manifest = files
    cure = killed_at(monkeypatch, "f13")
    with pytest.raises(KeyboardInterrupt):
        open_small(workspace, manifest, channels=3)
    cure()
    (folder,) = cache_folders(workspace)
    assert not (folder / "done.json").exists()
    journal = folder / "journal.jsonl"
    assert len(journal.read_text().splitlines()) == 2
    with journal.open("a") as file:
        file.write('{"first": 10, "unrea')
    decoded.clear()
    found = open_small(workspace, manifest, channels=3)
    assert decoded == [f"f{row}" for row in range(10, 24)]
    np.testing.assert_array_equal(found.images, [picture(row) for row in range(24)])
    (folder / "done.json").unlink()
    decoded.clear()
    assert open_small(workspace, manifest, channels=3).unreadable == {}
    assert decoded == []


def test_an_image_that_cannot_be_read_matters_when_it_is_wanted(files, monkeypatch):
    """Broken and missing ones are black until asked for, and then named with the reason."""
    monkeypatch.setattr(module, "_CHUNK", 5)
    workspace, manifest = files
    root = workspace.data_root("small")
    (root / "f3.png").write_bytes(b"rubbish")
    (root / "f20.png").unlink()
    for _ in ("decoded", "cached"):
        small = open_small(workspace, manifest)
        assert set(small.unreadable) == {"f3", "f20"}
        assert small.images[[3, 20]].max() == 0
        assert small.rows_of(["f2", "f4"]).tolist() == [2, 4]
        with pytest.raises(DataError, match=r"'f3' cannot be used: .*f3.png' is damaged.* Mend"):
            small.rows_of(["f2", "f3"])
        with pytest.raises(DataError, match=r"'f20' cannot be used: .*No such file.* Mend"):
            small.rows_of(["f20"])
    write_picture(root / "f3.png", picture(3))
    assert set(open_small(workspace, manifest).unreadable) == {"f20"}


def test_a_root_that_is_gone(files):
    """A disk that is not plugged in is no data set of unreadable faces."""
    workspace, manifest = files
    workspace.data_root("small").rename(workspace.root / "elsewhere")
    with pytest.raises(DataError, match="is gone, where 'small' has its images"):
        open_small(workspace, manifest)


def stacked(folder):
    """A workspace with 24 grey faces of 40 pixels in one stack, and its manifest."""
    manifest = varied(small_manifest(stack=True))
    made = {f"f{row}": picture(row, grey=True) for row in range(24)}
    return make_workspace(folder, manifest, made), manifest


def test_a_stack_that_fits_is_used_as_it_is(tmp_path, decoded):
    """Nothing is decoded or copied: the pixels are the file of the data set."""
    workspace, manifest = stacked(tmp_path)
    small = open_small(workspace, manifest)
    assert isinstance(small.images, np.memmap)
    assert Path(small.images.filename) == workspace.data_root("small") / "pixels.npy"
    np.testing.assert_array_equal(small.images[9], picture(9, grey=True))
    np.testing.assert_array_equal(small.landmarks, manifest.landmarks)
    assert (decoded, cache_folders(workspace), small.unreadable) == ([], [], {})


def test_a_stack_in_another_order_or_size_is_copied(tmp_path):
    """The rows are those of the manifest, whatever rows of the stack they come from."""
    workspace, manifest = stacked(tmp_path)
    turned = manifest.where(np.arange(23, 9, -1))
    small = open_small(workspace, turned)
    np.testing.assert_array_equal(
        small.images, [picture(row, grey=True) for row in range(23, 9, -1)]
    )
    np.testing.assert_array_equal(small.landmarks[0], manifest.landmarks[23])
    large = open_small(workspace, manifest, size=80)
    wanted = cv2.resize(picture(3, grey=True), (80, 80), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(large.images[3], wanted)


def test_a_new_stack_is_not_taken_for_the_old_one(tmp_path):
    """The cache of another size follows the stack's file."""
    workspace, manifest = stacked(tmp_path)
    open_small(workspace, manifest, size=20)
    np.save(workspace.data_root("small") / "pixels.npy", np.full((24, 40, 40), 9, np.uint8))
    assert (open_small(workspace, manifest, size=20).images == 9).all()
