"""occbench measures how robust facial-expression recognition is when a face is covered.

Public names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Landmarks68": "occbench.geometry.landmarks",
    "read_landmarks": "occbench.geometry.landmark_files",
    "RotatedRect": "occbench.geometry.rect",
    "Region": "occbench.geometry.polygon",
    "make_occluder": "occbench.occluders.base",
    "paint": "occbench.occluders.paint",
    "Workspace": "occbench.workspace",
    "Manifest": "occbench.dataset.manifest",
    "read_digest": "occbench.dataset.manifest",
    "FolderFaces": "occbench.dataset.faces",
    "ManifestFaces": "occbench.dataset.faces",
    "Style": "occbench.dataset.batch",
    "Partitioning": "occbench.splits.partitioning",
    "export_split": "occbench.splits.export",
    "face_seed": "occbench.occluders.base",
    "ClassSet": "occbench.dataset.labels",
    "read_image": "occbench.dataset.images",
    "occlude": "occbench.dataset.occlude",
    "build_split": "occbench.splits.build",
    "Split": "occbench.splits.split",
    "Recipe": "occbench.training.recipe",
    "Run": "occbench.training.run",
    "Predictions": "occbench.training.predictions",
    "Plan": "occbench.matrix.plan",
    "Matrix": "occbench.matrix.cells",
    "load_matrix": "occbench.matrix.frames",
    "load_backbone": "occbench.models.pretrained",
    "preprocess": "occbench.models.preprocessing",
    "OccbenchError": "occbench.errors",
}

__all__ = [*sorted(_HOMES), "__version__"]

if TYPE_CHECKING:
    from occbench.dataset.batch import Style as Style
    from occbench.dataset.faces import FolderFaces as FolderFaces
    from occbench.dataset.faces import ManifestFaces as ManifestFaces
    from occbench.dataset.images import read_image as read_image
    from occbench.dataset.labels import ClassSet as ClassSet
    from occbench.dataset.manifest import Manifest as Manifest
    from occbench.dataset.manifest import read_digest as read_digest
    from occbench.dataset.occlude import occlude as occlude
    from occbench.errors import OccbenchError as OccbenchError
    from occbench.geometry.landmark_files import read_landmarks as read_landmarks
    from occbench.geometry.landmarks import Landmarks68 as Landmarks68
    from occbench.geometry.polygon import Region as Region
    from occbench.geometry.rect import RotatedRect as RotatedRect
    from occbench.matrix.cells import Matrix as Matrix
    from occbench.matrix.frames import load_matrix as load_matrix
    from occbench.matrix.plan import Plan as Plan
    from occbench.models.preprocessing import preprocess as preprocess
    from occbench.models.pretrained import load_backbone as load_backbone
    from occbench.occluders.base import face_seed as face_seed
    from occbench.occluders.base import make_occluder as make_occluder
    from occbench.occluders.paint import paint as paint
    from occbench.splits.build import build_split as build_split
    from occbench.splits.export import export_split as export_split
    from occbench.splits.partitioning import Partitioning as Partitioning
    from occbench.splits.split import Split as Split
    from occbench.training.predictions import Predictions as Predictions
    from occbench.training.recipe import Recipe as Recipe
    from occbench.training.run import Run as Run
    from occbench.workspace import Workspace as Workspace


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'occbench' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
