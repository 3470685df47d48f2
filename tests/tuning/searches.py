"""Spaces, and a function with a known lowest place that takes the part of a training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from occbench.tuning.search import Found, Report
from occbench.tuning.space import Space
from occbench.tuning.trials import Search
from tests.runs import make_recipe

# Report 002's space and steps.
REPORT_002 = """
schema = 1

[[parameter]]
key = "learning_rate"
low = 1e-4
high = 1e-2
move = 2e-4
digits = 4

[[parameter]]
key = "epochs"
low = 20
high = 35
move = 2

[[parameter]]
key = "batch_size"
choices = [32, 64, 128]
"""

# Wide steps, so that a short walk can cross the space.
WIDE = """
schema = 1

[annealing]
hottest = 0.05
coldest = 0.0005
units = 1

[[parameter]]
key = "dropout"
low = 0.0
high = 0.9
move = 0.25

[[parameter]]
key = "learning_rate"
low = 1e-5
high = 1e-1
log = true
move = 8.0

[[parameter]]
key = "batch_size"
choices = [32, 64, 128]
"""

LOWEST: Mapping[str, Any] = {"dropout": 0.3, "learning_rate": 1e-3, "batch_size": 128}


def bowl(values: Mapping[str, Any]) -> float:
    """Zero at ``LOWEST`` and above it everywhere else."""
    from math import log10

    apart = log10(values["learning_rate"]) - log10(LOWEST["learning_rate"])
    other = values["batch_size"] != LOWEST["batch_size"]
    return (values["dropout"] - LOWEST["dropout"]) ** 2 + (apart / 4) ** 2 + 0.2 * other


class Evaluator:
    """Gives the objective of each candidate and remembers what it was asked.

    Args:
        function: of the candidate's values.
        killed_at: the call, from 0, in which the process is as good as killed.
    """

    def __init__(self, function: Any = bowl, killed_at: int | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self._function, self._killed_at = function, killed_at

    def __call__(self, values: Mapping[str, Any], report: Report) -> Found:
        """See ``Evaluate``."""
        if len(self.asked) == self._killed_at:
            raise KeyboardInterrupt
        self.asked.append(dict(values))
        return Found(self._function(values), run=f"run-{len(self.asked)}")


def space_of(folder: Path, text: str = WIDE) -> Space:
    """A space as it is read from a file."""
    path = folder / "space.toml"
    path.write_text(text, encoding="utf-8")
    return Space.load(path)


def search_of(folder: Path, text: str = WIDE, **how: Any) -> Search:
    """A search that begins far from ``LOWEST``."""
    recipe = make_recipe(dropout=0.8, learning_rate=0.05, batch_size=32, epochs=25)
    return Search(space_of(folder, text), recipe, "normal-0123456789", **how)
