"""Which images are found, under which names, and what identifies a face."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from occbench.dataset.faces import FolderFaces, ManifestFaces
from occbench.dataset.image_folder import find_images
from occbench.errors import DataError
from tests.folders import add_face, add_faces, points_of, run
from tests.makers import make_manifest, make_workspace, picture, write_picture


def stand_in(path: Path) -> Path:
    """An empty file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_images_come_in_natural_order_across_folders(tmp_path):
    """2 before 10, in names and in folders."""
    for name in ("b/10.png", "b/9.png", "10.png", "2.png", "a2/1.png", "a10/1.png"):
        stand_in(tmp_path / name)
    expected = ["2.png", "10.png", "a2/1.png", "a10/1.png", "b/9.png", "b/10.png"]
    assert expected == find_images(tmp_path)


@pytest.mark.parametrize("first", [True, False])
def test_the_order_does_not_depend_on_how_the_disk_lists_files(first, tmp_path):
    """Names that are equal to the natural order are sorted by their text."""
    names = ["01.png", "1.png", "001.png"]
    for name in names if first else reversed(names):
        stand_in(tmp_path / name)
    assert find_images(tmp_path) == ["001.png", "01.png", "1.png"]


def test_hidden_files_and_other_files_are_passed_over(tmp_path):
    """Hidden files, hidden folders and files that are no images are not faces."""
    for name in (".a.png", ".git/b.png", "c.txt", "c_lnd.npy", "png", "d.PNG", "e.JpEg"):
        stand_in(tmp_path / name)
    assert find_images(tmp_path) == ["d.PNG", "e.JpEg"]


def test_the_output_inside_the_image_folder_is_passed_over(tmp_path):
    """Painted images are not painted again, however the output is spelled."""
    stand_in(tmp_path / "a.png")
    stand_in(tmp_path / "out" / "a_occ.png")
    output = tmp_path / "out" / ".." / "out"
    assert find_images(tmp_path, without=output) == ["a.png"]
    assert find_images(tmp_path) == ["a.png", "out/a_occ.png"]


def test_an_earlier_output_inside_the_image_folder_is_passed_over(tmp_path, capsys):
    """With all that lies in it, and it is named; another program's job hides nothing."""
    add_faces(tmp_path, 1)
    run(tmp_path, tmp_path / "sub" / "earlier")
    stand_in(tmp_path / "sub" / "earlier" / "deep" / "x.png")
    stand_in(tmp_path / "theirs" / "b.png")
    jobs = ["{}", "[1]", "no JSON", '{"schema": 1, "variant": "v"}']
    for number, text in enumerate(jobs):
        stand_in(tmp_path / f"{number}" / "b.png")
        (tmp_path / f"{number}" / "job.json").write_text(text, encoding="utf-8")
    capsys.readouterr()
    expected = ["0/b.png", "1.png", "1/b.png", "2/b.png", "3/b.png", "theirs/b.png"]
    assert sorted(find_images(tmp_path)) == expected
    assert f"'{tmp_path / 'sub' / 'earlier'}' is passed over" in capsys.readouterr().err


def test_the_output_of_an_earlier_call_may_be_chosen_itself(tmp_path):
    """Only sub-folders are passed over."""
    add_faces(tmp_path / "in", 2)
    run(tmp_path / "in", tmp_path / "out")
    assert find_images(tmp_path / "out") == ["1_occ.png", "2_occ.png"]


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    """Its images would be missing without a word."""
    stand_in(tmp_path / "a.png")
    locked, scan = tmp_path / "locked", os.scandir
    stand_in(locked / "b.png")

    def refused(path):
        if Path(path) == locked:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(DataError, match="cannot be read: Permission denied") as error:
        find_images(tmp_path)
    assert f"'{locked}'" in str(error.value)


