"""A matrix in a workspace: its splits, its runs, and what of it is missing.

Nothing here loads Keras until a run has to be trained or predicted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from occbench.core.atomic import write_text
from occbench.core.digest import file_digest
from occbench.dataset.manifest import Manifest, read_digest
from occbench.errors import MissingCells, OccbenchError
from occbench.matrix.cells import TESTS, Matrix, with_relative_changes
from occbench.matrix.consistency import check_faces, check_mixed
from occbench.matrix.fill import Column, Row, Scores, discordant_share, fill
from occbench.matrix.plan import Plan, split_of
from occbench.matrix.record import (
    CELLS,
    RECORD,
    SCHEMA,
    TABLE,
    inputs_of,
    made_of,
    read_record,
    start_of,
    states_of,
)
from occbench.occluders.base import NORMAL, make_occluder
from occbench.splits.build import build_split
from occbench.splits.by_file import flaw
from occbench.splits.split import Split
from occbench.training.predictions import Predictions, predictions_path
from occbench.training.run import Run, State
from occbench.training.start import RANDOM, Start
from occbench.training.train import Wish, painted_digest, plan_run, train
from occbench.workspace import Workspace


@dataclass(frozen=True, eq=False)
class MatrixJob:
    """A plan in a workspace, with its splits.

    Attributes:
        workspace: where all lies.
        name: of the matrix.
        plan: what it is made of.
        manifest: the data set.
        splits: by mode.
        start: what its runs begin with.
    """

    workspace: Workspace
    name: str
    plan: Plan
    manifest: Manifest
    splits: Mapping[str, Split]
    start: Start = RANDOM
    _scores: dict[Row, Scores] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where plan, cells and table lie."""
        return self.workspace.matrix(self.name)

    @property
    def rows(self) -> tuple[Row, ...]:
        """One run each, all train splits with the first seed before the second seed begins."""
        return tuple(Row(mode, seed) for seed in self.plan.seeds for mode in self.plan.train)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The test splits.

        Raises:
            DataError: they do not show the same faces, and the plan does not say that they need
                not.
        """
        tables = {test: self.splits[split_of(test)].parts["test"] for test in self.plan.test}
        if not self.plan.partitions.all_faces:
            check_faces({test: table["id"].tolist() for test, table in tables.items()})
        return tuple(Column(test, table) for test, table in tables.items())

    @property
    def wish(self) -> Wish:
        """How its runs are trained."""
        every = self.plan.keep == "every-epoch"
        return Wish(painted=self.plan.images == "painted", every_epoch=every)

    def run(self, row: Row) -> Run:
        """What decides the run of a row."""
        split = self.splits[row.train]
        painted = ""
        if self.wish.painted:
            painted = painted_digest(self.workspace, self.manifest.name, split)
        return Run.of(
            self.plan.recipe,
            split,
            seed=row.seed,
            painted=painted,
            weights=self.start.identity,
        )

    def states(self) -> dict[Row, State]:
        """How far each run is.

        Raises:
            DataError, StaleState: a run can never be trained; said before any is begun.
        """
        return {
            row: plan_run(
                self.workspace, self.manifest, self.splits[row.train], self.run(row), self.wish
            )[1]
            for row in self.rows
        }

    def wanted(self) -> dict[str, list[str]]:
        """The test faces in each variant that some column shows."""
        found: dict[str, dict[str, None]] = {}
        for column in self.columns:
            for face, variant in column.table.itertuples(index=False):
                found.setdefault(variant, {})[face] = None
        return {variant: list(ids) for variant, ids in found.items()}

    def evaluate(self, row: Row) -> Scores:
        """The scores of a row's run: read, or trained and predicted now."""
        if row not in self._scores:
            self._scores[row] = self._stored(row) or self._computed(row)
        return self._scores[row]

    def recall(self, row: Row) -> Scores:
        """The scores of a row's run as they are stored.

        Raises:
            MissingCells: they are not there; nothing is trained or predicted for them.
        """
        stored = self._scores.get(row) or self._stored(row)
        if stored is None:
            raise MissingCells(
                f"The predictions of the run '{self.run(row).id}' are gone. Run 'occbench matrix "
                f"{self.name}' again."
            )
        self._scores[row] = stored
        return stored

    def _stored(self, row: Row) -> Scores | None:
        folder, wanted = self.workspace.run(self.run(row).id), self.wanted()
        if not State.read(folder).ended:
            return None
        places = [(selection, v) for selection in self.plan.select for v in wanted]
        paths = [predictions_path(folder, *place) for place in places]
        if not all(path.is_file() for path in paths):
            return None
        found = dict(zip(places, map(Predictions.read, paths), strict=True))
        # A file with fewer faces was made for other columns; it is no use here.
        whole = all(set(wanted[v]) <= set(found[s, v].ids) for s, v in places)
        return found if whole else None

    def _computed(self, row: Row) -> Scores:
        from occbench.training.data import open_data
        from occbench.training.predict import predict

        run, split = self.run(row), self.splits[row.train]
        train(self.workspace, self.manifest, split, run, self.wish)
        variants = {v: p for s in self.splits.values() for v, p in s.record["variants"].items()}
        data = open_data(
            self.workspace, self.manifest, run.recipe, variants, painted=self.wish.painted
        )
        folder = self.workspace.run(run.id)
        found = predict(folder, data, self.wanted(), selections=self.plan.select)
        return {(each.selection, each.variant): each for each in found}

    def compute(self) -> Matrix:
        """Trains and predicts what is missing and writes the tables.

        The cells that are known are written after each row, so a look at them is possible.
        """
        cells = []
        columns = self.columns
        for row in self.rows:
            cells += fill(
                [row], columns, self.plan.select, len(self.manifest.classes.names), self.evaluate
            )
            matrix = self._matrix(with_relative_changes(cells))
            write_text(self.folder / CELLS, matrix.to_csv())
            write_text(self.folder / TABLE, matrix.wide_csv())
        self._write_record(self.findings(matrix))
        return matrix

    def findings(self, matrix: Matrix) -> tuple[str, ...]:
        """What stands on both sides of a split, or does not fit in the table; in words each."""
        flaws = {mode: flaw(split.record) for mode, split in self.splits.items()}
        leaks = [f"{m}: {words}" for m, words in flaws.items() if self.splits[m].record["leaky"]]
        return (*leaks, *self._membership(), *self._contradictions(matrix))

    def _membership(self) -> Iterator[str]:
        sizes = {column.test: len(column.table) for column in self.columns}
        if len(set(sizes.values())) > 1:
            shown = ", ".join(f"{test} {faces:,}" for test, faces in sizes.items())
            yield (
                f"The columns show different faces ({shown}), as membership is 'all': a difference "
                "between them is not the occluder's alone."
            )

    def _contradictions(self, matrix: Matrix) -> tuple[str, ...]:
        if self.plan.test != TESTS or self.plan.partitions.all_faces:
            return ()
        mixed = next(column.table for column in self.columns if column.test == "mixed")
        covered = next(variant for variant in self.wanted() if variant != NORMAL)
        shares = {
            (row.train, row.seed, selection): discordant_share(
                self.evaluate(row), selection, (NORMAL, covered), mixed["id"].tolist()
            )
            for row in self.rows
            for selection in self.plan.select
        }
        return tuple(check_mixed(matrix, shares))

    def _matrix(self, cells: Any) -> Matrix:
        plan = self.plan
        return Matrix(plan.train, plan.test, plan.seeds, plan.select, tuple(cells))

    def _write_record(self, findings: Sequence[str]) -> None:
        """What the cells were made from, so that a call with nothing to do knows it."""
        runs = {f"{row.train}, seed {row.seed}": self.run(row).id for row in self.rows}
        record = {
            "schema": SCHEMA,
            "inputs": inputs_of(self.workspace, self.plan),
            "made_of": made_of(self.workspace, self.plan),
            "cells": file_digest(self.folder / CELLS),
            "splits": {mode: split.folder for mode, split in self.splits.items()},
            "runs": runs,
            "weights": self.start.identity,
            "states": states_of(self.workspace, runs.values()),
            "findings": list(findings),
        }
        write_text(self.folder / RECORD, json.dumps(record, indent=2) + "\n")


