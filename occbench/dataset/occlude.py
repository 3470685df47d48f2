"""Covers a whole data set: resumable, parallel, and safe to kill at any instant.

The output folder holds ``job.json`` (what decides every pixel), ``journal.jsonl`` (one line
per finished image, in natural order), ``failures.csv`` (images that could not be done, with
the reason) and the painted images. An image is written beside, moved into place and only then
entered in the journal, so whatever the journal names exists whole. A later line of the journal
takes the place of an earlier one of the same image: where a source was copied or touched but
holds the same, a line with its new stamp is added, and it need not be read the next time.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from occbench.core.atomic import write_text
from occbench.core.console import note, progress
from occbench.core.digest import short_digest
from occbench.core.journal import Journal, read_journal
from occbench.core.lock import sole_writer
from occbench.core.parallel import in_chunks
from occbench.dataset.batch import Entry, Painter, Style
from occbench.dataset.faces import FaceSource, ManifestFaces
from occbench.dataset.failures import FAILURES, Failure, read_failures, write_failures
from occbench.dataset.image_folder import JOB
from occbench.dataset.manifest import Manifest
from occbench.dataset.resume import entries_by_id, plan
from occbench.errors import DataError, StaleState
from occbench.occluders.base import Occluder, occluder_name, parameters, variant_name
from occbench.workspace import Workspace

SCHEMA = 1
JOURNAL, STAGING = "journal.jsonl", ".staging"

PROCESSES_PAY_FROM = 10_000
"""Images from which starting processes costs less than threads lose to the interpreter's lock."""


@dataclass(frozen=True)
class OcclusionReport:
    """What one call did.

    ``total`` faces: ``done`` were painted by this call, ``kept`` had been before, ``failed``
    could not be, now or before, and ``left`` wait for a further call because of a limit.
    """

    total: int
    done: int
    kept: int
    left: int
    failures: tuple[Failure, ...]

    @property
    def failed(self) -> int:
        """How many faces could not be done."""
        return len(self.failures)

    def to_json(self) -> dict[str, int]:
        """The counts for a script."""
        names = ("total", "done", "kept", "left", "failed")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        return (
            f"{self.total} images, {self.done} painted now, {self.kept} before, "
            f"{self.failed} failed, {self.left} left for a further call."
        )


def occlude(
    faces: FaceSource,
    occluder: Occluder,
    output: Path,
    *,
    style: Style | None = None,
    workers: int = 1,
    limit: int = 0,
    processes: bool = False,
    verify: bool = False,
) -> OcclusionReport:
    """Paints every face that is not painted yet; a killed call is simply repeated.

    The bytes written depend on the faces, the occluder and the style, not on the workers or
    on how often the work was interrupted.

    Args:
        faces: what to paint.
        occluder: what covers them.
        output: the folder to write to; new, empty or made by an earlier call.
        style: how to store the images; lossless PNG if None.
        workers: how many faces are worked on at once.
        limit: at most this many images in this call; 0 for all.
        processes: let the workers be processes instead of threads. They take a second to
            start and then share no interpreter, which pays from ``PROCESSES_PAY_FROM`` images
            on. A script needs the guard ``if __name__ == "__main__"`` for them.
        verify: also read what is painted and make damaged images again; without it, an image
            that is there and has its size counts as whole.

    Raises:
        StaleState: the folder holds the results of other inputs, which are named.
        Busy: another process writes to the folder.
        DataError: the folder holds something else, or cannot be written to.
    """
    style = style or Style()
    job = describe_job(faces, occluder, style)
    _claim(output, job)
    output.mkdir(parents=True, exist_ok=True)
    with sole_writer(output):
        # Another process may have begun something else here a moment ago.
        _claim(output, job)
        _write_job(output, job)
        shutil.rmtree(output / STAGING, ignore_errors=True)
        todo, restamped = _plan(faces, output, style, verify)
        with Journal(output / JOURNAL) as journal:
            if restamped:
                journal.append(restamped)
            kept = len(faces.ids) - len(todo)
            chosen = _queue(todo, output)[: limit or None]
            painter = Painter(faces, occluder, style, output, output / STAGING)
            try:
                failed = _paint_all(painter, chosen, journal, (workers, processes), kept)
            finally:
                shutil.rmtree(output / STAGING, ignore_errors=True)
        failures = _remember_failures(output, chosen, failed, todo)
    done = len(chosen) - len(failed)
    left = len(todo) - done - len(failures)
    return OcclusionReport(len(faces.ids), done, kept, left, failures)


