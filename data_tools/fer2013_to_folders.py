"""Writes FER2013 from its CSV or ``.npz`` into class folders of lossless PNG files.

``fer2013.csv``, ``icml_face_data.csv`` or ``fer2013.npz`` becomes
``OUTPUT/{train,val,test}/CLASS/ROW.png`` (Training, PublicTest, PrivateTest; rows counted from
0). Broken rows are listed in ``OUTPUT/broken_rows.csv``. A killed run is simply repeated.

    python data_tools/fer2013_to_folders.py fer2013.csv fer2013_folders
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path

import click

from occbench.cli.options import FAILED
from occbench.core.atomic import write_text
from occbench.core.console import progress, table
from occbench.core.digest import file_digest
from occbench.core.lock import sole_writer
from occbench.core.parallel import available_workers, in_order
from occbench.dataset.failures import Failure, write_failures
from occbench.dataset.fer2013_files import BROKEN, Fer2013Rows, read_rows
from occbench.dataset.images import encode_image
from occbench.dataset.labels import FER2013
from occbench.dataset.manifest import PARTITIONS
from occbench.errors import DataError, OccbenchError, StaleState

RECORD = "fer2013.json"


def path_of(rows: Fer2013Rows, row: int) -> str:
    """Where a row's image goes, below the output."""
    return f"{rows.partitions[row]}/{FER2013.names[rows.emotions[row]]}/{row:05d}.png"


def claim(source: Path, output: Path) -> None:
    """Takes a new or empty folder, or one that was begun from the same file."""
    path, text = output / RECORD, json.dumps({"sha256": file_digest(source)}) + "\n"
    if not path.is_file():
        if any(not item.name.startswith(".") for item in output.iterdir()):
            raise DataError(f"'{output}' is not empty and holds no {RECORD}. Choose a new folder.")
        write_text(path, text)
    elif path.read_text(encoding="utf-8", errors="replace") != text:
        raise StaleState(f"'{output}' was begun from another file. Choose a new folder.")


def write_images(rows: Fer2013Rows, output: Path) -> int:
    """Writes the images that are missing, each beside first; gives how many."""
    good = [row for row, emotion in enumerate(rows.emotions.tolist()) if emotion != BROKEN]
    for folder in {(output / path_of(rows, row)).parent for row in good}:
        folder.mkdir(parents=True, exist_ok=True)

    def write(row: int) -> None:
        final = output / path_of(rows, row)
        beside = output / f".{threading.get_ident()}.part"
        beside.write_bytes(encode_image(rows.pixels[row], "png", 100))
        beside.replace(final)

    missing = [row for row in good if not (output / path_of(rows, row)).exists()]
    try:
        results = in_order(write, missing, available_workers())
        kept = len(good) - len(missing)
        list(progress(results, total=len(good), label="write", unit=" images", done=kept))
    finally:
        for left in output.glob(".*.part"):
            left.unlink()
    return len(missing)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("output", type=click.Path(file_okay=False, path_type=Path))
def command(source: Path, output: Path) -> None:
    """Write the faces of SOURCE as PNG files into OUTPUT/{train,val,test}/CLASS.

    \b
        python data_tools/fer2013_to_folders.py fer2013.csv fer2013_folders
    """
    try:
        rows = read_rows(source)
        output.mkdir(parents=True, exist_ok=True)
        with sole_writer(output):
            claim(source, output)
            new = write_images(rows, output)
            broken = [Failure(problem.item, problem.reason) for problem in rows.problems]
            write_failures(output / "broken_rows.csv", broken)
    except OccbenchError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"'{error.filename}': {error.strerror}.") from error
    counts = Counter(zip(rows.partitions, rows.emotions.tolist(), strict=True))
    faces = [
        (name, *(counts[part, label] for part in PARTITIONS))
        for label, name in enumerate(FER2013.names)
    ]
    click.echo(table(["class", *PARTITIONS], faces))
    click.echo(f"{new:,} images written now." if new else "Nothing to do: all images are there.")
    if broken:
        click.echo(f"{len(broken)} rows are broken; see broken_rows.csv.", err=True)
        raise click.exceptions.Exit(FAILED)


if __name__ == "__main__":
    command()
