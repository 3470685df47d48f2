"""What one plan needs on this machine before its matrix can be made."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from pathlib import Path

from occbench.dataset.adapters.base import REGISTRY as ADAPTERS
from occbench.dataset.faces import ManifestFaces
from occbench.dataset.manifest import PARTITIONS, Manifest
from occbench.doctor.finding import BROKEN, MISSING, NOTE, OK, OPEN, STALE, Finding, guarded
from occbench.doctor.inventory import WEIGHTS, weights_todo
from occbench.doctor.matrices import MATRICES, work_left
from occbench.doctor.rooms import (
    DATA,
    find_workspace,
    free_bytes,
    look_at_data_set,
    size_text,
)
from occbench.errors import DataError, StaleState
from occbench.matrix.plan import KEEPS, Plan
from occbench.matrix.record import PLAN
from occbench.models.base import resolve_backbone
from occbench.models.published import CONTENTS, find
from occbench.splits.build import partition
from occbench.training.data import painted_folders
from occbench.training.recipe import NO_WEIGHTS, PUBLISHED
from occbench.training.start import cautions, find_start
from occbench.workspace import Workspace, checked_name

FILE, DISK = "plan", "disk"


@dataclass(frozen=True)
class Diagnosis:
    """What a plan needs, and the call that makes its matrix.

    Attributes:
        findings: in the order in which things are put right.
        command: the call.
    """

    findings: tuple[Finding, ...]
    command: str

    @property
    def ready(self) -> bool:
        """Whether the call can be made now."""
        return not any(found.blocks for found in self.findings)


def look_at_plan(start: Path, path: Path) -> Diagnosis:
    """What the plan of a file needs; nothing is written, trained or fetched.

    Args:
        start: a folder in the workspace.
        path: of the plan.
    """
    name = matrix_name(path)
    command = f"occbench matrix {name} --plan {shlex.quote(str(path))}{_elsewhere(start)}"
    try:
        plan = Plan.load(path)
    except DataError as error:
        return Diagnosis((Finding(FILE, BROKEN, str(error), needed=True),), command)
    runs = len(plan.train) * len(plan.seeds)
    workspace, rooms = find_workspace(start, needed=True)
    found = [Finding(FILE, OK, f"'{path}': {runs} runs of {plan.recipe.backbone}"), *rooms]
    found += guarded(WEIGHTS, str(path), _weights, workspace, plan, needed=True)
    found += _in_workspace(workspace, name, plan) if workspace else [_scan_first(plan)]
    return Diagnosis(tuple(found), command)


def _elsewhere(start: Path) -> str:
    """The option that a call from here needs to find the workspace, if it needs one."""
    here = Path.cwd().resolve()
    if start.resolve() in (here, *here.parents):
        return ""
    return f" --workspace {shlex.quote(str(start))}"


def matrix_name(path: Path) -> str:
    """What to call the matrix of a plan: by its folder, and by its file if that is not plan.toml.

    ``experiments/study/plan.toml`` is ``study``, ``sound-plan.toml`` beside it ``study-sound``.
    """
    stem = "" if path.stem == "plan" else path.stem.removesuffix("-plan").removesuffix("_plan")
    name = "-".join(part for part in (path.resolve().parent.name, stem) if part)
    try:
        return checked_name(name, "matrix")
    except DataError:
        return "study"


def _scan_first(plan: Plan) -> Finding:
    name = plan.data_set
    reader = name if name in ADAPTERS.names() else f"... --name {name}"
    todo = f"Run 'occbench scan {reader}'."
    return Finding(DATA, MISSING, f"{name}: not scanned", todo, needed=True)


def _in_workspace(workspace: Workspace, name: str, plan: Plan) -> list[Finding]:
    if plan.data_set not in workspace.names():
        return [_scan_first(plan)]
    subject = plan.data_set
    found = guarded(DATA, subject, look_at_data_set, workspace, subject, True, needed=True)
    if any(each.blocks for each in found):
        return found
    manifest = Manifest.read(workspace.manifest(subject))
    found += guarded(DATA, subject, _parts, manifest, plan, needed=True)
    found += guarded(DATA, subject, _painted, workspace, plan, needed=True)
    found += guarded(DISK, subject, _disk, workspace, manifest, plan)
    return found + guarded(MATRICES, name, _begun, workspace, name, plan, needed=True)


def _parts(manifest: Manifest, plan: Plan) -> Finding:
    """The faces of each part as the plan deals them, enough of them for its recipe."""
    name, how, batch = manifest.name, plan.partitions, plan.recipe.batch_size
    try:
        faces, _ = partition(manifest, how)
    except DataError as error:
        return Finding(DATA, MISSING, f"{name}: {error}", needed=True)
    sizes = faces["part"].value_counts()
    share = (how.val_fraction or 0.0) if how.by_file else 0.0
    # The fewest images of a row: paired rows show each face twice.
    shown = int(sizes["train"]) * (2 if plan.train == ("mixed-paired",) else 1)
    images = shown - floor(shown * share)
    if images < batch:
        text = f"{name}: {images} training images do not fill a batch of {batch}"
        return Finding(DATA, MISSING, text, "Set the recipe's batch_size lower.", needed=True)
    if "val" not in sizes and not share:
        todo = "Set val_fraction above 0 in the plan."
        return Finding(DATA, MISSING, f"{name}: no face is left for validation", todo, needed=True)
    words = ", ".join(f"{part} {sizes[part]:,}" for part in PARTITIONS if part in sizes)
    by_file = f"; validation is {share:.0%} of the training images" if share else ""
    return Finding(DATA, OK, f"{name}: dealt as the plan says, {words}{by_file}")


def _painted(workspace: Workspace, plan: Plan) -> Iterator[Finding]:
    """The painted images of a plan that trains from them."""
    if plan.images == "painted":
        try:
            painted_folders(workspace, plan.data_set, [plan.occluder])
        except DataError as error:
            yield Finding(DATA, MISSING, str(error), needed=True)


def _weights(workspace: Workspace | None, plan: Plan) -> Iterator[Finding]:
    recipe = plan.recipe
    for words in cautions(recipe, workspace):
        yield Finding(WEIGHTS, NOTE, words)
    if recipe.weights == NO_WEIGHTS:
        return
    try:
        # Only a run's weights are looked for in a workspace.
        start = find_start(workspace or Workspace(Path.cwd()), recipe, fetch=False)
    except DataError as error:
        text, todo = str(error), ""
        name, network = recipe.backbone.name, resolve_backbone(recipe.backbone)[0].published
        absent = network and find(network, include_top=False) is None
        if recipe.weights == PUBLISHED and absent:
            text, todo = f"{name}: published weights", weights_todo(name)
        yield Finding(WEIGHTS, MISSING, text, todo, needed=True)
        return
    yield Finding(WEIGHTS, OK, start.name)


def _disk(workspace: Workspace, manifest: Manifest, plan: Plan) -> Iterator[Finding]:
    """Room for decoded pixels, and for the weights of every epoch where they are kept."""
    needs = {
        "decoded pixels": _pixel_bytes(workspace, manifest, plan),
        "the weights of every epoch": _epochs_bytes(plan),
    }
    told = [f"{size_text(size)} for {what}" for what, size in needs.items() if size]
    free, wanted = free_bytes(workspace), sum(needs.values())
    text = f"{size_text(free)} free; wanted at most {' and '.join(told) or 'little'}"
    if plan.recipe.cache_trunk:
        yield Finding(DISK, NOTE, "cache_trunk: the size of its cache is said before it is filled")
    if free < wanted:
        todo = "Free some space, or move the workspace to a larger disk."
        yield Finding(DISK, MISSING, text, todo, needed=True)
    else:
        yield Finding(DISK, OK, text)


def _pixel_bytes(workspace: Workspace, manifest: Manifest, plan: Plan) -> int:
    """What ``dataset.pixels`` will write: a byte per pixel and channel, once for all splits."""
    size, channels = plan.recipe.size, plan.recipe.channels
    shape = (size, size, 3)[: 2 + (channels == 3)]
    if manifest.images == "stack":
        stack = ManifestFaces(manifest, workspace.data_root(manifest.name)).stack
        if stack is not None and stack.shape[1:] == shape:
            return 0
    known = workspace.cache().glob(f"{manifest.name}-{size}x{channels}-*/done.json")
    return 0 if any(known) else len(manifest) * size * size * channels


def _epochs_bytes(plan: Plan) -> int:
    """What keeping every epoch takes: four bytes for each value of a published network.

    Heads are left out, and networks without published weights, which are small.
    """
    network = resolve_backbone(plan.recipe.backbone)[0].published
    if plan.keep == KEEPS[0] or not network:
        return 0
    values = CONTENTS[network][False][1]
    return len(plan.train) * len(plan.seeds) * plan.recipe.epochs * 4 * values


def _begun(workspace: Workspace, name: str, plan: Plan) -> Iterator[Finding]:
    """Whether a matrix of this name was made with another plan."""
    path = workspace.matrix(name) / PLAN
    if not path.is_file():
        return
    try:
        plan.after(Plan.load(path), path)
    except StaleState as error:
        yield Finding(MATRICES, STALE, str(error), needed=True)
    else:
        text = f"{name}: begun; what is finished is not made again"
        yield Finding(MATRICES, OPEN, f"{text}{work_left(workspace, name, plan)}")
