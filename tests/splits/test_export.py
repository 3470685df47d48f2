"""Class folders: every image of a split in its place, painted, linked or copied."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from occbench.core.console import set_quiet
from occbench.dataset.batch import cover
from occbench.dataset.faces import ManifestFaces
from occbench.dataset.manifest import Manifest
from occbench.dataset.occlude import Style, occlude, workspace_job
from occbench.errors import DataError, StaleState
from occbench.occluders.base import make_occluder
from occbench.splits.build import build_split
from occbench.splits.export import export_split
from occbench.splits.split import Split
from occbench.workspace import Workspace
from tests.makers import make_manifest, make_workspace, picture, read_picture, write_picture

HEADSET = make_occluder("headset")
LABELS = ["happy", "sad"] * 9
PARTS = ["train"] * 8 + ["val"] * 4 + ["test"] * 6


@pytest.fixture(autouse=True)
def _quiet() -> object:
    """No progress bars."""
    set_quiet(True)
    yield
    set_quiet(False)


@pytest.fixture
def manifest() -> Manifest:
    """Eighteen faces, f0 to f17, in two classes."""
    return make_manifest(LABELS, partitions=PARTS)


@pytest.fixture
def workspace(manifest: Manifest, tmp_path: Path) -> Workspace:
    """A workspace with a PNG file for every face."""
    return make_workspace(tmp_path / "workspace", manifest)


def split_of(manifest: Manifest, mode: str = "mixed-paired", **options: object) -> Split:
    """A split by the official parts."""
    return build_split(manifest, mode=mode, occluder=HEADSET, **options)


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder by their paths, hidden ones too, but not the writer's lock."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def expected_names(manifest: Manifest, split: Split) -> list[str]:
    """The image files that a split should give, from its tables."""
    label = dict(zip(manifest.faces["id"], manifest.faces["label"], strict=True))
    return sorted(
        f"{part}/{label[face]}/{face}{'' if variant == 'normal' else '_occ'}.png"
        for part, table in split.parts.items()
        for face, variant in table.itertuples(index=False)
    )


@pytest.mark.parametrize("mode", ["normal", "occluded", "mixed-unique", "mixed-paired"])
def test_every_image_in_its_place(
    workspace: Workspace, manifest: Manifest, tmp_path: Path, mode: str
) -> None:
    """The files are those of the split's tables, twins named _occ, and nothing is left over."""
    split = split_of(manifest, mode)
    folder = export_split(workspace, manifest, split, tmp_path / "out")
    assert folder == tmp_path / "out" / mode
    assert list(tree(folder)) == sorted(["export.json", *expected_names(manifest, split)])


def test_painted_pixels(workspace: Workspace, manifest: Manifest, tmp_path: Path) -> None:
    """A normal image has the source's pixels, an occluded one those that ``cover`` gives."""
    folder = export_split(workspace, manifest, split_of(manifest), tmp_path / "out")
    faces = ManifestFaces(manifest, workspace.data_root("small"))
    for row, (face, label, part) in enumerate(zip(faces.ids, LABELS, PARTS, strict=True)):
        place = folder / part / label
        if part != "test":
            assert (read_picture(place / f"{face}.png") == picture(row)).all()
            covered = read_picture(place / f"{face}_occ.png")
            assert (covered == cover(faces.read(face), face, HEADSET)).all()
            assert (covered == 0).all(axis=2).sum() > 40


def test_normal_and_occluded_images_share_one_encoder(tmp_path: Path) -> None:
    """JPEG sources come out as PNG in both variants, so no codec tells them apart."""
    names = [f"f{row}.jpg" for row in range(18)]
    manifest = make_manifest(LABELS, partitions=PARTS, images=names)
    workspace = make_workspace(tmp_path / "w", manifest)
    folder = export_split(workspace, manifest, split_of(manifest), tmp_path / "out")
    images = {name: data for name, data in tree(folder).items() if name != "export.json"}
    assert len(images) == 30
    assert {data[:8] for data in images.values()} == {b"\x89PNG\r\n\x1a\n"}
    decoded = read_picture(workspace.data_root("small") / "f0.jpg")
    assert (read_picture(folder / "train/happy/f0.png") == decoded).all()


