"""The tables in the notes are those of the cells, and all networks were given the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from occbench.matrix.cells import Matrix
from occbench.matrix.consistency import check_mixed
from occbench.training.recipe import Recipe

FOLDER = Path(__file__).parents[2] / "experiments" / "fer2013-networks"
RESULTS = FOLDER / "results"
CELLS = pd.read_csv(RESULTS / "cells.csv")
GAPS = pd.read_csv(RESULTS / "gaps.csv").set_index(["network", "train"])
NETWORKS = sorted(set(CELLS["network"]))


def printed(train: str) -> list[list[str]]:
    """The rows of the table of one training in the notes."""
    text = (FOLDER / "notes.md").read_text(encoding="utf-8")
    table = text.split(f"| trained on {train} faces |", 1)[1].split("\n\n", 1)[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


def accuracy(network: str, train: str, test: str) -> str:
    """In percent, as the notes print it, from the counts."""
    chosen = CELLS[
        (CELLS["network"] == network) & (CELLS["train"] == train) & (CELLS["test"] == test)
    ]
    (cell,) = chosen.itertuples()
    return f"{100 * cell.correct / cell.n:.1f}"


def interval(network: str, train: str) -> str:
    """A gap in points with its interval; no minus before zero."""
    row = GAPS.loc[(network, train)]
    gap, low, high = (100 * row[key] for key in ("gap", "gap_low", "gap_high"))
    return f"{gap:.1f} ({low:.1f} to {high:.1f})"


def test_the_notes_print_normal_training():
    """Every network has a row, with its parameters, both accuracies and the gap."""
    parameters = pd.read_csv(RESULTS / "times.csv").set_index("network")["parameters"]
    rows = printed("normal")
    assert sorted(row[0] for row in rows) == NETWORKS
    for network, count, normal, occluded, gap in rows:
        assert count == f"{parameters[network]:,}"
        assert normal == accuracy(network, "normal", "normal")
        assert occluded == accuracy(network, "normal", "occluded")
        nothing = network == "report-000-step-7"
        assert gap == ("learnt nothing" if nothing else interval(network, "normal"))


def test_the_notes_print_paired_training():
    """Accuracies, gap and recovery of the networks whose row was run."""
    rows = printed("mixed-paired")
    assert len(rows) == 7
    for network, normal, occluded, gap, recovery in rows:
        assert normal == accuracy(network, "mixed-paired", "normal")
        assert occluded == accuracy(network, "mixed-paired", "occluded")
        assert gap == interval(network, "mixed-paired")
        share = GAPS.loc[(network, "mixed-paired"), "recovery"]
        assert recovery == ("there was none" if pd.isna(share) else f"{100 * share:.0f} %")


def test_gaps_are_differences_of_accuracies():
    """A gap is normal less occluded, from the counts."""
    for (network, train), row in GAPS.iterrows():
        shares = {
            cell.test: cell.correct / cell.n
            for cell in CELLS.itertuples()
            if (cell.network, cell.train) == (network, train)
        }
        assert row["gap"] == pytest.approx(shares["normal"] - shares["occluded"], abs=1e-12)
        assert row["gap_low"] < row["gap"] < row["gap_high"]


@pytest.mark.parametrize("network", NETWORKS)
def test_all_networks_were_given_the_same(network):
    """A recipe is the base with a network and the rate that validation preferred."""
    base = tomllib.loads((FOLDER / "base.toml").read_text(encoding="utf-8"))
    path = RESULTS / f"{network}.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    assert {key: found[key] for key in base} == base
    assert set(found) - set(base) == {"backbone", "learning_rate"}
    rates = pd.read_csv(RESULTS / "rates.csv").query("network == @network")
    assert sorted(rates["learning_rate"]) == [0.0003, 0.001, 0.003]
    best = rates.loc[rates["val_balanced_accuracy"].idxmax(), "learning_rate"]
    assert Recipe.load(path).learning_rate == found["learning_rate"] == best


@pytest.mark.parametrize("network", NETWORKS)
def test_no_row_is_swapped(network, tmp_path):
    """Each mixed accuracy lies near the mean of normal and occluded, on the same faces."""
    own = CELLS[CELLS["network"] == network].drop(columns="network")
    own.to_csv(tmp_path / "cells.csv", index=False)
    assert check_mixed(Matrix.from_csv(tmp_path / "cells.csv")) == ()
    assert set(own["n"]) == {3068}


def test_the_notes_count_the_rows():
    """What is said of the board holds."""
    text = (FOLDER / "notes.md").read_text(encoding="utf-8")
    (count,) = re.findall(r"All rows, (\d+) of them", text)
    assert int(count) == len(GAPS) == len(pd.read_csv(RESULTS / "board.csv"))
