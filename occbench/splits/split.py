"""A split on disk: three thin tables and the record of how they were made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from occbench.core.atomic import new_folder
from occbench.core.digest import short_digest
from occbench.dataset.manifest import PARTITIONS, Manifest
from occbench.errors import DataError, StaleState
from occbench.occluders.base import NORMAL
from occbench.splits.by_file import is_count, keeps_groups

SCHEMA = 1
_FACTS = {"data_set", "manifest", "mode", "variants", "leaky", "left_out"}


@dataclass(frozen=True, eq=False)
class Split:
    """Who is in train, val and test, and how each face is shown there.

    Attributes:
        parts: for train, val and test a table ``id``, ``variant``.
        record: what decided it: data set, mode, seed, fractions, occluder, what was left out.

    Raises:
        DataError: a part is missing, train or test is empty, an image stands there twice or
            is of a variant that the record does not know, or an id stands in two parts. With
            validation by file an id may stand in train and in val, though not as the same image.
    """

    parts: Mapping[str, pd.DataFrame]
    record: Mapping[str, Any]

    def __post_init__(self) -> None:
        owner: dict[str, str] = {}
        for part in PARTITIONS:
            if part not in self.parts or (self.parts[part].empty and part != "val"):
                raise DataError(f"The {part} part of the split has no face.")
            self._check_images(part)
            for face in self.parts[part]["id"].unique():
                if owner.setdefault(face, part) != part and not self._shared(owner[face], part):
                    raise DataError(
                        f"The face '{face}' stands in {owner[face]} and in {part}: a leak."
                    )
        if self.record.get("val_by_file"):
            self._check_twins()

    def _shared(self, first: str, second: str) -> bool:
        """Whether two parts may show the same faces."""
        return bool(self.record.get("val_by_file")) and (first, second) == ("train", "val")

    def _check_twins(self) -> None:
        both = pd.concat([self.parts["train"], self.parts["val"]], ignore_index=True)
        twice = both[both.duplicated()]
        if len(twice):
            face, variant = twice["id"].iloc[0], twice["variant"].iloc[0]
            raise DataError(f"'{face}' as '{variant}' stands in train and in val: a leak.")

    def _check_images(self, part: str) -> None:
        shown = self.parts[part]
        twice = shown[shown.duplicated()]
        if len(twice):
            raise DataError(f"The face '{twice['id'].iloc[0]}' stands twice in {part}.")
        unknown = shown[~shown["variant"].isin((NORMAL, *self.record.get("variants", {})))]
        if len(unknown):
            face, variant = unknown["id"].iloc[0], unknown["variant"].iloc[0]
            raise DataError(f"The face '{face}' in {part} is shown as '{variant}', not recorded.")

    @property
    def folder(self) -> str:
        """The name of its folder: mode, fold and the digest of what decided it."""
        identity = {key: value for key, value in self.record.items() if key != "left_out"}
        fold = self.record.get("fold")
        label = f"{self.record['mode']}{f'-fold{fold}' if fold else ''}"
        return f"{label}-{short_digest(identity)}"

    def sizes(self) -> dict[str, int]:
        """Images per part."""
        return {part: len(self.parts[part]) for part in PARTITIONS}

    def check_groups(self, manifest: Manifest) -> None:
        """Refuses a split that cuts through a group, unless its record says that it may.

        With ``keep_crossing`` groups may stand anywhere, with validation by file in train and val.

        Raises:
            DataError: a group stands on two sides, or the data set lacks a face.
        """
        groups = manifest.faces.set_index("id")["group"]
        kept = keeps_groups(self.record)
        owner: dict[str, str] = {}
        for part in PARTITIONS:
            ids = pd.Index(self.parts[part]["id"].unique())
            unknown = ids[~ids.isin(groups.index)]
            if len(unknown):
                raise DataError(f"The split shows '{unknown[0]}', which the data set lacks.")
            for group in groups.loc[ids].unique():
                if (
                    owner.setdefault(group, part) != part
                    and not kept
                    and not self._shared(owner[group], part)
                ):
                    raise DataError(
                        f"The group '{group}' stands in {owner[group]} and in {part}: a leak."
                    )

    def write(self, splits: Path) -> Path:
        """Writes the split below ``splits`` and gives its folder; writing twice changes nothing.

        Raises:
            StaleState: the folder stands there and a file in it was changed.
        """
        folder = splits / self.folder
        record = {"schema": SCHEMA, **self.record}
        texts = {"split.json": json.dumps(record, indent=2, ensure_ascii=False) + "\n"}
        for part in PARTITIONS:
            texts[f"{part}.csv"] = self.parts[part].to_csv(index=False, lineterminator="\n")
        with new_folder(folder) as beside:
            for name, text in texts.items():
                (beside / name).write_bytes(text.encode("utf-8"))
        for name, text in texts.items():
            path = folder / name
            if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
                raise StaleState(
                    f"'{path}' was changed after the split was built. Delete the folder and "
                    "run 'occbench build-splits' again."
                )
        return folder

    @classmethod
    def read(cls, folder: Path, manifest: Manifest, manifest_digest: str) -> Split:
        """Reads and checks a split.

        Args:
            folder: as ``write`` gave it.
            manifest: the data set.
            manifest_digest: what identifies it now, see ``manifest.read_digest``.

        Raises:
            DataError: a file is missing or broken, or a face or group stands in two parts.
            StaleState: the data set has changed since.
        """
        try:
            record = json.loads((folder / "split.json").read_text(encoding="utf-8"))
            parts = {
                part: pd.read_csv(folder / f"{part}.csv", dtype=str, keep_default_na=False)
                for part in PARTITIONS
            }
        except (OSError, ValueError) as error:
            raise DataError(f"The split '{folder}' cannot be read: {error}.") from error
        if not isinstance(record, dict) or record.pop("schema", None) != SCHEMA:
            raise DataError(f"The split '{folder}' has another schema than {SCHEMA}.")
        missing = sorted(_FACTS - record.keys())
        if missing:
            raise DataError(f"'{folder / 'split.json'}' lacks {', '.join(missing)}.")
        if "val_by_file" in record and not is_count(record["val_by_file"]):
            raise DataError(f"'{folder / 'split.json'}' has a val_by_file without its counts.")
        for part, table in parts.items():
            if list(table.columns) != ["id", "variant"]:
                raise DataError(f"'{folder / part}.csv' must have the columns id, variant.")
        if record.get("manifest") != manifest_digest:
            raise StaleState(
                f"The data set '{record.get('data_set')}' has changed since the split '{folder}' "
                "was built. Run 'occbench build-splits' again."
            )
        split = cls(parts, record)
        split.check_groups(manifest)
        return split