def test_a_pixel_stack_is_painted(tmp_path: Path) -> None:
    """Grey faces of one pixel stack come out as grey PNG files."""
    manifest = make_manifest(LABELS, partitions=PARTS, stack=True)
    pictures = {f"f{row}": picture(row, grey=True) for row in range(18)}
    workspace = make_workspace(tmp_path / "w", manifest, pictures)
    folder = export_split(workspace, manifest, split_of(manifest, "normal"), tmp_path / "out")
    image = read_picture(folder / "test/sad/f17.png")
    assert image.shape == (40, 40)
    assert (image == pictures["f17"]).all()
    for how in ("link", "copy"):
        with pytest.raises(DataError, match=f"one pixel stack; there is nothing to {how}"):
            export_split(workspace, manifest, split_of(manifest), tmp_path / how, how=how)


@pytest.mark.parametrize("how", ["link", "copy"])
def test_links_and_copies(
    workspace: Workspace, manifest: Manifest, tmp_path: Path, how: str
) -> None:
    """Originals and painted images are linked or copied byte for byte, with their endings."""
    faces, painted = workspace_job(workspace, "small", HEADSET, Style())
    occlude(faces, HEADSET, painted)
    split = split_of(manifest)
    folder = export_split(workspace, manifest, split, tmp_path / "out", how=how)
    assert list(tree(folder)) == sorted(["export.json", *expected_names(manifest, split)])
    root = workspace.data_root("small")
    for name, source in (
        ("f0.png", root / "f0.png"),
        ("f0_occ.png", painted / "images/f0_occ.png"),
    ):
        made = folder / "train/happy" / name
        assert made.read_bytes() == source.read_bytes()
        assert made.is_symlink() == (how == "link")


@pytest.mark.parametrize("how", ["link", "copy"])
def test_missing_painted_images_are_named(
    workspace: Workspace, manifest: Manifest, tmp_path: Path, how: str
) -> None:
    """Without painted images the sentence counts them, names the first and says what to run."""
    split = split_of(manifest, "occluded")
    with pytest.raises(DataError, match=r"18 of 18 images.*f0, f1, f2, f3.*occlude small"):
        export_split(workspace, manifest, split, tmp_path / "out", how=how)
    faces, painted = workspace_job(workspace, "small", HEADSET, Style())
    occlude(faces, HEADSET, painted)
    (painted / "images/f7_occ.png").unlink()
    with pytest.raises(DataError, match=r"1 of 18 images are missing or out of date \(first: f7\)"):
        export_split(workspace, manifest, split, tmp_path / "out", how=how)
    assert not (tmp_path / "out").exists()


def test_a_broken_image_is_named_and_the_rest_is_made(
    workspace: Workspace, manifest: Manifest, tmp_path: Path
) -> None:
    """One damaged file ends in a sentence with its path; repaired, the export is completed."""
    path = workspace.data_root("small") / "f3.png"
    whole = path.read_bytes()
    path.write_bytes(b"no image")
    split = split_of(manifest, "normal")
    with pytest.raises(DataError, match=rf"1 images could not be exported.*{path}"):
        export_split(workspace, manifest, split, tmp_path / "out")
    assert len(tree(tmp_path / "out/normal")) == 18
    path.write_bytes(whole)
    folder = export_split(workspace, manifest, split, tmp_path / "out")
    assert list(tree(folder)) == sorted(["export.json", *expected_names(manifest, split)])


def test_another_split_in_the_same_place_is_refused(
    workspace: Workspace, manifest: Manifest, tmp_path: Path
) -> None:
    """A folder belongs to one split and one way; another is refused and changes nothing."""
    folder = export_split(workspace, manifest, split_of(manifest), tmp_path / "out")
    before = tree(folder)
    other = split_of(manifest, assign="alternate")
    for split, how in ((other, "paint"), (split_of(manifest), "copy")):
        faces, painted = workspace_job(workspace, "small", HEADSET, Style())
        occlude(faces, HEADSET, painted)
        with pytest.raises(StaleState, match=r"holds the export of mixed-paired-.*not of"):
            export_split(workspace, manifest, split, tmp_path / "out", how=how)
    assert tree(folder) == before


def test_a_foreign_folder_is_refused(
    workspace: Workspace, manifest: Manifest, tmp_path: Path
) -> None:
    """A folder with something else in it is left alone."""
    (tmp_path / "out/normal").mkdir(parents=True)
    (tmp_path / "out/normal/mine.txt").write_text("mine")
    with pytest.raises(DataError, match="is not empty"):
        export_split(workspace, manifest, split_of(manifest, "normal"), tmp_path / "out")
    assert list(tree(tmp_path / "out")) == ["normal/mine.txt"]
    (tmp_path / "out/normal/mine.txt").rename(tmp_path / "out/normal/export.json")
    with pytest.raises(DataError, match="is no valid JSON"):
        export_split(workspace, manifest, split_of(manifest, "normal"), tmp_path / "out")


