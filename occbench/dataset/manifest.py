"""The manifest: a table of faces.

On disk it is three files side by side: ``NAME.csv`` with one row per face, ``NAME.json`` with
the facts about them, and ``NAME.landmarks.npy``, float32 ``(N, 68, 2)``, row i for row i of the
table, NaN where a face has no landmarks. ``docs/reference/file-formats.md`` describes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench.core.atomic import replacing
from occbench.core.digest import digest, file_digest
from occbench.dataset.labels import ClassSet
from occbench.errors import DataError
from occbench.geometry.landmarks import POINTS, usable

SCHEMA = 1
COLUMNS = ("id", "label", "partition", "group", "image")
PARTITIONS = ("train", "val", "test")

# Control characters tear tables apart; lone surrogates stand for bytes that are no UTF-8.
_NO_TEXT = "[\x00-\x1f\x7f\ud800-\udfff]"
# Results are files named by the id, so no part of it may lead out of its folder.
_NO_PATH = rf"{_NO_TEXT}|(?:^|/)\.{{0,2}}(?:/|$)"


@dataclass(frozen=True, eq=False)
class Manifest:
    """The faces of a data set.

    Attributes:
        name: the data set's name in the workspace.
        classes: the classes and their order.
        faces: one row per face, all text. ``id`` is unique; ``label`` is a class;
            ``partition`` is train, val, test or empty where the data set ships none;
            ``group`` is what must stay together, such as an identity, and equals the id of
            a face that stands alone; ``image`` is the path of its file below the data root,
            or its row in a pixel stack. Further columns are kept.
        landmarks: float32 ``(N, 68, 2)`` in pixels, NaN where a face has none.
        images: ``files``, or ``stack`` for one ``pixels.npy`` (N, H, W) or (N, H, W, 3).
        facts: where the faces come from and what was left out, for people; JSON values.

    Raises:
        DataError: a column is missing, an id occurs twice, is empty or no relative path, a
            label or partition is unknown, or the landmarks have another length.
    """

    name: str
    classes: ClassSet
    faces: pd.DataFrame
    landmarks: NDArray[np.float32]
    images: str = "files"
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_faces(self.name, self.faces, self.classes)
        if self.landmarks.shape != (len(self.faces), POINTS, 2):
            raise DataError(
                f"The manifest '{self.name}' has {len(self.faces)} faces but landmarks of the "
                f"shape {self.landmarks.shape}."
            )
        if self.images not in ("files", "stack"):
            raise DataError(f"The manifest '{self.name}' has images of kind {self.images!r}.")

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which faces can be occluded, bool ``(N,)``."""
        return usable(self.landmarks)

    def where(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Manifest:
        """The same data set with some of its faces."""
        faces = self.faces.iloc[np.flatnonzero(rows) if rows.dtype == np.bool_ else rows]
        return replace(self, faces=faces.reset_index(drop=True), landmarks=self.landmarks[rows])

    def counts(self) -> pd.DataFrame:
        """Faces per class (rows, in class order) and partition (columns)."""
        partitions = [p for p in (*PARTITIONS, "") if (self.faces["partition"] == p).any()]
        table = pd.crosstab(self.faces["label"], self.faces["partition"])
        return table.reindex(index=list(self.classes.names), columns=partitions, fill_value=0)

    @property
    def pixel_digest(self) -> str:
        """Changes with the faces, their images' names and landmarks, not with their labels."""
        table = self.faces[["id", "image"]].to_csv(index=False, lineterminator="\n")
        return digest([table, digest(_landmark_text(self.landmarks)), self.images])

    def write(self, path: Path, *, commit: Callable[[], None] = lambda: None) -> None:
        """Writes the three files.

        All is written beside first. The old JSON is then removed, ``commit`` is called and the
        new files are moved into place, the JSON last: at no instant does an old manifest stand
        beside what ``commit`` changes.

        Args:
            path: of the table.
            commit: done between, such as recording where the images lie.
        """
        facts = _beside(path, ".json")
        with (
            replacing(facts) as facts_part,
            replacing(path) as table_part,
            replacing(_beside(path, ".landmarks.npy")) as landmarks_part,
        ):
            with landmarks_part.open("wb") as file:
                np.save(file, self.landmarks, allow_pickle=False)
            table = self.faces.to_csv(index=False, lineterminator="\n")
            table_part.write_bytes(table.encode("utf-8"))
            described = self._described(table_part, landmarks_part)
            text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
            facts_part.write_bytes(text.encode("utf-8"))
            facts.unlink(missing_ok=True)
            commit()

    def _described(self, table: Path, landmarks: Path) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "name": self.name,
            "classes": list(self.classes.names),
            "images": self.images,
            "faces": len(self),
            "with_landmarks": int(self.usable.sum()),
            "facts": dict(self.facts),
            "sha256": {"table": file_digest(table), "landmarks": file_digest(landmarks)},
        }

    @classmethod
    def read(cls, path: str | Path) -> Manifest:
        """Reads and checks the three files of a manifest.

        Raises:
            DataError: a file is missing, of another schema or changed since it was written.
        """
        path = Path(path)
        facts = _read_facts(_beside(path, ".json"))
        landmarks = _beside(path, ".landmarks.npy")
        for file, key in ((path, "table"), (landmarks, "landmarks")):
            if not file.is_file():
                raise DataError(f"'{file}' is missing. Run 'occbench scan' again.")
            if file_digest(file) != facts["sha256"][key]:
                raise DataError(
                    f"'{file}' was changed after it was scanned. Run 'occbench scan' again, "
                    "or undo the change."
                )
        faces = pd.read_csv(path, dtype=str, keep_default_na=False, na_filter=False)
        points = np.load(landmarks, allow_pickle=False)
        classes = ClassSet(tuple(facts["classes"]))
        return cls(facts["name"], classes, faces, points, facts["images"], facts["facts"])


