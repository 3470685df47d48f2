"""Data sets to scan: made ones in a folder of the test, real ones where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.faces import face

FER2013_CLASSES = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
FER2013_USAGES = ["Training", "PublicTest", "PrivateTest"]

_REAL = Path(__file__).parents[3] / "shared" / "data"


def write_face(path: Path, seed: int = 0) -> Path:
    """Draws a stand-in for a face, a disc on grey with a mouth, as a tiny image file."""
    image = np.full((32, 32, 3), 90 + seed % 100, np.uint8)
    cv2.circle(image, (16, 16), 12, (180, 200, 220), -1)
    cv2.ellipse(image, (16, 20), (5, 1 + seed % 4), 0, 0, 180, (40, 40, 160), 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix.lower(), image)
    assert done
    path.write_bytes(data.tobytes())
    return path


def points_of(seed: int) -> np.ndarray:
    """Landmarks of a face, flat float64 ``(136,)`` as AffectNet stores them."""
    return face(np.random.default_rng(seed)).ravel()


class AffectNetTree:
    """Builds the folders of AffectNet face by face."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, part: str, number: int, *, suffix: str = ".jpg", **changes: object) -> None:
        """Writes an image with its four annotations.

        ``exp``, ``lnd``, ``aro`` or ``val`` replaces an array; None leaves the file out and
        bytes are written as they are.
        """
        write_face(self.root / part / "images" / f"{number}{suffix}", number)
        arrays = {
            "exp": np.array(str(number % 8)),
            "lnd": points_of(number),
            "aro": np.array(f"0.{number}"),
            "val": np.array(f"-0.{number}"),
        }
        for kind, value in (arrays | changes).items():
            self.annotate(part, number, kind, value)

    def annotate(self, part: str, number: int, kind: str, value: object) -> None:
        """Writes one annotation."""
        path = self.root / part / "annotations" / f"{number}_{kind}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, bytes):
            path.write_bytes(value)
        elif value is not None:
            np.save(path, np.asarray(value), allow_pickle=True)


class Fer2013Rows:
    """Random faces with labels and usages, and writers of all layouts."""

    def __init__(self, count: int = 30, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.images = rng.integers(0, 256, (count, 48, 48)).astype(np.uint8)
        self.labels = rng.integers(0, 7, count)
        self.usage = np.sort(rng.integers(0, 3, count))

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """Cells of each row: emotion, pixels, usage."""
        for image, label, usage in zip(self.images, self.labels, self.usage, strict=True):
            yield str(label), " ".join(str(level) for level in image.ravel()), FER2013_USAGES[usage]

    def csv(self, path: Path) -> Path:
        """Writes the layout of fer2013.csv."""
        rows = (f"{emotion},{pixels},{usage}\n" for emotion, pixels, usage in self.lines())
        path.write_text("emotion,pixels,Usage\n" + "".join(rows))
        return path

    def icml(self, path: Path) -> Path:
        """Writes the layout of icml_face_data.csv."""
        rows = (f"{emotion},{usage},{pixels}\n" for emotion, pixels, usage in self.lines())
        path.write_text("emotion, Usage, pixels\n" + "".join(rows))
        return path

    def npz(self, path: Path, **changes: np.ndarray | None) -> Path:
        """Writes the arrays of fer2013.npz."""
        arrays = {
            "images": self.images,
            "labels": self.labels.astype(np.uint8),
            "usage": self.usage.astype(np.uint8),
            "usage_names": np.array(FER2013_USAGES),
            "emotion_names": np.array(FER2013_CLASSES),
        } | changes
        np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
        return path


@pytest.fixture
def affectnet_tree(tmp_path: Path) -> AffectNetTree:
    """An empty AffectNet to fill."""
    return AffectNetTree(tmp_path / "AffectNet")


@pytest.fixture
def made() -> Fer2013Rows:
    """Thirty random faces of FER2013."""
    return Fer2013Rows()


@pytest.fixture
def draw() -> Callable[..., Path]:
    """Draws a stand-in image to a path; see ``write_face``."""
    return write_face


@pytest.fixture
def points() -> Callable[[int], np.ndarray]:
    """Landmarks of a random face by seed; see ``points_of``."""
    return points_of


@pytest.fixture
def written(tmp_path: Path) -> Callable[[object], dict[str, bytes]]:
    """Writes the manifest of a scan and gives the bytes of its files by ending."""

    def write(scan: object) -> dict[str, bytes]:
        folder = tmp_path / f"written{len(list(tmp_path.glob('written*')))}"
        scan.manifest.write(folder / "m.csv")
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    return write


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets, which are not part of the repository."""
    folder = Path(os.environ.get("OCCBENCH_TEST_DATA", _REAL))
    if not (folder / "fer2013.npz").is_file():
        pytest.skip(f"no fer2013.npz in '{folder}'; set OCCBENCH_TEST_DATA to the real data")
    return folder
