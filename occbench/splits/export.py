"""Class folders of a split, as ``keras.utils.image_dataset_from_directory`` reads them.

``TARGET/MODE/PART/CLASS/FACE.png`` and, for an occluded face, ``FACE_occ.png``. A killed
export is repeated: whatever stands there is whole, and only the rest is made.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from occbench.core.atomic import write_text
from occbench.core.console import progress
from occbench.core.lock import sole_writer
from occbench.core.parallel import available_workers, in_order
from occbench.dataset.batch import Style, cover
from occbench.dataset.faces import ManifestFaces
from occbench.dataset.images import encode_image
from occbench.dataset.manifest import PARTITIONS, Manifest
from occbench.dataset.occlude import preview, workspace_job
from occbench.errors import DataError, OccbenchError, StaleState
from occbench.occluders.base import NORMAL, Occluder, make_occluder, parameters
from occbench.splits.split import Split
from occbench.splits.summary import shown_labels
from occbench.workspace import Workspace

EXPORT = "export.json"
_STAGING = ".staging"


@dataclass(frozen=True)
class Item:
    """One image of an export: which face, how it is shown, and its path below the target."""

    face: str
    variant: str
    target: str


def export_split(
    workspace: Workspace, manifest: Manifest, split: Split, target: Path, *, how: str = "paint"
) -> Path:
    """Makes the class folders of a split and gives the folder they are in.

    Args:
        workspace: where the data set and painted images are.
        manifest: the data set of the split.
        split: what to export.
        target: one folder per mode is made in it.
        how: ``paint`` sends every image, normal ones too, through the same decoder, painter
            and PNG encoder, so no codec tells them apart; ``link`` and ``copy`` take the
            original images and those that ``occlude`` painted.

    Raises:
        StaleState: the folder holds another split, or a source was changed after it had been
            painted.
        DataError: images to link or copy are missing, or something cannot be made.
    """
    items = plan_export(manifest, split, how)
    content = _contents(workspace, manifest, split, items, how)
    fold = split.record.get("fold")
    folder = target / f"{split.record['mode']}{f'-fold{fold}' if fold else ''}"
    folder.mkdir(parents=True, exist_ok=True)
    with sole_writer(folder):
        _claim(folder, {"split": split.folder, "how": how, "images": len(items)})
        shutil.rmtree(folder / _STAGING, ignore_errors=True)
        (folder / _STAGING).mkdir()
        try:
            failures = _make_all(content, items, folder, linked=how == "link")
        finally:
            shutil.rmtree(folder / _STAGING, ignore_errors=True)
    if failures:
        raise DataError(
            f"{len(failures)} images could not be exported to '{folder}'; the first: {failures[0]}"
        )
    return folder


def plan_export(manifest: Manifest, split: Split, how: str) -> list[Item]:
    """All images of an export, in the order of the split's tables."""
    flat = manifest.faces["id"].str.replace("/", "_", regex=False)
    # The face "a_occ" and the occluded face "a" would have one name, as "a/b" and "a_b" have.
    if flat.duplicated().any() or (flat + "_occ").isin(flat).any():
        flat = flat + "_" + manifest.faces.index.astype(str)
    names = dict(zip(manifest.faces["id"], flat, strict=True))
    images = dict(zip(manifest.faces["id"], manifest.faces["image"], strict=True))
    items = []
    for part in PARTITIONS:
        for face, variant, label in shown_labels(split, manifest, part).itertuples(index=False):
            if variant != NORMAL:
                ending = "_occ.png"
            else:
                ending = ".png" if how == "paint" else Path(images[face]).suffix
            items.append(Item(face, variant, f"{part}/{label}/{names[face]}{ending}"))
    return items


def _claim(folder: Path, record: Mapping[str, object]) -> None:
    path = folder / EXPORT
    if path.is_file():
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"'{path}' is no valid JSON: {error}.") from error
        if known != record:
            raise StaleState(
                f"'{folder}' holds the export of {known.get('split')} ({known.get('how')}), not of "
                f"{record['split']} ({record['how']}). Delete it or choose another folder."
            )
    elif any(not item.name.startswith(".") for item in folder.iterdir()):
        raise DataError(f"'{folder}' is not empty. Choose a new or empty folder.")
    else:
        write_text(path, json.dumps(record, indent=2) + "\n")