def workspace_job(
    workspace: Workspace, name: str | None, occluder: Occluder, style: Style
) -> tuple[ManifestFaces, Path]:
    """The faces of a scanned data set and the folder where their variant belongs.

    Raises:
        DataError, UnknownName: there is no such data set, or it cannot be read.
    """
    chosen = workspace.choose(name)
    faces = ManifestFaces(Manifest.read(workspace.manifest(chosen)), workspace.data_root(chosen))
    kind = "sham" if style.sham else occluder_name(occluder)
    job = describe_job(faces, occluder, style)
    return faces, workspace.occluded(f"{kind}-{short_digest(job)}")


def preview(
    faces: FaceSource, occluder: Occluder, output: Path, style: Style, *, verify: bool = False
) -> tuple[int, list[str]]:
    """How many faces are kept, and the ids that would be painted; writes nothing.

    Raises:
        StaleState, DataError: as ``occlude``.
    """
    _claim(output, describe_job(faces, occluder, style))
    todo, _ = _plan(faces, output, style, verify)
    return len(faces.ids) - len(todo), _queue(todo, output)


def describe_job(faces: FaceSource, occluder: Occluder, style: Style) -> dict[str, Any]:
    """The record that decides whether two calls do the same work."""
    job = {
        "schema": SCHEMA,
        "variant": variant_name(occluder),
        "occluder": parameters(occluder),
        **style.describe(),
        **faces.describe(),
    }
    # As it comes back from disk: a colour is a list there.
    found: dict[str, Any] = json.loads(json.dumps(job))
    return found


def _claim(output: Path, job: Mapping[str, Any]) -> None:
    """Refuses a folder that holds something else; names the input that differs."""
    if output.exists() and not output.is_dir():
        raise DataError(f"'{output}' is a file; expected a folder to write to.")
    path = output / JOB
    if not path.is_file():
        if output.is_dir() and any(not item.name.startswith(".") for item in output.iterdir()):
            raise DataError(
                f"'{output}' is not empty and holds no {JOB}. Choose a new or empty folder."
            )
        return
    try:
        known = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
    except ValueError as error:
        raise DataError(f"'{path}' is no valid JSON: {error}.") from error
    if not isinstance(known, dict):
        raise DataError(f"'{path}' is no JSON object, so no run of occbench wrote it.")
    if known != job:
        keys = sorted(key for key in {*known, *job} if known.get(key) != job.get(key))
        # The variant and the occluder's parameters say the same; the first reads better.
        key = "variant" if "variant" in keys else keys[0]
        raise StaleState(
            f"'{output}' was begun with {key} {known.get(key)!r}, not {job.get(key)!r}. "
            "Choose another output folder, or delete this one to start again."
        )


def _write_job(output: Path, job: Mapping[str, Any]) -> None:
    if not (output / JOB).is_file():
        write_text(output / JOB, json.dumps(job, indent=2, ensure_ascii=False) + "\n")


def _plan(
    faces: FaceSource, output: Path, style: Style, verify: bool
) -> tuple[list[str], list[dict[str, Any]]]:
    """The ids to paint and the lines to add; what else the journal holds is forgotten."""
    entries = entries_by_id(read_journal(output / JOURNAL))
    found = plan(faces, entries, output, style, verify=verify)
    return found.todo, [entry.to_json() for entry in found.restamped]


def _queue(todo: Sequence[str], output: Path) -> list[str]:
    """What to try in which order: faces that failed before wait, lest they use up a limit."""
    failed = read_failures(output / FAILURES)
    return sorted(todo, key=lambda face_id: face_id in failed)


def _paint_all(
    painter: Painter,
    chosen: Sequence[str],
    journal: Journal,
    crew: tuple[int, bool],
    kept: int,
) -> list[Failure]:
    """Paints and enters what can be painted; gives what cannot."""
    workers, processes = crew
    results = _entered(in_chunks(painter, chosen, workers, processes=processes), journal)
    total = len(painter.faces.ids)
    shown = progress(results, total=total, label="occlude", unit=" images", done=kept)
    return [result for result in shown if isinstance(result, Failure)]


def _entered(
    finished: Iterable[Sequence[Entry | Failure]], journal: Journal
) -> Iterator[Entry | Failure]:
    """Results one by one, after the journal holds those that were finished with them."""
    for results in finished:
        journal.append([found.to_json() for found in results if isinstance(found, Entry)])
        yield from results


def _remember_failures(
    output: Path, chosen: Sequence[str], failures: Sequence[Failure], todo: Sequence[str]
) -> tuple[Failure, ...]:
    """Writes what fails now and what failed before and was not tried again."""
    waiting, before = set(todo) - set(chosen), read_failures(output / FAILURES)
    old = [Failure(face_id, before[face_id]) for face_id in before if face_id in waiting]
    merged = tuple(sorted([*old, *failures], key=lambda failure: failure.id))
    write_failures(output / FAILURES, merged)
    if merged:
        note(f"{len(merged)} images failed; the reasons are in '{output / FAILURES}'.")
    return merged
