"""The tables in the notes are those of the cells, and the plans are what made them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from occbench.matrix.plan import Plan

FOLDER = Path(__file__).parents[2] / "experiments" / "expressions-transfer"
TABLES = ("transfer", "scratch")
COLUMNS = ("normal", "occluded", "mixed")


def printed(which: int) -> dict[tuple[str, str], str]:
    """The cells of a table of the notes, as they are printed."""
    blocks = [
        block
        for block in (FOLDER / "notes.md").read_text(encoding="utf-8").split("\n\n")
        if block.startswith("| trained on")
    ]
    found = {}
    for line in blocks[which].splitlines()[2:]:
        train, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found |= {(train, test): cell for test, cell in zip(COLUMNS, cells, strict=True)}
    return found


@pytest.mark.parametrize("which", range(2))
def test_the_notes_print_the_cells(which):
    """Mean and standard deviation (n - 1) over the three seeds, in percent, to one digit."""
    cells = pd.read_csv(FOLDER / "results" / TABLES[which] / "cells.csv")
    table = printed(which)
    assert len(table) == 12
    for (train, test), text in table.items():
        chosen = cells[(cells["train"] == train) & (cells["test"] == test)]
        assert sorted(chosen["seed"]) == [0, 1, 2]
        shares = 100 * chosen["correct"] / chosen["n"]
        assert text == f"{shares.mean():.1f} ± {shares.std(ddof=1):.1f}"


def test_both_plans_differ_in_the_recipe_alone():
    """The comparison is one of beginnings: faces, partitions, seeds and choice are the same."""
    one, other = (Plan.load(FOLDER / name) for name in ("plan.toml", "scratch-plan.toml"))
    assert one.seeds == other.seeds == (0, 1, 2)
    assert one.partitions == other.partitions
    assert (one.data_set, one.occluder) == (other.data_set, other.occluder)
    assert one.recipe.select == other.recipe.select
    assert one.recipe.backbone == other.recipe.backbone
    assert (one.recipe.head_epochs, other.recipe.head_epochs) == (2, 0)