def _make_all(
    content: Callable[[Item], bytes | Path], items: Sequence[Item], folder: Path, *, linked: bool
) -> list[str]:
    """Makes what is missing, each image beside first; gives the reasons of failures."""

    def stands(item: Item) -> bool:
        path = folder / item.target
        if linked:
            return path.is_symlink() and path.readlink() == content(item)
        return path.is_file()

    missing = [item for item in items if not stands(item)]
    for parent in {(folder / item.target).parent for item in missing}:
        parent.mkdir(parents=True, exist_ok=True)

    def work(item: Item) -> str | None:
        beside = folder / _STAGING / str(threading.get_ident())
        try:
            made = content(item)
        except OccbenchError as error:
            return str(error)
        except OSError as error:
            return f"'{error.filename}' cannot be read: {error.strerror}."
        # A target that cannot be written is no fault of this image, so it ends the export.
        if isinstance(made, Path):
            beside.symlink_to(made)
        else:
            beside.write_bytes(made)
        beside.replace(folder / item.target)
        return None

    results = in_order(work, missing, available_workers())
    kept = len(items) - len(missing)
    bar = progress(results, total=len(items), label="export", unit=" images", done=kept)
    return [reason for reason in bar if reason is not None]


def _contents(
    workspace: Workspace, manifest: Manifest, split: Split, items: Sequence[Item], how: str
) -> Callable[[Item], bytes | Path]:
    """What gives the bytes of one image, or the path to link to."""
    occluders = _occluders(split)
    if how == "paint":
        faces = ManifestFaces(manifest, workspace.data_root(manifest.name))
        return lambda item: _paint(faces, occluders.get(item.variant), item)
    if manifest.images == "stack":
        raise DataError(
            f"The images of '{manifest.name}' lie in one pixel stack; there is nothing to {how}. "
            "Use --paint."
        )
    sources = _sources(workspace, manifest, occluders, items)
    if how == "copy":
        return lambda item: sources[item.face, item.variant].read_bytes()
    return lambda item: sources[item.face, item.variant].resolve()


def _occluders(split: Split) -> dict[str, Occluder]:
    occluders = {}
    for variant, recorded in split.record["variants"].items():
        occluder = make_occluder(variant)
        # Through JSON, as the record was: a colour is a list there.
        if json.loads(json.dumps(parameters(occluder))) != json.loads(json.dumps(recorded)):
            raise StaleState(
                f"'{variant}' means something else in this version than when the split was built. "
                "Run 'occbench build-splits' again."
            )
        occluders[variant] = occluder
    return occluders


def _paint(faces: ManifestFaces, occluder: Occluder | None, item: Item) -> bytes:
    if occluder is None:
        image = faces.image(item.face)[0]
    else:
        image = cover(faces.read(item.face), item.face, occluder)
    return encode_image(image, "png", 100)


def _sources(
    workspace: Workspace,
    manifest: Manifest,
    occluders: Mapping[str, Occluder],
    items: Sequence[Item],
) -> dict[tuple[str, str], Path]:
    """The file behind every image.

    Raises:
        DataError: originals or painted images are missing, or painted ones are out of date.
        StaleState: a source was changed after it had been painted.
    """
    root = workspace.data_root(manifest.name)
    images = dict(zip(manifest.faces["id"], manifest.faces["image"], strict=True))
    painted, unpainted = {}, set()
    for variant, occluder in occluders.items():
        faces, folder = workspace_job(workspace, manifest.name, occluder, Style())
        painted[variant] = faces, folder
        unpainted |= {(face, variant) for face in preview(faces, occluder, folder, Style())[1]}
    sources = {}
    for item in items:
        if item.variant == NORMAL:
            path = root / images[item.face]
        else:
            faces, folder = painted[item.variant]
            path = folder / f"{faces.stem(item.face)}{Style().ending}"
        sources[item.face, item.variant] = path
    _refuse_missing(manifest, sources, unpainted)
    return sources


def _refuse_missing(
    manifest: Manifest,
    sources: Mapping[tuple[str, str], Path],
    unpainted: Collection[tuple[str, str]],
) -> None:
    originals = [
        path for (_, variant), path in sources.items() if variant == NORMAL and not path.is_file()
    ]
    if originals:
        raise DataError(
            f"'{originals[0]}' and {len(originals) - 1} further images of '{manifest.name}' are "
            "gone. Restore them, or scan again."
        )
    missing = [face for face, variant in sources if (face, variant) in unpainted]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(sources)} images are missing or out of date "
            f"(first: {', '.join(missing[:4])}). Run 'occbench occlude {manifest.name}' with the "
            "same occluder to make them."
        )
