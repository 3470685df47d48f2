"""A run: one recipe on one train split with one seed, and how far it has come.

``run.json`` holds what decides the run, ``state.json`` how far it is. The state is the commit
point of an epoch: files are written first, then the state that names them.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from occbench.core.atomic import write_text
from occbench.core.digest import short_digest
from occbench.errors import DataError, OccbenchError, StaleState
from occbench.splits.split import Split
from occbench.training.history import COLUMNS
from occbench.training.recipe import Recipe

SCHEMA = 1

# Raise it when the meaning of a recipe changes, so that old runs are not taken for new ones.
TRAINING = 1

RUNNING, FINISHED, DIVERGED = "running", "finished", "diverged"
SELECTIONS = ("best", "last")

TEST_SELECTED = re.compile(r"test-selected-([1-9][0-9]*)\Z")
"""An epoch that somebody names: whoever could look at the test faces may have chosen by them."""

READS = "test-reads.jsonl"
"""A line for every look at the test faces, in a run's folder."""


@dataclass(frozen=True)
class Run:
    """What decides a training.

    Attributes:
        recipe: its recipe; the recipe's seed is the run's.
        split: the name of the split's folder, which holds the digest of its inputs.
        mode: the split's mode.
        painted: the job record's digest where training reads painted images, else empty.
        weights: what identifies the weights it begins with; empty for random ones.
    """

    recipe: Recipe
    split: str
    mode: str
    painted: str = ""
    weights: str = ""

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        split: Split,
        *,
        seed: int | None = None,
        painted: str = "",
        weights: str = "",
    ) -> Run:
        """The run of a recipe on a split; ``seed`` takes the place of the recipe's."""
        chosen = recipe if seed is None else replace(recipe, seed=seed)
        return cls(chosen, split.folder, str(split.record["mode"]), painted, weights)

    @property
    def id(self) -> str:
        """The name of its folder: mode, seed and the digest of all that decides it."""
        return f"{self.mode}-seed{self.recipe.seed}-{short_digest(self.describe())}"

    def describe(self) -> dict[str, Any]:
        """The content of ``run.json``."""
        painted = {"painted": self.painted} if self.painted else {}
        # What the weights are decides a run, not where they lie.
        weights = {"weights": self.weights} if self.weights else {}
        return {
            "training": TRAINING,
            "split": self.split,
            "mode": self.mode,
            **painted,
            "recipe": {**self.recipe.describe(), **weights},
        }

    def write(self, folder: Path) -> None:
        """Writes ``run.json``, or checks the one that is there.

        Raises:
            StaleState: there is another run's.
        """
        path = folder / "run.json"
        text = json.dumps({"schema": SCHEMA, **self.describe()}, indent=2, ensure_ascii=False)
        if not path.exists():
            write_text(path, text + "\n")
        elif path.read_text(encoding="utf-8") != text + "\n":
            raise StaleState(
                f"'{path}' was changed. Delete the folder to train anew, or put the file back."
            )


@dataclass(frozen=True)
class State:
    """How far a run has come; ``epochs`` are the rows of its history.

    Attributes:
        status: ``running``, ``finished`` or ``diverged``.
        epochs: a row of ``history.COLUMNS`` per finished epoch.
        best: the epoch that the recipe's rule calls best so far, from 1; 0 before the first.
        alarms: what was noticed, a sentence each.
        facts: parameters, versions and the like, for people.
    """

    status: str = RUNNING
    epochs: tuple[Mapping[str, Any], ...] = ()
    best: int = 0
    alarms: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The last finished epoch, from 1; 0 before the first."""
        return int(self.epochs[-1]["epoch"]) if self.epochs else 0

    @property
    def ended(self) -> bool:
        """Whether nothing is left to train."""
        return self.status in (FINISHED, DIVERGED)

    def epoch_of(self, selection: str) -> int:
        """The epoch whose weights a selection means, from 1.

        Raises:
            DataError: it names an epoch that was never trained.
        """
        named = TEST_SELECTED.match(selection)
        if named is None:
            return self.best if selection == "best" else self.last
        epoch = int(named[1])
        if epoch > self.last:
            raise DataError(f"'{selection}' names epoch {epoch}; the run has {self.last}.")
        return epoch

    def write(self, folder: Path) -> None:
        """Writes ``state.json``, then ``history.csv`` for people."""
        text = json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, ensure_ascii=False)
        write_text(folder / "state.json", text + "\n")
        table = io.StringIO()
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.epochs)
        write_text(folder / "history.csv", table.getvalue())

    @classmethod
    def read(cls, folder: Path) -> State:
        """The state of a run; that of a run not begun where there is no file.

        Raises:
            DataError: the file is broken or of another schema.
        """
        path = folder / "state.json"
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            schema = values.pop("schema", None)
            if schema != SCHEMA:
                raise DataError(f"'{path}' has schema {schema!r}; this version reads {SCHEMA}.")
            state = cls(**values)
            rows = tuple({key: row[key] for key in COLUMNS} for row in state.epochs)
            state = replace(state, epochs=rows, alarms=tuple(state.alarms))
        except FileNotFoundError:
            return cls()
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(
                f"'{path}' cannot be read: {error}. Delete the folder to train anew."
            ) from error
        return state


def read_recipe(folder: Path) -> Recipe:
    """The recipe of a run on disk.

    Raises:
        DataError: ``run.json`` is missing or broken.
    """
    path = folder / "run.json"
    try:
        return Recipe.from_mapping(json.loads(path.read_text(encoding="utf-8"))["recipe"])
    except (OSError, ValueError, KeyError, TypeError, OccbenchError) as error:
        raise DataError(f"'{path}' cannot be read: {str(error).rstrip('.')}.") from error
