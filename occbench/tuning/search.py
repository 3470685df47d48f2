"""Runs a search: draws a candidate, has it evaluated, writes it down, until all are known.

What evaluates a candidate is handed in, so that the search itself is tested without a training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from occbench.core.console import Bar, bar
from occbench.core.lock import sole_writer
from occbench.tuning.library import distributions, from_optuna, load_optuna, opened, to_optuna
from occbench.tuning.samplers import ended, make_pruner, make_sampler
from occbench.tuning.space import Values
from occbench.tuning.trials import (
    DATABASE,
    DONE,
    FAILED,
    PRUNED,
    Search,
    Trial,
    best_of,
    check_record,
    write_record,
    write_tables,
)

Report = Callable[[int, float], bool]
"""Takes an epoch, from 1, and its objective; says whether the training should end now."""


@dataclass(frozen=True)
class Found:
    """What an evaluation gave.

    Attributes:
        objective: less is better; None where the training was ended early.
        run: the name of its folder, if one was begun.
        reason: why there is no number, where the objective is infinite.
    """

    objective: float | None
    run: str = ""
    reason: str = ""


Evaluate = Callable[[Values, Report], Found]


def run_search(folder: Path, search: Search, evaluate: Evaluate) -> list[Trial]:
    """All candidates of a search; those that are known are not evaluated again.

    A candidate that a kill left open is drawn anew and comes out the same, as it depends on those
    before it alone.

    Args:
        folder: of the search; made if it is not there.
        search: what decides it.
        evaluate: trains a candidate or knows its objective.

    Raises:
        Busy: another process works there.
        StaleState: the folder holds another search.
        DataError: Optuna is missing, or a file is broken.
    """
    load_optuna()
    check_record(folder, search)
    folder.mkdir(parents=True, exist_ok=True)
    with sole_writer(folder):
        write_record(folder, search)
        with opened(folder / DATABASE) as study:
            study.pruner = make_pruner(search.pruner)
            _close_open(study)
            trials = known_trials(study, search)
            with bar(
                total=search.trials, label=folder.name, unit=" trials", done=len(trials)
            ) as shown:
                _tell(shown, trials)
                while len(trials) < search.trials:
                    _next(study, search, len(trials), evaluate)
                    trials = known_trials(study, search)
                    write_tables(folder, search, trials)
                    shown.move(1)
                    _tell(shown, trials)
            # A kill between the two left the database ahead of its tables.
            write_tables(folder, search, trials)
    return trials


def known_trials(study: Any, search: Search) -> list[Trial]:
    """The candidates that are known, numbered in their order."""
    found = []
    for number, one in enumerate(ended(study)):
        objective = inf if one.value is None else float(one.value)
        state = PRUNED if one.state.name == "PRUNED" else FAILED if objective == inf else DONE
        notes = (one.user_attrs.get("run", ""), one.user_attrs.get("reason", ""))
        values = from_optuna(search.space, one.params)
        found.append(Trial(number, values, state, objective, *notes))
    return search.judged(found)


def _close_open(study: Any) -> None:
    """Marks what a kill left open; it counts no more."""
    states = load_optuna().trial.TrialState
    for one in study.get_trials(deepcopy=False, states=(states.RUNNING,)):
        study.tell(one.number, state=states.FAIL)


def _next(study: Any, search: Search, number: int, evaluate: Evaluate) -> None:
    states = load_optuna().trial.TrialState
    if number == 0 and not study.get_trials(deepcopy=False, states=(states.WAITING,)):
        # Whatever the method, the recipe itself comes first.
        study.enqueue_trial(to_optuna(search.space, search.start))
    study.sampler = make_sampler(
        search.method,
        search.space,
        search.start,
        moves=search.trials - 1,
        seed=search.seed,
        number=number,
    )
    trial = study.ask(distributions(search.space))

    def report(epoch: int, objective: float) -> bool:
        trial.report(objective, epoch)
        return bool(trial.should_prune())

    found = evaluate(from_optuna(search.space, trial.params), report)
    for name in ("run", "reason"):
        if getattr(found, name):
            trial.set_user_attr(name, getattr(found, name))
    if found.objective is None:
        study.tell(trial, state=states.PRUNED)
    else:
        study.tell(trial, found.objective)


def _tell(shown: Bar, trials: list[Trial]) -> None:
    best = best_of(trials)
    if best is not None:
        shown.tell(f"best {best.objective:.4f}, trial {best.number}")
