"""Audits a data set: copies, conflicting labels, blank and broken images, landmarks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench.core.atomic import write_text
from occbench.core.console import progress
from occbench.core.parallel import in_order
from occbench.dataset.duplicates import NEAR, clusters, identical, near_links
from occbench.dataset.faces import ManifestFaces
from occbench.dataset.failures import Failure, write_failures
from occbench.dataset.fingerprint import Fingerprint, fingerprint
from occbench.dataset.manifest import Manifest
from occbench.errors import OccbenchError

_IDENTICAL, _NEAR = "identical", "near"
_COPIES = "copies-"


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found.

    Attributes:
        manifest: the data set.
        identical: groups of rows whose images are equal in every pixel.
        near: groups of rows linked by equal or nearly equal images; holds ``identical``.
        constant: rows whose image has one value only.
        broken: images that cannot be read, with the reason.
        outside: per row how many landmarks lie outside the image, ``(N,)``.
    """

    manifest: Manifest
    identical: list[list[int]]
    near: list[list[int]]
    constant: list[int]
    broken: tuple[Failure, ...]
    outside: NDArray[np.int64]

    def summary(self) -> list[tuple[str, int | None, int]]:
        """Rows (what, groups, faces) for people; groups is None where faces stand alone."""
        rows: list[tuple[str, int | None, int]] = []
        for title, groups in (("identical images", self.identical), ("near copies", self.near)):
            for text, chosen in (
                (title, groups),
                ("  in train and also in val or test", self._crossing(groups, "train")),
                ("  in val and also in test", self._crossing(groups, "val")),
                ("  with conflicting labels", self._conflicting(groups)),
            ):
                rows.append((text, len(chosen), sum(len(group) for group in chosen)))
        usable = int(self.manifest.usable.sum())
        rows += [
            ("images of one constant value", None, len(self.constant)),
            ("images that cannot be read", None, len(self.broken)),
            ("faces without usable landmarks", None, len(self.manifest) - usable),
            ("faces with landmarks outside the image", None, int((self.outside > 0).sum())),
            ("  with more than half of them outside", None, int((self.outside > 34).sum())),
        ]
        return rows

    def missing_landmarks(self) -> pd.DataFrame:
        """Faces without usable landmarks per class (rows) and partition (columns)."""
        return self.manifest.where(~self.manifest.usable).counts()

    def _crossing(self, groups: Iterable[list[int]], first: str) -> list[list[int]]:
        partition = self.manifest.faces["partition"].tolist()
        others = {"train": {"val", "test"}, "val": {"test"}}[first]
        return [
            group
            for group in groups
            if {first} < {partition[row] for row in group} & ({first} | others)
        ]

    def _conflicting(self, groups: Iterable[list[int]]) -> list[list[int]]:
        label = self.manifest.faces["label"].tolist()
        return [group for group in groups if len({label[row] for row in group}) > 1]

    def write(self, folder: Path) -> None:
        """Writes a CSV each: summary, copies, images, landmarks and, if any, failures."""
        summary = pd.DataFrame(self.summary(), columns=["finding", "groups", "faces"], dtype=object)
        summary["finding"] = summary["finding"].str.strip()
        for name, frame in (
            ("summary", summary),
            ("copies", self._copies()),
            ("images", self._images()),
            ("landmarks", self.missing_landmarks().reset_index()),
        ):
            write_text(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
        write_failures(folder / "failures.csv", self.broken)

    def _copies(self) -> pd.DataFrame:
        rows = [
            (kind, f"{kind}-{number:05d}", row)
            for kind, groups in ((_IDENTICAL, self.identical), (_NEAR, self.near))
            for number, group in enumerate(groups)
            for row in group
        ]
        frame = pd.DataFrame(rows, columns=["kind", "cluster", "row"])
        faces = self.manifest.faces[["id", "label", "partition", "group"]]
        return frame.join(faces, on="row").drop(columns="row")

    def _images(self) -> pd.DataFrame:
        constant = np.zeros(len(self.manifest), dtype=np.bool_)
        constant[self.constant] = True
        rows = np.flatnonzero(constant | (self.outside > 0))
        faces = self.manifest.faces[["id", "label", "partition"]].iloc[rows]
        return faces.assign(constant=constant[rows], landmarks_outside=self.outside[rows])


def audit(faces: ManifestFaces, manifest: Manifest, *, workers: int, near: float = NEAR) -> Audit:
    """Reads every image once and looks for what would spoil an experiment.

    Args:
        faces: where the images of the manifest are.
        manifest: the data set.
        workers: threads.
        near: correlation from which images are near copies; above 1 to look for identical
            ones only.
    """

    def look(face_id: str) -> Fingerprint | Failure:
        try:
            return fingerprint(faces.image(face_id)[0])
        except (OccbenchError, OSError) as error:
            return Failure(face_id, str(error))

    results = in_order(look, faces.ids, workers)
    found = list(progress(results, total=len(manifest), label="audit", unit=" images"))
    rows = [row for row, item in enumerate(found) if isinstance(item, Fingerprint)]
    prints = [item for item in found if isinstance(item, Fingerprint)]
    same = [[rows[place] for place in group] for group in identical([p.key for p in prints])]
    return Audit(
        manifest,
        same,
        _near_groups(manifest, rows, prints, same, near),
        [row for row, item in zip(rows, prints, strict=True) if item.constant],
        tuple(item for item in found if isinstance(item, Failure)),
        _outside(manifest, rows, prints),
    )


def group_copies(audit: Audit) -> Manifest:
    """The manifest with copies in one group, joined with the groups there were.

    A cluster with people in it takes the name of the first of them, so that a later audit
    still knows them apart from others: doing it twice changes nothing.
    """
    groups = audit.manifest.faces["group"].tolist()
    roots = clusters(len(groups), [*_in_groups(groups), *_chained(audit.near)])
    people = _people(audit.manifest)
    ids = audit.manifest.faces["id"].tolist()
    joined: dict[int, set[str]] = {}
    for root, group in zip(roots.tolist(), groups, strict=True):
        joined.setdefault(root, set()).add(group)
    names = {
        root: min(found & people or (found if len(found) == 1 else {f"{_COPIES}{ids[root]}"}))
        for root, found in joined.items()
    }
    named = [names[root] for root in roots.tolist()]
    facts = {
        **audit.manifest.facts,
        "duplicates": {
            "identical_groups": len(audit.identical),
            "near_groups": len(audit.near),
        },
    }
    return replace(audit.manifest, faces=audit.manifest.faces.assign(group=named), facts=facts)


def _near_groups(
    manifest: Manifest,
    rows: Sequence[int],
    prints: Sequence[Fingerprint],
    same: Sequence[list[int]],
    near: float,
) -> list[list[int]]:
    """Groups of two or more rows linked by identical or near pairs.

    Two faces that are known to belong to different people may look alike; they are no copies,
    and no chain of near images links them.
    """
    links = _chained(same)
    later = {row for group in same for row in group[1:]}
    # A blank image correlates with nothing; of identical ones the first speaks for all.
    chosen = [
        place
        for place, row in enumerate(rows)
        if row not in later and prints[place].thumb.min() < prints[place].thumb.max()
    ]
    if near <= 1 and len(chosen) > 1:
        thumbs = np.stack([prints[place].thumb for place in chosen])
        own = np.array([rows[place] for place in chosen])
        near_places = near_links(thumbs, near, _sides(manifest, same)[own])
        links += [(int(own[one]), int(own[other])) for one, other in near_places]
    groups: dict[int, list[int]] = {}
    for row, root in enumerate(clusters(len(manifest), links).tolist()):
        groups.setdefault(root, []).append(row)
    return [group for group in groups.values() if len(group) > 1]


def _sides(manifest: Manifest, same: Sequence[list[int]]) -> NDArray[np.intp]:
    """For each row who it belongs to: a number of 0 or more per person, below 0 where unknown.

    Rows of one group or with identical images belong together, people among them too.
    """
    groups = manifest.faces["group"].tolist()
    people = _people(manifest)
    roots = clusters(len(groups), [*_in_groups(groups), *_chained(same)])
    known = {root for root, group in zip(roots.tolist(), groups, strict=True) if group in people}
    return np.array([root if root in known else -1 - root for root in roots.tolist()], np.intp)


def _people(manifest: Manifest) -> set[str]:
    """The groups with several members; copies that an earlier audit grouped say nothing."""
    sizes = manifest.faces["group"].value_counts()
    return {group for group in sizes.index[sizes > 1] if not group.startswith(_COPIES)}


def _in_groups(groups: Sequence[str]) -> list[tuple[int, int]]:
    """Each row linked to the first of its group."""
    first: dict[str, int] = {}
    return [(first.setdefault(group, row), row) for row, group in enumerate(groups)]


def _chained(clustered: Iterable[list[int]]) -> list[tuple[int, int]]:
    return [(rows[0], row) for rows in clustered for row in rows[1:]]


def _outside(
    manifest: Manifest, rows: Sequence[int], prints: Sequence[Fingerprint]
) -> NDArray[np.int64]:
    """Landmarks outside the image per face; a pixel reaches half a pixel from its centre."""
    outside = np.zeros(len(manifest), dtype=np.int64)
    if rows:
        sizes = np.array([item.size for item in prints], dtype=np.float64)[:, None, :]
        points = manifest.landmarks[list(rows)]
        beyond = ((points < -0.5) | (points > sizes - 0.5)).any(axis=2)
        outside[list(rows)] = np.where(manifest.usable[list(rows)], beyond.sum(axis=1), 0)
    return outside
