"""Gathers what a report shows from a finished matrix; computes nothing that needs Keras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from occbench import __version__
from occbench.core.digest import digest_int
from occbench.dataset.batch import cover
from occbench.dataset.contact_sheet import tile_of
from occbench.dataset.faces import ManifestFaces
from occbench.errors import MissingCells, OccbenchError
from occbench.matrix.fill import Row, choose
from occbench.matrix.job import MatrixJob
from occbench.matrix.metrics import confusion
from occbench.matrix.record import finished, missing_cells
from occbench.occluders.base import NORMAL, make_occluder
from occbench.report.facts import ReportFacts
from occbench.training.run import State
from occbench.training.start import RANDOM, at_random, foreign_input

_TILE, _GAP, _FACES = 96, 4, 8


def gather(job: MatrixJob) -> ReportFacts:
    """Everything the report of a matrix shows.

    Raises:
        MissingCells: the matrix is not whole, or its plan or data set has changed since.
    """
    matrix = finished(job.workspace, job.name, job.plan)
    if matrix is None:
        raise MissingCells(
            f"The matrix '{job.name}' is not whole: {_what_is_missing(job)}. Run 'occbench matrix "
            f"{job.name}' first."
        )
    states = {row: State.read(job.workspace.run(job.run(row).id)) for row in job.rows}
    return ReportFacts(
        title=job.name,
        matrix=matrix,
        classes=job.manifest.classes.names,
        confusions=dict(_confusions(job)),
        histories={(r.train, r.seed): pd.DataFrame(list(s.epochs)) for r, s in states.items()},
        best_epochs={(row.train, row.seed): state.best for row, state in states.items()},
        sheet=_sheet(job),
        recipe=job.plan.recipe.to_toml(),
        facts=list(_facts(job, states)),
        left_out=_left_out(job),
        alarms=tuple(
            f"{row.train}, seed {row.seed}, {alarm}"
            for row, state in states.items()
            for alarm in state.alarms
        ),
        warnings=job.findings(matrix),
        limits=tuple(_limits(job)),
        banner=at_random(job.plan.recipe),
    )


def _what_is_missing(job: MatrixJob) -> str:
    missing, wanted = missing_cells(job.workspace, job.name, job.plan)
    if not missing:
        return "its runs, plan or data set have changed"
    train, test, seed, selection = missing[0]
    return (
        f"{len(missing)} of {wanted} cells are missing, the first: train {train}, test "
        f"{test}, seed {seed}, {selection}"
    )


def _confusions(job: MatrixJob) -> Iterator[tuple[tuple[str, str, int, str], NDArray[np.int64]]]:
    classes = len(job.manifest.classes.names)
    for row in job.rows:
        scores = job.recall(row)
        for selection in job.plan.select:
            for column in job.columns:
                labels, predicted = choose(scores, selection, column.table)
                counts = confusion(labels, predicted, classes)
                yield (row.train, column.test, row.seed, selection), counts


def _facts(job: MatrixJob, states: dict[Row, State]) -> Iterator[tuple[str, str]]:
    first, plan = next(iter(states.values())), job.plan
    yield "data set", f"{plan.data_set}, {len(job.manifest):,} faces"
    for mode, one in job.splits.items():
        sizes = ", ".join(f"{part} {images:,}" for part, images in one.sizes().items())
        yield f"images, {mode}", sizes
    source = "drawn anew, stratified" if plan.partitions.source == "stratified" else "official"
    by_file = ", validation by file" if plan.partitions.by_file else ""
    leaky = ", leaky" if any(split.record["leaky"] for split in job.splits.values()) else ""
    yield "partitions", source + by_file + leaky
    everyone = plan.partitions.all_faces
    yield "membership", "all faces of each column" if everyone else "the same faces in each column"
    yield "occluder", plan.occluder
    yield "covered half of mixed parts", plan.assign
    yield "images in training", plan.images
    yield "seeds", ", ".join(map(str, plan.seeds))
    yield "selection", f"best: {plan.recipe.select}; last: the last epoch"
    yield (
        "backbone begins with",
        _distinct(str(state.facts.get("weights", RANDOM.name)) for state in states.values()),
    )
    yield "parameters", f"{first.facts.get('parameters', 0):,}"
    seconds = sum(row["seconds"] for state in states.values() for row in state.epochs)
    yield "training time", f"{seconds / 60:.1f} min for {len(states)} runs"
    yield (
        "versions",
        _distinct(
            ", ".join(
                f"{name} {number}" for name, number in state.facts.get("versions", {}).items()
            )
            for state in states.values()
        ),
    )
    yield "reported by", f"occbench {__version__}"
    yield (
        "machine",
        _distinct(str(state.facts.get("machine", "not recorded")) for state in states.values()),
    )
    for row, state in states.items():
        run = job.run(row).id
        yield f"run, {row.train}, seed {row.seed}", f"{run}: {state.status}, {state.last} epochs"


def _distinct(texts: Iterable[str]) -> str:
    """Each text once; runs may have been made in several places."""
    return "; ".join(dict.fromkeys(texts))


def _left_out(job: MatrixJob) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for split in job.splits.values():
        for reason, counts in split.record["left_out"].items():
            found[reason] = dict(counts)
    return found


def _limits(job: MatrixJob) -> Iterator[str]:
    facts = job.manifest.facts
    if facts.get("adapter") == "drawn":
        yield (
            "The faces are drawings: the numbers show which way an effect points, not how large "
            "it is for people."
        )
    if len(job.plan.seeds) == 1:
        yield (
            "One seed: another one would give other numbers, and the intervals hold only for "
            "the choice of test faces."
        )
    if foreign := foreign_input(job.plan.recipe):
        yield foreign
    yield "A drawn rectangle is not a headset: no straps, no light, no changed behaviour."
    if "duplicates" not in facts and facts.get("adapter") != "drawn":
        yield "Copies of one photo were not looked for; 'occbench audit --fix group' does."


def _sheet(job: MatrixJob) -> NDArray[np.uint8] | None:
    """Some test faces, one per class as far as they go, a row for each variant."""
    faces = ManifestFaces(job.manifest, job.workspace.data_root(job.manifest.name))
    variants = list(job.wanted())
    rows: list[list[NDArray[np.uint8]]] = [[] for _ in variants]
    for face_id in _sample(job):
        try:
            face = faces.read(face_id)
            shown = [
                face.image if v == NORMAL else cover(face, face_id, make_occluder(v))
                for v in variants
            ]
        except (OccbenchError, OSError):
            # A face that cannot be shown leaves no gap; errors belong to audit and matrix.
            continue
        for row, image in zip(rows, shown, strict=True):
            row.append(tile_of(image, _TILE))
    if not rows or not rows[0]:
        return None
    height, width = len(rows) * (_TILE + _GAP) - _GAP, len(rows[0]) * (_TILE + _GAP) - _GAP
    sheet = np.full((height, width, 3), 255, np.uint8)
    for number, row in enumerate(rows):
        for place, tile in enumerate(row):
            y, x = number * (_TILE + _GAP), place * (_TILE + _GAP)
            sheet[y : y + _TILE, x : x + _TILE] = tile
    return sheet


def _sample(job: MatrixJob) -> Sequence[str]:
    ids = next(iter(job.wanted().values()))
    labels = job.manifest.faces.set_index("id")["label"].loc[ids]
    drawn = sorted(ids, key=lambda face: digest_int(0, "report", face))
    chosen = []
    for name in job.manifest.classes.names:
        chosen += [face for face in drawn if labels[face] == name][:1]
    return chosen[:_FACES]
