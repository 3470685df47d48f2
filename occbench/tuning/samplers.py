"""The samplers of a search, each made anew for each candidate so that none keeps a state."""

from __future__ import annotations

from functools import cache
from typing import Any

from occbench.core.digest import digest_int
from occbench.errors import UnknownName
from occbench.tuning.annealing import neighbour, walk
from occbench.tuning.library import distributions, from_optuna, load_optuna, to_optuna
from occbench.tuning.space import Space, Values

METHODS = ("annealing", "random", "tpe")
PRUNERS = ("none", "median")


def make_sampler(
    method: str, space: Space, start: Values, *, moves: int, seed: int, number: int
) -> Any:
    """The sampler that draws the candidate of a number.

    Optuna's own samplers begin each time from a seed of this search and number: what they draw
    depends on the candidates before and not on how often the search was killed.

    Args:
        method: one of ``METHODS``.
        space: what is varied.
        start: where annealing begins.
        moves: how many moves annealing spreads its temperatures over.
        seed: of the search.
        number: of the candidate, from 0.
    """
    optuna = load_optuna()
    if method == "annealing":
        return annealing_class()(space, start, moves=moves, seed=seed)
    own = digest_int(seed, method, number) % 2**32
    if method == "random":
        return optuna.samplers.RandomSampler(seed=own)
    if method == "tpe":
        return optuna.samplers.TPESampler(seed=own)
    raise UnknownName("method", method, METHODS)


def make_pruner(name: str) -> Any:
    """What ends a training early: nothing, or an objective above the median of those before."""
    pruners = load_optuna().pruners
    return pruners.MedianPruner() if name == "median" else pruners.NopPruner()


def ended(study: Any) -> list[Any]:
    """The candidates that are known, in their order; those that a kill left open are not."""
    states = load_optuna().trial.TrialState
    return list(study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED)))


@cache
def annealing_class() -> Any:
    """The sampler of simulated annealing, for any study that Optuna runs one trial at a time."""
    optuna = load_optuna()

    class AnnealingSampler(optuna.samplers.BaseSampler):  # type: ignore[misc, name-defined]
        """Draws a neighbour of the current candidate, which ``annealing.walk`` knows."""

        def __init__(self, space: Space, start: Values, *, moves: int, seed: int) -> None:
            self._space, self._start = space, start
            self._moves, self._seed = moves, seed

        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:  # noqa: ARG002
            return distributions(self._space)

        def sample_relative(
            self,
            study: Any,
            trial: Any,  # noqa: ARG002
            search_space: Any,  # noqa: ARG002
        ) -> dict[str, Any]:
            known = ended(study)
            if not known:
                return to_optuna(self._space, self._start)
            values = [trial.value for trial in known]
            steps = walk(values, self._space.cooling, moves=self._moves, seed=self._seed)
            current = from_optuna(self._space, known[steps[-1].current].params)
            drawn = neighbour(self._space, current, seed=self._seed, number=len(known))
            return to_optuna(self._space, drawn)

        def sample_independent(
            self,
            study: Any,  # noqa: ARG002
            trial: Any,  # noqa: ARG002
            param_name: str,
            param_distribution: Any,  # noqa: ARG002
        ) -> Any:
            raise ValueError(f"The space has no such parameter. Received: {param_name!r}")

    return AnnealingSampler
