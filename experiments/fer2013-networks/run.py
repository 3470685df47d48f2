"""Trains and tests the networks of the reports on FER2013 under equal budgets.

    python experiments/fer2013-networks/run.py WORKSPACE [NETWORK ...]

Each network is given the same three learning rates for five epochs on the normal split; the one
with the best balanced validation accuracy trains its matrix. Everything is resumable: what exists
is not computed again. Chosen rates are written to WORKSPACE/networks, one recipe for each.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import tomlkit

HERE = Path(__file__).parent
NETWORKS = {
    "resnet9": "resnet9(width=24)",
    "report-000-step-3": "report-000(step=3)",
    "report-000-step-7": "report-000(step=7)",
    "report-002-cnn": "report-002-cnn",
    "report-002-forward": "report-002-forward",
    "report-003-model-1": "report-003-plain",
    "report-003-model-2": "report-003-inception",
    "resnet18": "resnet18",
    "report-004-r1": "report-004-plain",
    "report-004-r2": "report-004-inception",
}
RATES = (0.0003, 0.001, 0.003)
TRIAL_EPOCHS = 5
LARGE = {"report-004-r1": 0.00005, "report-004-r2": 0.0001}
"""Too large for trials here: their published rates, and two rows of the matrix instead of four."""


def occbench(workspace: Path, *words: str) -> None:
    """Runs a command in the workspace; its error ends the script."""
    command = [sys.executable, "-m", "occbench", *words, "--workspace", str(workspace), "--quiet"]
    subprocess.run(command, check=True)


def recipe(backbone: str, **changes: object) -> str:
    """The base with a network and other changes, as TOML."""
    values = tomllib.loads((HERE / "base.toml").read_text(encoding="utf-8"))
    return tomlkit.dumps(values | {"backbone": backbone} | changes)


def balanced_accuracy(workspace: Path, path: Path) -> float:
    """The best epoch's balanced validation accuracy of a recipe on the normal split."""
    words = ["train", str(path), "fer2013", "--split", "normal", "--json", "--workspace"]
    command = [sys.executable, "-m", "occbench", *words, str(workspace), "--quiet"]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return max(row["val_balanced_accuracy"] for row in json.loads(told)["epochs"])


def chosen_rate(workspace: Path, name: str, folder: Path) -> float:
    """The rate that validation prefers after a few epochs; all of them go to a table."""
    found = {}
    for rate in RATES:
        path = folder / f"{name}-trial-{rate}.toml"
        text = recipe(NETWORKS[name], learning_rate=rate, epochs=TRIAL_EPOCHS)
        path.write_text(text, encoding="utf-8")
        found[rate] = balanced_accuracy(workspace, path)
    lines = [f"{name},{rate},{value:.6f}" for rate, value in found.items()]
    (folder / f"{name}-rates.csv").write_text(
        "\n".join(["network,learning_rate,val_balanced_accuracy", *lines, ""]), encoding="utf-8"
    )
    return max(found, key=lambda rate: (found[rate], -rate))


def matrix(workspace: Path, name: str) -> None:
    """Everything for one network."""
    folder = workspace / "networks"
    folder.mkdir(exist_ok=True)
    changes: dict[str, object] = {}
    if name in LARGE:
        changes = {"learning_rate": LARGE[name]}
    else:
        changes = {"learning_rate": chosen_rate(workspace, name, folder)}
    (folder / f"{name}.toml").write_text(recipe(NETWORKS[name], **changes), encoding="utf-8")
    plan = {
        "schema": 1,
        "data_set": "fer2013",
        "recipe": f"{name}.toml",
        "occluder": "headset",
        "train": ["normal", "mixed-unique"]
        if name in LARGE
        else ["normal", "occluded", "mixed-unique", "mixed-paired"],
        "seeds": [0],
        "select": ["best"],
    }
    path = folder / f"{name}-plan.toml"
    path.write_text(tomlkit.dumps(plan), encoding="utf-8")
    occbench(workspace, "matrix", name, "--plan", str(path))


def main() -> None:
    """Trains the networks named, or all."""
    workspace = Path(sys.argv[1]).resolve()
    if not any((workspace / "splits").glob("normal-*")):
        occbench(workspace, "build-splits", "fer2013", "--mode", "normal")
    for name in sys.argv[2:] or NETWORKS:
        matrix(workspace, name)


if __name__ == "__main__":
    main()