@pytest.mark.parametrize("how", ["link", "copy"])
def test_a_source_replaced_after_painting_is_refused(
    workspace: Workspace, manifest: Manifest, tmp_path: Path, how: str
) -> None:
    """Painted images of another source, or cut short, are not exported."""
    faces, painted = workspace_job(workspace, "small", HEADSET, Style())
    occlude(faces, HEADSET, painted)
    split = split_of(manifest, "occluded")
    source = workspace.data_root("small") / "f5.png"
    whole = source.read_bytes()
    write_picture(source, picture(77))
    with pytest.raises(StaleState, match="'f5' or its landmarks have changed"):
        export_split(workspace, manifest, split, tmp_path / "out", how=how)
    source.write_bytes(whole)
    torn = painted / "images/f5_occ.png"
    torn.write_bytes(torn.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"1 of 18 images are missing or out of date \(first: f5"):
        export_split(workspace, manifest, split, tmp_path / "out", how=how)
    assert not (tmp_path / "out").exists()


def test_a_missing_source_is_named_and_the_rest_is_made(
    workspace: Workspace, manifest: Manifest, tmp_path: Path
) -> None:
    """A source that is gone ends in a sentence, after all others were painted."""
    path = workspace.data_root("small") / "f3.png"
    path.unlink()
    split = split_of(manifest, "normal")
    with pytest.raises(DataError, match=rf"1 images could not.*'{path}'"):
        export_split(workspace, manifest, split, tmp_path / "out")
    assert len(tree(tmp_path / "out/normal")) == 18


def test_a_target_that_cannot_be_written_ends_the_export(
    workspace: Workspace, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is no fault of one image."""
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if ".staging" in path.parts:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    for how in ("paint", "copy"):
        with pytest.raises(OSError, match="No space left"):
            export_split(workspace, manifest, split_of(manifest, "normal"), tmp_path / how, how=how)


def test_dangling_links_are_made_again(
    workspace: Workspace, manifest: Manifest, tmp_path: Path
) -> None:
    """A link that leads elsewhere is replaced by one to the source; others stay."""
    split = split_of(manifest, "normal")
    folder = export_split(workspace, manifest, split, tmp_path / "out", how="link")
    link, other = folder / "train/happy/f0.png", folder / "train/happy/f2.png"
    link.unlink()
    link.symlink_to(tmp_path / "nowhere.png")
    before = other.lstat()
    export_split(workspace, manifest, split, tmp_path / "out", how="link")
    assert (read_picture(link) == picture(0)).all()
    assert other.lstat().st_ino == before.st_ino


@pytest.mark.parametrize(
    "ids",
    [
        ["a/1", "a_1", "a_1_0"],
        ["a", "a_occ", "a_occ_occ"],
        ["with space", "Gesicht-\N{LATIN SMALL LETTER O WITH DIAERESIS}", "\N{HIRAGANA LETTER A}"],
        ["deep/er/1", "deep/er/2", "deep/1"],
    ],
)
def test_unusual_ids_keep_their_own_files(tmp_path: Path, ids: list[str]) -> None:
    """Ids with slashes, spaces, other scripts or _occ never share a file."""
    ids = [*ids, *(f"x{row}" for row in range(3))]
    images = [f"{row}.png" for row in range(6)]
    parts = ["train", "train", "train", "train", "test", "test"]
    labels = ["happy", "happy", "happy", "sad", "happy", "sad"]
    manifest = make_manifest(labels, ids=ids, partitions=parts, images=images)
    workspace = make_workspace(tmp_path / "w", manifest)
    split = split_of(manifest, how=_no_val())
    folder = export_split(workspace, manifest, split, tmp_path / "out")
    files = sorted(path for path in (folder / "train/happy").iterdir())
    assert len(files) == 6
    pixels = [read_picture(path) for path in files]
    for row in range(3):
        assert sum(np.array_equal(image, picture(row)) for image in pixels) == 1
    normal = [path for path, image in zip(files, pixels, strict=True) if image.min() >= 40]
    assert len(normal) == 3


def _no_val() -> object:
    from occbench.splits.partitioning import Partitioning

    return Partitioning(val_fraction=0)
