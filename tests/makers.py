"""Small manifests, and workspaces with tiny images, for tests of splits and audits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from hypothesis import strategies as st

from occbench.dataset.labels import ClassSet
from occbench.dataset.manifest import Manifest
from occbench.workspace import Workspace
from tests.faces import level_face

SIDE = 40
POINTS = level_face(24.0, (19.5, 16.0)).astype(np.float32)
CLASSES = ("angry", "happy", "sad")


def make_manifest(
    labels: Sequence[str],
    *,
    classes: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    partitions: Sequence[str] | str = "",
    groups: Sequence[str] | None = None,
    without: Sequence[int] = (),
    images: Sequence[str] | None = None,
    stack: bool = False,
    name: str = "small",
) -> Manifest:
    """A manifest with one face per label; all share one set of landmarks.

    Args:
        labels: the class of each face.
        classes: class names; those that occur, sorted, if None.
        ids: ``f0``, ``f1``, ... if None.
        partitions: of each face, or one for all.
        groups: of each face; every face alone if None.
        without: rows that have no landmarks.
        images: paths below the root, ``<id>.png`` if None; rows where ``stack`` is set.
        stack: whether the images lie in one pixel stack.
        name: of the data set.
    """
    count = len(labels)
    ids = [f"f{row}" for row in range(count)] if ids is None else list(ids)
    paths = [str(row) for row in range(count)] if stack else [f"{face}.png" for face in ids]
    landmarks = np.broadcast_to(POINTS, (count, 68, 2))
    if len(without):
        landmarks = landmarks.copy()
        landmarks[list(without)] = np.nan
    columns = {
        "id": ids,
        "label": list(labels),
        "partition": [partitions] * count if isinstance(partitions, str) else list(partitions),
        "group": list(ids if groups is None else groups),
        "image": list(images or paths),
    }
    return Manifest(
        name,
        ClassSet(tuple(sorted(set(labels)) if classes is None else classes)),
        pd.DataFrame(columns, dtype=str),
        landmarks,
        "stack" if stack else "files",
    )


def shuffled(manifest: Manifest, seed: int) -> Manifest:
    """The same faces in another order of rows."""
    return manifest.where(np.random.default_rng(seed).permutation(len(manifest)))


def picture(seed: int, *, side: int = SIDE, grey: bool = False) -> np.ndarray:
    """A smooth random picture without black, RGB or grey, as no headset would leave it."""
    rng = np.random.default_rng(seed)
    small = rng.integers(60, 230, (6, 6) if grey else (6, 6, 3), dtype=np.uint8)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC).clip(40, 255)


def write_picture(path: Path, image: np.ndarray) -> Path:
    """Stores an RGB or grey picture in the format of the path's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = image if image.ndim == 2 else image[:, :, ::-1]
    done, data = cv2.imencode(path.suffix, stored)
    assert done
    path.write_bytes(data.tobytes())
    return path


def read_picture(path: Path) -> np.ndarray:
    """The pixels of a picture on disk, RGB or grey as it is stored."""
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    return image if image.ndim == 2 else np.ascontiguousarray(image[:, :, ::-1])


def make_workspace(
    folder: Path, manifest: Manifest, pictures: Mapping[str, np.ndarray] | None = None
) -> Workspace:
    """A workspace that holds the data set, with a picture for every face.

    Args:
        folder: where to make it.
        manifest: written into it.
        pictures: pixels by id; for other faces ``picture`` of their row.
    """
    workspace = Workspace.find_or_create(folder)
    root = folder / "data" / manifest.name
    root.mkdir(parents=True, exist_ok=True)
    known = pictures or {}
    made = [known.get(face, picture(row)) for row, face in enumerate(manifest.faces["id"])]
    if manifest.images == "stack":
        np.save(root / "pixels.npy", np.stack(made))
    else:
        for path, image in zip(manifest.faces["image"], made, strict=True):
            write_picture(root / path, image)
    manifest.write(workspace.manifest(manifest.name))
    workspace.set_data_root(manifest.name, root)
    return workspace


@st.composite
def manifests(draw: st.DrawFn, *, official: bool | None = None) -> Manifest:
    """Random manifests of three classes: groups may mix classes and partitions.

    Enough faces of each class stand alone in each partition that no part can lack a class.

    Args:
        draw: given by hypothesis.
        official: whether faces have partitions; either, if None.
    """
    official = draw(st.booleans()) if official is None else official
    alone = [(label, part) for label in CLASSES for part in ("train", "val", "test")] * 6
    extra = draw(
        st.lists(
            st.tuples(
                st.sampled_from(CLASSES),
                st.sampled_from(("train", "val", "test")),
                st.one_of(st.none(), st.integers(0, 5)),
                st.integers(0, 5),
            ),
            max_size=40,
        )
    )
    labels = [label for label, _ in alone] + [row[0] for row in extra]
    parts = [part for _, part in alone] + [row[1] for row in extra]
    ids = [f"{place // 2:02d}{'b' * (place % 2)}" for place in range(len(labels))]
    groups = ids[: len(alone)] + [
        face if row[2] is None else f"group {row[2]}"
        for face, row in zip(ids[len(alone) :], extra, strict=True)
    ]
    without = [len(alone) + place for place, row in enumerate(extra) if row[3] == 0]
    return make_manifest(
        labels,
        classes=CLASSES,
        ids=ids,
        groups=groups,
        partitions=parts if official else "",
        without=without,
    )
