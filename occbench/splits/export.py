"""Class folders of a split, as ``keras.utils.image_dataset_from_directory`` reads them.

``TARGET/MODE/PART/CLASS/FACE.png`` and, for an occluded face, ``FACE_occ.png``. A killed
export is repeated: whatever stands there is whole, and only the rest is made.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
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
from occbench.dataset.occlude import workspace_job
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
        StaleState: the folder holds another split.
        DataError: images to link or copy are missing, or something cannot be made.
    """
    items = plan_export(manifest, split, how)
    make = _maker(workspace, manifest, split, items, how)
    fold = split.record.get("fold")
    folder = target / f"{split.record['mode']}{f'-fold{fold}' if fold else ''}"
    folder.mkdir(parents=True, exist_ok=True)
    with sole_writer(folder):
        _claim(folder, {"split": split.folder, "how": how, "images": len(items)})
        shutil.rmtree(folder / _STAGING, ignore_errors=True)
        (folder / _STAGING).mkdir()
        try:
            failures = _make_all(make, items, folder)
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


def _make_all(make: Callable[[Item, Path], None], items: Sequence[Item], folder: Path) -> list[str]:
    """Makes what is missing, each image beside first; gives the reasons of failures."""
    missing = [item for item in items if not os.path.lexists(folder / item.target)]
    for parent in {(folder / item.target).parent for item in missing}:
        parent.mkdir(parents=True, exist_ok=True)

    def work(item: Item) -> str | None:
        beside = folder / _STAGING / str(threading.get_ident())
        try:
            make(item, beside)
        except OccbenchError as error:
            return str(error)
        beside.replace(folder / item.target)
        return None

    results = in_order(work, missing, available_workers())
    kept = len(items) - len(missing)
    bar = progress(results, total=len(items), label="export", unit=" images", done=kept)
    return [reason for reason in bar if reason is not None]


def _maker(
    workspace: Workspace, manifest: Manifest, split: Split, items: Sequence[Item], how: str
) -> Callable[[Item, Path], None]:
    """What makes one image at a path."""
    occluders = _occluders(split)
    if how == "paint":
        faces = ManifestFaces(manifest, workspace.data_root(manifest.name))
        return lambda item, path: _paint(faces, occluders.get(item.variant), item, path)
    if manifest.images == "stack":
        raise DataError(
            f"The images of '{manifest.name}' lie in one pixel stack; there is nothing to {how}. "
            "Use --paint."
        )
    sources = _sources(workspace, manifest, occluders, items)
    if how == "copy":
        return lambda item, path: _copy(sources[item.face, item.variant], path)
    return lambda item, path: path.symlink_to(sources[item.face, item.variant].resolve())


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


def _paint(faces: ManifestFaces, occluder: Occluder | None, item: Item, path: Path) -> None:
    if occluder is None:
        image = faces.image(item.face)[0]
    else:
        image = cover(faces.read(item.face), item.face, occluder)
    path.write_bytes(encode_image(image, "png", 100))


def _copy(source: Path, path: Path) -> None:
    shutil.copyfile(source, path)


def _sources(
    workspace: Workspace,
    manifest: Manifest,
    occluders: Mapping[str, Occluder],
    items: Sequence[Item],
) -> dict[tuple[str, str], Path]:
    """The file behind every image.

    Raises:
        DataError: painted images are missing.
    """
    root = workspace.data_root(manifest.name)
    images = dict(zip(manifest.faces["id"], manifest.faces["image"], strict=True))
    painted = {
        variant: workspace_job(workspace, manifest.name, occluder, Style())
        for variant, occluder in occluders.items()
    }
    sources = {}
    for item in items:
        if item.variant == NORMAL:
            path = root / images[item.face]
        else:
            faces, folder = painted[item.variant]
            path = folder / f"{faces.stem(item.face)}{Style().ending}"
        sources[item.face, item.variant] = path
    _refuse_missing(manifest, sources)
    return sources


def _refuse_missing(manifest: Manifest, sources: Mapping[tuple[str, str], Path]) -> None:
    missing = [(face, variant) for (face, variant), path in sources.items() if not path.is_file()]
    originals = [sources[key] for key in missing if key[1] == NORMAL]
    if originals:
        raise DataError(
            f"'{originals[0]}' and {len(originals) - 1} further images of '{manifest.name}' are "
            "gone. Restore them, or scan again."
        )
    if missing:
        names = ", ".join(face for face, _ in missing[:4])
        raise DataError(
            f"{len(missing)} of {len(sources)} images are missing (first: {names}). "
            f"Run 'occbench occlude {manifest.name}' with the same occluder to make them."
        )
