"""Optuna, which carries storage, resuming, pruning and TPE; an extra that nothing else needs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from occbench.errors import DataError
from occbench.tuning.parameters import Choice, Parameter
from occbench.tuning.space import Space, Values

_STUDY = "occbench"


def load_optuna() -> Any:
    """The package, without its messages on stderr.

    Raises:
        DataError: it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise DataError(
            "A search needs Optuna, which is not installed. Run pip install 'occbench[tune]'."
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The study in an SQLite file, made if it is not there; closed afterwards.

    Raises:
        DataError: the file is damaged, or of a version of Optuna that this one cannot read.
    """
    optuna = load_optuna()
    from sqlalchemy.exc import DatabaseError

    # A path inside the address would have its '?', '%' and braces read as syntax.
    connect = partial(sqlite3.connect, path, check_same_thread=False)
    try:
        storage = optuna.storages.RDBStorage(
            "sqlite:///trials.db", engine_kwargs={"creator": connect}
        )
    except (DatabaseError, RuntimeError, optuna.exceptions.OptunaError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0].rstrip(".")
        raise DataError(
            f"'{path}' cannot be read: {reason}. Delete its folder to search anew; finished runs "
            "are kept."
        ) from error
    try:
        yield optuna.create_study(
            storage=storage, study_name=_STUDY, load_if_exists=True, direction="minimize"
        )
    finally:
        storage.remove_session()
        storage.engine.dispose()


def distributions(space: Space) -> dict[str, Any]:
    """What Optuna draws from, by key."""
    found = load_optuna().distributions
    return {one.key: _distribution(found, one) for one in space.parameters}


def to_optuna(space: Space, values: Values) -> dict[str, Any]:
    """A candidate as Optuna stores it: choices, which may be lists, as their JSON."""
    return {
        one.key: (
            json.dumps(values[one.key], ensure_ascii=False)
            if isinstance(one, Choice)
            else values[one.key]
        )
        for one in space.parameters
    }


def from_optuna(space: Space, stored: Mapping[str, Any]) -> dict[str, Any]:
    """A candidate as a recipe takes it, rounded as the space says."""
    return space.clean(
        {
            one.key: json.loads(stored[one.key]) if isinstance(one, Choice) else stored[one.key]
            for one in space.parameters
        }
    )


def _distribution(found: Any, one: Parameter) -> Any:
    if isinstance(one, Choice):
        return found.CategoricalDistribution(one.words)
    kind = found.IntDistribution if one.whole else found.FloatDistribution
    return kind(one.low, one.high, log=one.log)
