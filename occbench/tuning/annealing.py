"""Simulated annealing: which candidate comes next, from the objectives of those before alone.

Every draw comes from the search's seed and the number of the candidate, and which candidate is the
current one is replayed from the objectives. So a search that was killed goes on as if it had not
been. The best candidate is kept apart from the current one: annealing leaves good places on
purpose. After Kirkpatrick, Gelatt and Vecchi 1983, "Optimization by simulated annealing", with the
steps and temperatures of report 002.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite
from typing import Any

from occbench.core.digest import digest_int
from occbench.tuning.parameters import Range
from occbench.tuning.space import Cooling, Space, Values


@dataclass(frozen=True)
class Step:
    """What became of a candidate.

    Attributes:
        temperature: at which it was judged; infinite for the first one.
        accepted: whether it became the current one.
        current: the number of the current candidate after it.
    """

    temperature: float
    accepted: bool
    current: int


def temperature(cooling: Cooling, move: int, moves: int) -> float:
    """The temperature of a move, 0 being the first: hottest * (coldest / hottest)^(move / moves).

    Report 002 has T(i) = 10 (0.1 / 10)^(i / 30).
    """
    return float(cooling.hottest * (cooling.coldest / cooling.hottest) ** (move / max(1, moves)))


def walk(objectives: Sequence[float], cooling: Cooling, *, moves: int, seed: int) -> list[Step]:
    """What became of each candidate.

    A better one is accepted; a worse one with probability exp(-units * (new - current) / T).

    Args:
        objectives: of the candidates, the first being where the walk began; infinite where a
            training failed.
        cooling: the temperatures.
        moves: how many are planned, which the temperatures are spread over.
        seed: of the search.
    """
    steps: list[Step] = []
    for number, new in enumerate(objectives):
        if number == 0:
            steps.append(Step(float("inf"), True, 0))
            continue
        heat = temperature(cooling, number - 1, moves)
        before = steps[-1].current
        chance = _chance(cooling.units * (new - objectives[before]), heat)
        taken = uniform(seed, "accept", number) < chance
        steps.append(Step(heat, taken, number if taken else before))
    return steps


def neighbour(space: Space, current: Values, *, seed: int, number: int) -> dict[str, Any]:
    """The candidate of a number: every value of the current one moved by its own draw."""
    found = {}
    for one in space.parameters:
        draw = uniform(seed, "move", number, one.key)
        found[one.key] = (
            one.moved(current[one.key], draw) if isinstance(one, Range) else one.moved(draw)
        )
    return found


def uniform(*parts: object) -> float:
    """A number of 0..1, 1 excluded, that depends on the text of the parts alone."""
    # A float holds 53 bits: more would round up to 1.
    return (digest_int(*parts) >> 11) / 2**53


def _chance(worse: float, heat: float) -> float:
    """Of accepting a candidate that is so much worse; 1 if it is not worse."""
    # Where both failed the difference is no number, and one is as good as the other.
    if not worse > 0:
        return 1.0
    return exp(-worse / heat) if isfinite(worse) else 0.0
