"""Folders of small images with a landmark file each, and what painting them must give."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from occbench.core.lock import LOCK
from occbench.dataset.faces import FolderFaces
from occbench.dataset.occlude import OcclusionReport, occlude
from occbench.occluders.base import make_occluder
from tests.faces import face
from tests.makers import picture, write_picture
from tests.occluders.closed_form import distances

# Front of the Meta Quest 2, height over width in millimetres.
ASPECT = 105 / 224


def points_of(seed: int) -> np.ndarray:
    """Landmarks ``(68, 2)`` of a face that lies well inside an image of 40 pixels."""
    rng = np.random.default_rng(seed)
    return face(rng, width=(18, 24), roll=0.4, centre=(19.5, 15.0), spread=1)


def add_face(
    folder: Path, name: str, seed: int = 0, image: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Writes an image and ``<stem>_lnd.npy``; gives the pixels and the points."""
    image, points = picture(seed) if image is None else image, points_of(seed)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path.with_suffix(path.suffix.lower()), image).rename(path)
    np.save(path.with_name(f"{path.stem}_lnd.npy"), points.ravel())
    return image, points


def add_faces(folder: Path, count: int, suffix: str = ".png") -> Path:
    """Writes the faces 1, 2, ... with the seeds 1, 2, ..."""
    for number in range(1, count + 1):
        add_face(folder, f"{number}{suffix}", number)
    return folder


def covered(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which pixels of an image of ``size`` (width, height) the headset hides, ``(H, W)``."""
    beyond = distances(points, size, ASPECT)
    assert np.abs(beyond).min() > 1e-6, "a pixel lies on the border: take another seed"
    return beyond <= 0


def run(folder: Path, output: Path, **options: object) -> OcclusionReport:
    """Occludes a folder whose landmarks lie beside the images, by the plain headset."""
    landmarks = options.pop("landmarks", folder)
    occluder = make_occluder(options.pop("occluder", "headset"))
    return occlude(FolderFaces(folder, landmarks, output), occluder, output, **options)


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too but for locks, with their bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def states(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of each image below a folder."""
    images = [path for path in folder.rglob("*") if path.suffix in (".png", ".jpg")]
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in images}
