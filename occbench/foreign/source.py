"""Which model is meant: a run, a file, a SavedModel or a function; found without loading it."""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from occbench.core.console import detail
from occbench.core.digest import digest, file_digest
from occbench.errors import DataError
from occbench.foreign.spec import LOGITS, NHWC, NONE, PROBABILITIES
from occbench.splits.modes import MODES
from occbench.training.exported import facts_of
from occbench.training.run import State, read_recipe
from occbench.workspace import Workspace, checked_name

RUN, KERAS, ONNX, SAVED, FUNCTION = "run", "keras", "onnx", "saved-model", "function"

_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")
_WHAT = (
    "expected a run of the workspace, a .keras or .onnx file, the folder of a SavedModel, or "
    "package.module:function"
)


@dataclass(frozen=True)
class Source:
    """A model that was not loaded yet.

    Attributes:
        kind: ``run``, ``keras``, ``onnx``, ``saved-model`` or ``function``.
        label: for people: the run's id, the name of the file or folder, or the function's.
        identity: changes with the model: the SHA-256 of its file, of all files of its folder, or
            of the file that a function's module is; what that file imports is not looked at.
        path: the file or folder; that of a function's module.
        known: keys of ``ModelSpec`` that the model settles by itself.
        facts: further facts for ``model.json``.
    """

    kind: str
    label: str
    identity: str
    path: Path
    known: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def name(self, given: str | None) -> str:
        """The name of the model's row: the one given, or one made from file or function.

        Raises:
            DataError: it cannot be the name of a folder, or is that of a row of trained runs.
        """
        name = given
        if name is None:
            stem = Path(self.label).stem if self.kind in (KERAS, ONNX) else self.label
            name = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")
        if not name.strip():
            raise DataError("The model cannot be without a name; give one with --as.")
        if name in (*MODES, "mixed"):
            raise DataError(
                f"The model cannot be named '{name}', which is a row of trained runs. Name it with "
                "--as."
            )
        return checked_name(name, "model")


def find_source(workspace: Workspace, text: str) -> Source:
    """The model that a text means; a file is taken before a run of the same name.

    Raises:
        DataError: there is no such model, or it cannot be one.
    """
    path = Path(text)
    if path.is_dir() and text not in workspace.run_ids():
        return _saved_model(path)
    if path.is_file():
        return _file(path)
    if text in workspace.run_ids():
        return _run(workspace, text)
    if path.suffix.lower() in (".keras", ".onnx"):
        raise DataError(f"The model '{text}' is no file.")
    if _FUNCTION.match(text):
        return _function(text)
    near = difflib.get_close_matches(text, workspace.run_ids(), n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise DataError(f"There is no model '{text}';{hint} {_WHAT}.")


@contextmanager
def current_folder_first() -> Iterator[None]:
    """Lets modules of the current folder be imported, as ``python -m`` does."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(here)


def user_error(what: str, error: BaseException) -> DataError:
    """Somebody else's exception as one sentence; its traceback is told with ``-v``."""
    detail("".join(traceback.format_exception(error)).rstrip())
    words = " ".join(str(error).split())
    return DataError(f"{what}: {type(error).__name__}{f': {words}' if words else ''}")


def _file(path: Path) -> Source:
    kinds = {".keras": KERAS, ".onnx": ONNX}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        hint = " Open it in Keras and save it as .keras." if path.suffix in (".h5", ".hdf5") else ""
        raise DataError(f"'{path}' is no model that can be opened; {_WHAT}.{hint}")
    # PyTorch puts large weights into a second file of this name.
    beside = path.with_name(path.name + ".data")
    files = [path, beside] if kind == ONNX and beside.is_file() else [path]
    sums = [file_digest(file) for file in files]
    identity = sums[0] if len(sums) == 1 else digest(sums)
    known, facts = _exported(path) if kind == KERAS else ({}, {})
    return Source(kind, path.name, f"sha256:{identity}", path, known, facts)


def _exported(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``occbench export`` wrote into its file; nothing where it did not."""
    facts = facts_of(path)
    if not facts:
        return {}, {}
    known = {
        "size": facts["size"],
        "channels": facts["channels"],
        "classes": tuple(facts["classes"]),
        "preprocessing": NONE,
        "output": PROBABILITIES,
        "layout": NHWC,
    }
    return known, {key: facts[key] for key in ("run", "epoch") if key in facts}


def _run(workspace: Workspace, run_id: str) -> Source:
    folder = workspace.run(run_id)
    state, recipe = State.read(folder), read_recipe(folder)
    weights = folder / "best.weights.h5"
    if not state.ended or not weights.is_file():
        raise DataError(f"The run '{run_id}' has not ended or has lost its weights; train it anew.")
    if not state.facts.get("classes"):
        raise DataError(f"The run '{run_id}' does not say its classes; train it anew.")
    known = {
        "size": recipe.size,
        "channels": recipe.channels,
        "classes": tuple(state.facts["classes"]),
        "preprocessing": NONE,
        "output": LOGITS,
        "layout": NHWC,
    }
    identity = digest([file_digest(weights), recipe.describe()])
    facts = {"run": run_id, "epoch": state.best}
    return Source(RUN, run_id, f"sha256:{identity}", folder, known, facts)


def _saved_model(folder: Path) -> Source:
    if not (folder / "saved_model.pb").is_file():
        raise DataError(f"The folder '{folder}' holds no saved_model.pb; {_WHAT}.")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = {path.relative_to(folder).as_posix(): file_digest(path) for path in files}
    return Source(SAVED, folder.resolve().name, f"sha256:{digest(sums)}", folder)


def _function(text: str) -> Source:
    name = text.partition(":")[0]
    with current_folder_first():
        try:
            # A module's packages are imported for this, and they may do anything.
            found = importlib.util.find_spec(name)
        except (Exception, SystemExit) as error:
            raise user_error(f"The module '{name}' cannot be imported", error) from error
    if found is None:
        raise DataError(
            f"There is no module '{name}' in the current folder or among the installed packages."
        )
    if not found.origin or not Path(found.origin).is_file():
        raise DataError(f"The module '{name}' is no file; expected package.module:function.")
    path = Path(found.origin)
    known = {"channels": 3, "preprocessing": NONE, "layout": NHWC}
    return Source(FUNCTION, text, f"sha256:{file_digest(path)}", path, known)
