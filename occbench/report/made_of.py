"""How the numbers of a report were made, and what they cannot tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from occbench import __version__
from occbench.core.journal import read_journal
from occbench.foreign.stored import MODELS
from occbench.matrix.fill import Row
from occbench.matrix.job import MatrixJob
from occbench.training.run import READS, State
from occbench.training.start import RANDOM, foreign_input


def how_it_was_made(job: MatrixJob, states: Mapping[Row, State]) -> Iterator[tuple[str, str]]:
    """Name and value of what a reader needs to judge or repeat the experiment."""
    plan = job.plan
    yield "data set", f"{plan.data_set}, {len(job.manifest):,} faces"
    for mode, one in job.splits.items():
        sizes = ", ".join(f"{part} {images:,}" for part, images in one.sizes().items())
        yield f"images, {mode}", sizes
    source = "drawn anew, stratified" if plan.partitions.source == "stratified" else "official"
    by_file = ", validation by file" if plan.partitions.by_file else ""
    leaky = ", leaky" if any(split.record["leaky"] for split in job.splits.values()) else ""
    yield "partitions", source + by_file + leaky
    everyone = plan.partitions.all_faces
    yield "membership", "all faces of each column" if everyone else "the same faces in each column"
    yield "occluder", plan.occluder
    yield "covered half of mixed parts", plan.assign
    yield "images in training", plan.images
    yield "seeds", ", ".join(map(str, plan.seeds))
    yield "selection", f"best: {plan.recipe.select}; last: the last epoch"
    yield from _runs(job, states)


def _runs(job: MatrixJob, states: Mapping[Row, State]) -> Iterator[tuple[str, str]]:
    first = next(iter(states.values()))
    yield (
        "backbone begins with",
        _distinct(str(state.facts.get("weights", RANDOM.name)) for state in states.values()),
    )
    yield "parameters", f"{first.facts.get('parameters', 0):,}"
    seconds = sum(row["seconds"] for state in states.values() for row in state.epochs)
    yield "training time", f"{seconds / 60:.1f} min for {len(states)} runs"
    yield (
        "versions",
        _distinct(
            ", ".join(
                f"{name} {number}" for name, number in state.facts.get("versions", {}).items()
            )
            for state in states.values()
        ),
    )
    yield "reported by", f"occbench {__version__}"
    yield (
        "machine",
        _distinct(str(state.facts.get("machine", "not recorded")) for state in states.values()),
    )
    for row, state in states.items():
        run = job.run(row).id
        looks = _looks(job.workspace.run(run))
        text = f"{run}: {state.status}, {state.last} epochs{'; ' if looks else ''}{looks}"
        yield f"run, {row.train}, seed {row.seed}", text
    for path in sorted((job.folder / MODELS).glob(f"*/{READS}")):
        yield f"model, {path.parent.name}", _looks(path.parent)


def _looks(folder: Path) -> str:
    """How often a run or a given model looked at test faces; empty where nobody counted."""
    variants = Counter(str(one["variant"]) for one in read_journal(folder / READS))
    named = ", ".join(f"{variant} {times}" for variant, times in sorted(variants.items()))
    return f"looks at the test faces: {named}" if named else ""


def _distinct(texts: Iterable[str]) -> str:
    """Each text once; runs may have been made in several places."""
    return "; ".join(dict.fromkeys(texts))


def left_out(job: MatrixJob) -> dict[str, dict[str, int]]:
    """Reason to class to number of faces that stand in no column."""
    found: dict[str, dict[str, int]] = {}
    for split in job.splits.values():
        for reason, counts in split.record["left_out"].items():
            found[reason] = dict(counts)
    return found


def limits_of(job: MatrixJob) -> Iterator[str]:
    """A sentence for each thing that the numbers of a matrix cannot tell."""
    facts = job.manifest.facts
    if facts.get("adapter") == "drawn":
        yield (
            "The faces are drawings: the numbers show which way an effect points, not how large "
            "it is for people."
        )
    if len(job.plan.seeds) == 1:
        yield (
            "One seed: another one would give other numbers, and the intervals hold only for "
            "the choice of test faces."
        )
    if foreign := foreign_input(job.plan.recipe):
        yield foreign
    if set(job.plan.test) - {"normal"}:
        yield "A drawn rectangle is not a headset: no straps, no light, no changed behaviour."
    if "duplicates" not in facts and facts.get("adapter") != "drawn":
        yield "Copies of one photo were not looked for; 'occbench audit --fix group' does."
