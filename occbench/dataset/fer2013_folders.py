"""FER2013 as image files in class folders, such as ``train/angry/1.png`` or ``test/0/7.jpg``."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePosixPath

from occbench.dataset.adapters.base import Problem
from occbench.dataset.class_folders import find_class_folders
from occbench.dataset.found_faces import FoundFaces
from occbench.dataset.labels import FER2013
from occbench.dataset.source_files import some_of
from occbench.errors import DataError

# What the folders of copies in circulation are called, besides the class names and numbers.
_ALIASES = {
    "anger": "angry",
    "rage": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "happiness": "happy",
    "sadness": "sad",
    "surprised": "surprise",
}
_NAMES = {
    **{str(number): name for number, name in enumerate(FER2013.names)},
    **{name: name for name in FER2013.names},
    **_ALIASES,
}


def emotion_of(folder: str) -> str | None:
    """The class of FER2013 that a folder's name or number stands for, or None."""
    return _NAMES.get(folder.strip().lower())


def read_class_folders(source: Path) -> FoundFaces:
    """The faces below ``source`` with the class names of FER2013.

    Raises:
        DataError: there are no class folders, or none is named after an emotion.
    """
    found = find_class_folders(source)
    faces = [
        replace(face, label=emotion)
        for face in found.faces
        if (emotion := emotion_of(face.label)) is not None
    ]
    if not faces:
        raise DataError(
            f"'{source}' has the class folders {some_of(found.labels)}; expected emotions such as "
            "'angry' or numbers 0 to 6."
        )
    strangers = Counter(
        str(PurePosixPath(face.image).parent)
        for face in found.faces
        if emotion_of(face.label) is None
    )
    problems = [
        Problem(folder, f"no emotion of FER2013, so its {count:,} images are left out")
        for folder, count in strangers.items()
    ]
    left_out: dict[str, dict[str, int]] = {}
    for reason, counts in found.left_out.items():
        known: Counter[str] = Counter()
        for label, count in counts.items():
            known[emotion_of(label) or "unknown"] += count
        left_out[reason] = dict(known)
    if strangers:
        left_out["no emotion"] = {"unknown": strangers.total()}
    return replace(
        found, faces=tuple(faces), left_out=left_out, problems=(*found.problems, *problems)
    )
