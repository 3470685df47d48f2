"""The tables of a study: a row for each training, and a row for each recipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean, median, stdev
from typing import Any

import pandas as pd

from occbench.matrix.statistics import wilson
from occbench.study.job import Outcome, epoch_of
from occbench.study.plan import StudyPlan

SHARES = ("val_accuracy", "val_balanced_accuracy")


def run_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """A row for each training.

    Shares are 0..1; ``low`` and ``high`` are Wilson's 95 % interval over the images of that part;
    ``seconds_per_epoch`` is the median without the first epoch, in which a network is compiled.
    """
    return pd.DataFrame([dict(_row(one)) for one in outcomes])


def _row(one: Outcome) -> Iterator[tuple[str, Any]]:
    chosen, n = epoch_of(one), one.val_faces
    seconds = [row["seconds"] for row in one.state.epochs]
    yield from (("recipe", one.at.recipe), ("fold", one.at.fold), ("seed", one.at.seed))
    yield from (("run", one.run), ("status", one.state.status))
    yield "parameters", one.state.facts["parameters"]
    yield from (("train_images", one.images), ("steps_per_epoch", _steps(one)))
    yield "seconds_per_epoch", median(seconds[1:] or seconds)
    yield from (("epochs", one.state.last), ("epoch", one.state.best))
    yield from (("val_faces", n), ("val_loss", chosen["val_loss"]))
    for name in SHARES:
        yield name, chosen[name]
    low, high = wilson(round(chosen["val_accuracy"] * n), n)
    yield from (("val_low", low), ("val_high", high))
    for cell in one.cells:
        for name in ("n", "accuracy", "low", "high", "balanced_accuracy", "macro_f1"):
            yield f"test_{cell.test}_{name}", getattr(cell, name)


def _steps(one: Outcome) -> int:
    return int(one.state.facts["steps_per_epoch"])


def summary(runs: pd.DataFrame, plan: StudyPlan) -> pd.DataFrame:
    """A row for each recipe, in the plan's order: mean and deviation over its runs.

    ``sd`` columns are sample standard deviations, empty with one run; with one run the interval
    is Wilson's. No run is chosen: a fold that did best says nothing about the recipe.
    """
    shares = [*SHARES, *(f"test_{test}_accuracy" for test in plan.test)]
    rows = []
    for name in plan.recipes:
        own = runs[runs["recipe"] == name]
        row: dict[str, Any] = {"recipe": name, "runs": len(own)}
        row["parameters"] = int(own["parameters"].iloc[0])
        for key in ("seconds_per_epoch", "epochs", "val_loss"):
            row[key] = fmean(own[key])
        row["steps"] = fmean(own["steps_per_epoch"] * own["epochs"])
        for share in shares:
            row[share] = fmean(own[share])
            row[f"{share}_sd"] = stdev(own[share]) if len(own) > 1 else None
        for low, high, of in _intervals(plan):
            one = len(own) == 1
            row[f"{of}_low"], row[f"{of}_high"] = (
                (own[low].iloc[0], own[high].iloc[0]) if one else (None, None)
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _intervals(plan: StudyPlan) -> Iterator[tuple[str, str, str]]:
    yield "val_low", "val_high", "val_accuracy"
    for test in plan.test:
        yield f"test_{test}_low", f"test_{test}_high", f"test_{test}_accuracy"


def text_rows(table: pd.DataFrame, plan: StudyPlan) -> tuple[list[str], list[tuple[str, ...]]]:
    """Head and rows for people: shares in percent, with interval or deviation."""
    head = ["recipe", "parameters", "s/epoch", "steps", "val", "val balanced", "val loss"]
    head += [f"test {test}" for test in plan.test]
    rows = []
    for row in table.to_dict("records"):
        cells = [row["recipe"], f"{row['parameters']:,}", f"{row['seconds_per_epoch']:.1f}"]
        cells.append(f"{row['steps']:,.0f}")
        cells += [_share(row, name) for name in SHARES]
        cells.append(f"{row['val_loss']:.4f}")
        cells += [_share(row, f"test_{test}_accuracy") for test in plan.test]
        rows.append(tuple(cells))
    return head, rows


def _share(row: dict[Any, Any], name: str) -> str:
    text = f"{100 * row[name]:.1f}"
    spread, low, high = (row.get(f"{name}_{end}") for end in ("sd", "low", "high"))
    if spread is not None and not pd.isna(spread):
        return f"{text} ± {100 * spread:.1f}"
    if low is None or high is None or pd.isna(low):
        return text
    return f"{text} ({100 * low:.1f}-{100 * high:.1f})"


def explained(plan: StudyPlan) -> str:
    """What the table shows, in a sentence."""
    several = len(plan.seeds) * len(plan.splits)
    spread = (
        f"mean ± standard deviation of {several} runs"
        if several > 1
        else "95 % Wilson interval in brackets"
    )
    seen = "test faces were looked at" if plan.test else "test faces stayed unseen"
    return f"Accuracy in %, best epoch by validation, {spread}; {seen}."


def markdown(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    plan: StudyPlan,
    remarks: Sequence[str] = (),
) -> str:
    """The table for a page of notes, with what a reader must know below it."""
    lines = [head, ["---"] * len(head), *rows]
    texts = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    told = [f"- {remark}" for remark in remarks]
    return "\n".join([*texts, "", explained(plan), "", *told, *([""] if told else [])])