def open_job(workspace: Workspace, name: str, plan: Plan, *, dry_run: bool = False) -> MatrixJob:
    """A matrix's job; splits that are missing are built.

    Args:
        workspace: where all lies.
        name: of the matrix.
        plan: what it is made of.
        dry_run: write no split and fetch no weights.

    Raises:
        DataError: the faces cannot be shared out as the plan wants, or the weights that it begins
            with are missing.
    """
    start = start_of(workspace, name, plan, fetch=not dry_run)
    path = workspace.manifest(plan.data_set)
    manifest, now = Manifest.read(path), read_digest(path)
    make = partial(
        build_split,
        manifest,
        occluder=make_occluder(plan.occluder),
        how=plan.partitions,
        assign=plan.assign,
        manifest_digest=now,
    )
    splits = dict(_stored_splits(workspace, name, plan, manifest, now))
    for mode in plan.modes:
        if mode not in splits:
            splits[mode] = make(mode=mode)
            if not dry_run:
                splits[mode].write(workspace.splits())
    return MatrixJob(workspace, name, plan, manifest, splits, start)


def _stored_splits(
    workspace: Workspace, name: str, plan: Plan, manifest: Manifest, now: str
) -> Iterator[tuple[str, Split]]:
    """The splits that this very plan built before, which are quicker read than built."""
    record = read_record(workspace.matrix(name))
    if record and record["inputs"] == inputs_of(workspace, plan):
        for mode, folder in record["splits"].items():
            try:
                yield mode, Split.read(workspace.splits() / folder, manifest, now)
            except OccbenchError:
                continue
