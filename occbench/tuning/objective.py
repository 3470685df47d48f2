"""What a candidate is worth: trains its run, an ordinary one, and reads its history.

The validation faces alone decide; the test part is never opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from occbench.dataset.manifest import Manifest
from occbench.errors import NoNumber, OccbenchError
from occbench.splits.split import Split
from occbench.training.data import check_fit
from occbench.training.run import DIVERGED, Run, State
from occbench.training.start import find_start
from occbench.training.train import train
from occbench.tuning.search import Found, Report
from occbench.tuning.space import Values
from occbench.tuning.trials import Search
from occbench.workspace import Workspace


class _Stopped(Exception):
    """The pruner has seen enough; the epoch is written down."""


@dataclass(frozen=True, eq=False)
class Trainer:
    """Evaluates candidates of a search by training them in a workspace.

    Raises:
        DataError: the split cannot feed the recipe that the search begins with.
    """

    workspace: Workspace
    manifest: Manifest
    split: Split
    search: Search

    def __post_init__(self) -> None:
        check_fit(self.search.recipe, self.split, self.manifest)

    def __call__(self, values: Values, report: Report) -> Found:
        """The objective of a candidate; its run is reused where it exists.

        Raises:
            OccbenchError: something is wrong that another candidate would meet too.
        """
        try:
            recipe = self.search.space.applied(self.search.recipe, values)
            check_fit(recipe, self.split, self.manifest)
        except OccbenchError as error:
            return Found(inf, reason=str(error))
        start = find_start(self.workspace, recipe)
        run = Run.of(recipe, self.split, weights=start.identity)
        before = State.read(self.workspace.run(run.id))
        stop = [self._report(row, report) for row in before.epochs]
        if any(stop) and not before.ended:
            return Found(None, run.id)

        def after_epoch(row: Mapping[str, Any]) -> None:
            if self._report(row, report):
                raise _Stopped

        try:
            state = train(self.workspace, self.manifest, self.split, run, after_epoch=after_epoch)
        except _Stopped:
            return Found(None, run.id)
        except NoNumber as error:
            return Found(inf, run.id, str(error))
        return self._found(run, state)

    def _report(self, row: Mapping[str, Any], report: Report) -> bool:
        return report(int(row["epoch"]), self.search.space.measured(row))

    def _found(self, run: Run, state: State) -> Found:
        if state.status == DIVERGED:
            return Found(inf, run.id, state.alarms[-1])
        epoch = state.epoch_of(self.search.space.at)
        return Found(self.search.space.measured(state.epochs[epoch - 1]), run.id)
