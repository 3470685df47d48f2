"""What is exported is what Keras reads back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from occbench.dataset.batch import cover
from occbench.dataset.faces import ManifestFaces
from occbench.occluders.base import make_occluder
from occbench.splits.build import build_split
from occbench.splits.export import export_split
from tests.makers import SIDE, make_manifest, make_workspace, picture


@pytest.mark.tf
@pytest.mark.filterwarnings("ignore")
def test_keras_reads_the_same_pixels(tmp_path: Path) -> None:
    """Class names, counts, labels and pixels come out of Keras's loader as they went in."""
    pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    headset = make_occluder("headset")
    labels = ["sad", "angry", "happy"] * 6
    parts = ["train"] * 9 + ["val"] * 3 + ["test"] * 6
    manifest = make_manifest(labels, partitions=parts)
    workspace = make_workspace(tmp_path / "w", manifest)
    split = build_split(manifest, mode="mixed-paired", occluder=headset)
    folder = export_split(workspace, manifest, split, tmp_path / "out")
    faces = ManifestFaces(manifest, workspace.data_root("small"))
    for part, count in (("train", 18), ("val", 6), ("test", 6)):
        loaded = keras.utils.image_dataset_from_directory(
            str(folder / part),
            labels="inferred",
            label_mode="int",
            color_mode="rgb",
            batch_size=4,
            image_size=(SIDE, SIDE),
            shuffle=False,
            interpolation="nearest",
        )
        assert loaded.class_names == ["angry", "happy", "sad"]
        assert len(loaded.file_paths) == count
        images = np.concatenate([np.asarray(batch) for batch, _ in loaded])
        numbers = np.concatenate([np.asarray(batch) for _, batch in loaded])
        assert images.shape == (count, SIDE, SIDE, 3)
        for path, image, number in zip(loaded.file_paths, images, numbers, strict=True):
            stem = Path(path).stem
            face = stem.removesuffix("_occ")
            row = int(face[1:])
            assert loaded.class_names[number] == labels[row]
            covered = cover(faces.read(face), face, headset)
            expected = covered if stem.endswith("_occ") else picture(row)
            assert np.array_equal(image, expected.astype(np.float32))
