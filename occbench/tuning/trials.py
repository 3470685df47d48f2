"""The candidates of a search as rows, and the files that are made of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any

from occbench.core.atomic import write_text
from occbench.errors import DataError, StaleState
from occbench.training.recipe import Recipe
from occbench.tuning.annealing import walk
from occbench.tuning.space import Space, Values

SCHEMA = 1
RECORD, DATABASE, TABLE, BEST = "tuning.json", "trials.db", "trials.csv", "best.toml"
DONE, PRUNED, FAILED = "done", "pruned", "failed"

# More candidates of a search change none of those before, but annealing's cool more slowly.
_GROWS = ("trials",)


@dataclass(frozen=True)
class Trial:
    """A candidate and what became of it.

    Attributes:
        number: from 0, which is the recipe itself.
        values: by key of the space.
        state: ``done``, ``pruned`` or ``failed``.
        objective: less is better; infinite where the training failed, the last one known where it
            was pruned.
        run: the name of its folder in ``runs``; empty where none was begun.
        reason: why it failed.
        accepted: whether annealing took it; None for other methods.
    """

    number: int
    values: Values
    state: str
    objective: float
    run: str = ""
    reason: str = ""
    accepted: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """For ``--json``; an infinite objective, which JSON lacks, is null."""
        shown = vars(self) | {"values": dict(self.values)}
        return shown | {"objective": self.objective if isfinite(self.objective) else None}


@dataclass(frozen=True)
class Search:
    """What decides a search.

    Attributes:
        space: what is varied and minimised.
        recipe: where it begins.
        split: the name of the split's folder.
        weights: what identifies the weights that its runs begin with; empty for random ones.
        method: how candidates are drawn.
        pruner: what ends trainings early.
        trials: how many candidates, the recipe itself included.
        seed: of the search, not of its trainings.
    """

    space: Space
    recipe: Recipe
    split: str
    weights: str = ""
    method: str = "annealing"
    pruner: str = "none"
    trials: int = 31
    seed: int = 0
    start: Values = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.space.start(self.recipe))
        if self.trials < 1:
            raise DataError(f"trials is {self.trials}; expected 1 or more.")
        if self.method == "annealing" and self.pruner != "none":
            raise DataError(
                "Annealing judges a candidate by its finished training, so none can be pruned. "
                "Leave --pruner out, or take --method tpe."
            )

    def describe(self) -> dict[str, Any]:
        """The content of ``tuning.json``."""
        return {
            "recipe": self.recipe.describe(),
            "split": self.split,
            "weights": self.weights,
            "space": self.space.describe(),
            "method": self.method,
            "pruner": self.pruner,
            "seed": self.seed,
            "trials": self.trials,
        }

    def judged(self, trials: Sequence[Trial]) -> list[Trial]:
        """The same trials with what annealing said of each."""
        if self.method != "annealing":
            return list(trials)
        objectives = [trial.objective for trial in trials]
        steps = walk(objectives, self.space.cooling, moves=self.trials - 1, seed=self.seed)
        return [
            Trial(**{**vars(trial), "accepted": step.accepted})
            for trial, step in zip(trials, steps, strict=True)
        ]


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The candidate with the lowest objective, of equal ones the first; None if all failed."""
    done = [trial for trial in trials if trial.state == DONE]
    return min(done, key=lambda trial: trial.objective, default=None)


def check_record(folder: Path, search: Search) -> None:
    """Refuses to go on with another search than the folder holds.

    Raises:
        StaleState: what decides it differs.
        DataError: the record is broken.
    """
    path = folder / RECORD
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        schema = stored.pop("schema", None)
    except FileNotFoundError:
        return
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"'{path}' cannot be read: {error}. Delete the folder.") from error
    if schema != SCHEMA:
        raise DataError(f"'{path}' has schema {schema!r}; this version reads {SCHEMA}.")
    now = json.loads(json.dumps(search.describe()))
    grows = () if search.method == "annealing" else _GROWS
    changed = [key for key in now if key not in grows and now[key] != stored.get(key)]
    if changed:
        raise StaleState(
            f"The search in '{folder}' was begun with another {' and '.join(changed)}. Give this "
            "one another --name, or delete that folder; finished runs are kept either way."
        )


def write_record(folder: Path, search: Search) -> None:
    """Writes what decides a search."""
    text = json.dumps({"schema": SCHEMA, **search.describe()}, indent=2, ensure_ascii=False)
    write_text(folder / RECORD, text + "\n")


def write_tables(folder: Path, search: Search, trials: Sequence[Trial]) -> None:
    """Writes ``trials.csv``, and ``best.toml`` once a training has ended well."""
    write_text(folder / TABLE, _csv(search.space, trials))
    best = best_of(trials)
    if best is not None:
        write_text(folder / BEST, _best(folder.name, search, trials, best))


def read_table(folder: Path) -> list[dict[str, str]]:
    """The rows of ``trials.csv`` as text; none where there is no file."""
    try:
        with (folder / TABLE).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        return []


def _csv(space: Space, trials: Sequence[Trial]) -> str:
    keys = [one.key for one in space.parameters]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "state", "objective", *keys, "accepted", "run", "reason"])
    for trial in trials:
        known = "" if trial.objective == inf else repr(trial.objective)
        taken = "" if trial.accepted is None else str(trial.accepted).lower()
        values = [json.dumps(trial.values[key], ensure_ascii=False) for key in keys]
        writer.writerow([trial.number, trial.state, known, *values, taken, trial.run, trial.reason])
    return text.getvalue()


def _best(name: str, search: Search, trials: Sequence[Trial], best: Trial) -> str:
    """The best candidate as a recipe, with where it comes from above it."""
    head = (
        f"# Trial {best.number} of the search '{name}': {search.space.objective} "
        f"{best.objective:.4f}\n"
        f"# on the validation part of {search.split}, the lowest of {len(trials)} trials.\n"
        "# The lowest of many is lower than the same recipe would be on new faces.\n"
    )
    return head + search.space.applied(search.recipe, best.values).to_toml()