def is_path(text: str) -> bool:
    """Whether a text can be an id: a relative POSIX path that stays in its folder."""
    return re.search(_NO_PATH, text) is None


def read_digest(path: Path) -> str:
    """What identifies a manifest on disk: changes with any face, label, group or landmark."""
    facts = _read_facts(_beside(path, ".json"))
    return digest([facts["sha256"], facts["classes"], facts["images"]])


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name.removesuffix(".csv") + suffix)


def _read_facts(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError(f"'{path}' is missing. Run 'occbench scan' again.")
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(
            f"'{path}' is no valid JSON: {error}. Run 'occbench scan' again."
        ) from error
    if not isinstance(facts, dict) or facts.get("schema") != SCHEMA:
        found = facts.get("schema") if isinstance(facts, dict) else None
        raise DataError(f"'{path}' has schema {found!r}; this version reads {SCHEMA}.")
    missing = {"name", "classes", "images", "facts", "sha256"} - set(facts)
    if missing:
        raise DataError(f"'{path}' lacks {', '.join(sorted(missing))}. Run 'occbench scan' again.")
    return facts


def _check_faces(name: str, faces: pd.DataFrame, classes: ClassSet) -> None:
    missing = [column for column in COLUMNS if column not in faces.columns]
    if missing:
        raise DataError(f"The manifest '{name}' has no column {', '.join(missing)}.")
    twice = faces["id"][faces["id"].duplicated()]
    if len(twice):
        raise DataError(f"The manifest '{name}' has the id '{twice.iloc[0]}' more than once.")
    for column in ("id", "group", "image"):
        if (faces[column] == "").any():
            raise DataError(f"The manifest '{name}' has a face without {column}.")
    for column, refused in (("id", _NO_PATH), ("image", _NO_PATH), ("group", _NO_TEXT)):
        # Not by pandas: with pyarrow beside it, it cannot search for half a character.
        wrong = next(filter(re.compile(refused).search, faces[column]), None)
        if wrong is not None:
            raise DataError(
                f"The manifest '{name}' has the {column} {wrong!r}; expected text without "
                "control characters, and relative paths without '.' and '..'."
            )
    for column, known in (("label", classes.names), ("partition", (*PARTITIONS, ""))):
        unknown = sorted(set(faces[column]) - set(known))
        if unknown:
            raise DataError(f"The manifest '{name}' has the unknown {column} '{unknown[0]}'.")


def _landmark_text(landmarks: NDArray[np.float32]) -> str:
    import hashlib

    return hashlib.sha256(np.ascontiguousarray(landmarks).tobytes()).hexdigest()
