"""Measures what workers do for ``occbench occlude`` on a large folder.

One worker, threads and processes take turns on the same images; ratios are medians of the
ratios within a round. From 10,000 images on the command line uses processes by itself.

    python experiments/benchmarks/occlude_workers.py --faces 12000 --rounds 5
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import click
from occlude_folder import FORMS, facts, make_faces

from occbench.core.console import set_quiet, table
from occbench.dataset.batch import Style
from occbench.dataset.faces import FolderFaces
from occbench.dataset.occlude import occlude
from occbench.occluders.base import make_occluder

CREWS = {"one worker": (1, False), "threads": (2, False), "processes": (2, True)}


def seconds(source: Path, form: str, workers: int, processes: bool) -> float:
    """Wall time of the whole job, from listing the folder to the last journal entry."""
    output = source.parent / "output"
    started = time.perf_counter()
    faces = FolderFaces(source, source, output)
    report = occlude(
        faces,
        make_occluder("headset"),
        output,
        style=Style(form, 95),
        workers=workers,
        processes=processes,
    )
    took = time.perf_counter() - started
    assert report.done == len(faces.ids)
    shutil.rmtree(output)
    return took


@click.command(context_settings={"show_default": True})
@click.option("--faces", type=click.IntRange(1), default=12_000)
@click.option("--rounds", type=click.IntRange(1), default=5)
@click.option("--folder", type=click.Path(exists=True, path_type=Path), default=Path("/dev/shm"))
def main(faces: int, rounds: int, folder: Path) -> None:
    """Print seconds and speed-ups of two workers, as threads and as processes."""
    set_quiet(True)
    rows = []
    with tempfile.TemporaryDirectory(dir=folder) as room:
        source = make_faces(Path(room) / "faces", faces, distinct=250, size=224)
        for form in FORMS:
            took: dict[str, list[float]] = {crew: [] for crew in CREWS}
            for _ in range(rounds):
                for crew, (workers, processes) in CREWS.items():
                    took[crew].append(seconds(source, form, workers, processes))
            for crew, times in took.items():
                gains = [one / two for one, two in zip(took["one worker"], times, strict=True)]
                rows.append((f"{form}: {crew}", f"{median(times):.1f} s", f"{median(gains):.2f}"))
    print(facts())
    print(table([f"{faces:,} images, {rounds} rounds", "wall", "speed-up"], rows))


if __name__ == "__main__":
    main()