def test_linked_folders_are_followed(tmp_path):
    """Images behind a link are found."""
    stand_in(tmp_path / "far" / "a.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "far")
    assert find_images(tmp_path / "in") == ["link/a.png"]


def test_a_folder_linked_into_itself_is_entered_once(tmp_path):
    """A circle of links ends."""
    stand_in(tmp_path / "a.png")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert find_images(tmp_path) == ["a.png"]


@pytest.mark.parametrize("made", [True, False])
def test_no_images_is_a_sentence(made, tmp_path):
    """A missing and an empty folder are told apart."""
    folder = tmp_path / "in"
    if made:
        folder.mkdir()
    with pytest.raises(DataError, match="no image in" if made else "does not exist"):
        find_images(folder)


@pytest.mark.parametrize("twin", ["a.jpg", "a.PNG"])
def test_two_images_with_one_result_are_refused(twin, tmp_path):
    """Both are named."""
    stand_in(tmp_path / "a.png")
    stand_in(tmp_path / twin)
    with pytest.raises(DataError, match="same result file") as error:
        FolderFaces(tmp_path, tmp_path, tmp_path / "out")
    assert "a.png" in str(error.value)
    assert twin in str(error.value)


@pytest.mark.parametrize(
    "name",
    ["with space.png", "two.dots.png", "ünï/cödé 顔.png", "deep/er/1.JPG", "-x.png", "100%.png"],
)
def test_any_name_is_read_with_its_landmarks(name, tmp_path):
    """The id is the path, the result's stem the path without its ending."""
    _, points = add_face(tmp_path, name, 5)
    faces = FolderFaces(tmp_path, tmp_path, tmp_path / "out")
    assert list(faces.ids) == [name]
    assert faces.stem(name) == name.rpartition(".")[0]
    assert np.array_equal(faces.read(name).landmarks.points, points)


def test_a_checksum_changes_with_the_image_and_with_the_landmarks(tmp_path):
    """Either input makes another checksum; a copy makes the same."""
    add_face(tmp_path / "one", "a.png", 1)
    faces = FolderFaces(tmp_path / "one", tmp_path / "one", tmp_path / "out")
    first = faces.read("a.png").checksum
    assert faces.read("a.png").checksum == first
    np.save(tmp_path / "one" / "a_lnd.npy", points_of(2))
    second = faces.read("a.png").checksum
    write_picture(tmp_path / "one" / "a.png", picture(2))
    assert len({first, second, faces.read("a.png").checksum}) == 3


def test_a_stamp_tells_size_and_time_of_both_files(tmp_path):
    """Size and time of the image, then of the landmarks."""
    add_face(tmp_path, "a.png", 1)
    files = [tmp_path / "a.png", tmp_path / "a_lnd.npy"]
    expected = [n for path in files for n in (path.stat().st_size, path.stat().st_mtime_ns)]
    assert FolderFaces(tmp_path, tmp_path, tmp_path / "out").stamp("a.png") == expected


def test_the_job_says_where_faces_lie_seen_from_the_output(tmp_path):
    """A tree that moves as a whole keeps its job."""
    for root in (tmp_path / "here", tmp_path / "there"):
        add_faces(root / "in", 1)
        faces = FolderFaces(root / "in", root / "in", root / "made" / "out")
        where = "../../in"
        assert dict(faces.describe()) == {"images": where, "landmarks": where}


@pytest.mark.parametrize("stack", [False, True])
def test_faces_of_a_manifest_have_its_pixels_and_landmarks(stack, tmp_path):
    """Files and a pixel stack give the same faces."""
    manifest = make_manifest(["angry", "happy", "sad"], without=[1], stack=stack)
    workspace = make_workspace(tmp_path, manifest)
    faces = ManifestFaces(manifest, workspace.data_root("small"))
    for row in (0, 2):
        face = faces.read(f"f{row}")
        assert np.array_equal(face.image, picture(row))
        assert np.array_equal(face.landmarks.points, manifest.landmarks[row])
    assert np.array_equal(faces.image("f1")[0], picture(1))
    with pytest.raises(DataError, match="'f1' has no landmarks"):
        faces.read("f1")


@pytest.mark.parametrize("damage", ["missing", "short", "float"])
def test_a_pixel_stack_that_does_not_fit_is_refused(damage, tmp_path):
    """A stack that is missing, too short or of another type is named."""
    manifest = make_manifest(["angry", "happy"], stack=True)
    path = make_workspace(tmp_path, manifest).data_root("small") / "pixels.npy"
    pixels = np.load(path)
    path.unlink()
    if damage != "missing":
        np.save(path, pixels[:1] if damage == "short" else pixels.astype(np.float32))
    with pytest.raises(DataError, match="Scan the data set again") as error:
        ManifestFaces(manifest, path.parent)
    assert str(path) in str(error.value)
