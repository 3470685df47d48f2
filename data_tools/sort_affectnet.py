"""Sorts the images of AffectNet into a folder per class, as Keras reads them.

``SOURCE/{train_set,val_set}/images/N.jpg`` (or ``N_occ.jpg``, ``.png``) goes to
``OUTPUT/{train_set,val_set}/{0..7}/`` by ``annotations/N_exp.npy``. What cannot be sorted is
listed in ``OUTPUT/orphans.csv``. A killed run is repeated; a second run changes nothing.

    python data_tools/sort_affectnet.py AffectNet AffectNet_sorted --link
"""

from __future__ import annotations

import filecmp
import os
import shutil
from collections import Counter
from pathlib import Path, PurePosixPath

import click

from occbench.cli.options import FAILED
from occbench.core.console import progress, table
from occbench.core.lock import sole_writer
from occbench.core.parallel import available_workers
from occbench.dataset.adapters.base import Problem
from occbench.dataset.affectnet_files import NOT_EXPRESSIONS, read_number
from occbench.dataset.bulk_reading import read_in_order
from occbench.dataset.failures import Failure, write_failures
from occbench.dataset.source_files import list_folder, reason_of
from occbench.errors import DataError, OccbenchError

CLASSES = tuple("01234567")
_ENDINGS = ("_aro.npy", "_exp.npy", "_lnd.npy", "_val.npy")


def number_of(name: str) -> str:
    """The number of a face: what stands before the first ``_`` or the ending."""
    return PurePosixPath(name).stem.partition("_")[0]


def label_of(source: Path, image: str) -> int | Problem:
    """The label of an image, 0..10, or why it has none."""
    item = f"{PurePosixPath(image).parents[1]}/annotations/{number_of(image)}_exp.npy"
    try:
        value = read_number(source / item)
    except (DataError, OSError) as error:
        return Problem(image, f"{item}: {reason_of(error, item, source)}")
    return int(value) if value in range(11) else Problem(image, f"{item}: unknown label {value:g}")


def place(image: Path, target: Path, how: str) -> bool | None:
    """Links, copies or moves one image; whether anything changed, None if another is there.

    At any instant the image stands whole at its old place, its new one or both.
    """
    if how == "link" and target.is_symlink() and target.readlink() == image.resolve():
        return False
    if target.exists() and not target.is_symlink():
        same = filecmp.cmp(image, target, shallow=False)
        if how != "move" or not same:
            return False if same else None
    beside = target.with_name(f".{target.name}.part")
    beside.unlink(missing_ok=True)
    one_disk = image.stat().st_dev == target.parent.stat().st_dev
    if how == "move" and one_disk and not image.is_symlink():
        image.replace(target)
        return True
    if how == "link":
        beside.symlink_to(image.resolve())
    else:
        shutil.copy2(image, beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
    beside.replace(target)
    if how == "move":
        image.unlink()
    return True


def sort_set(source: Path, output: Path, part: str, how: str) -> tuple[Counter[str], list[Problem]]:
    """Sorts one set; gives counts by class, reason and change, and what could not be sorted."""
    images, notes = (list_folder(source, f"{part}/{name}") for name in ("images", "annotations"))
    numbered = {number_of(name): name for name in notes.others if name.endswith(_ENDINGS)}
    strays = {*notes.images, *notes.folders, *notes.others, *images.others, *images.folders}
    strays -= {name for name in notes.others if name.endswith(_ENDINGS)}
    problems = [*images.problems, *notes.problems, *(Problem(s, "unexpected") for s in strays)]
    there: dict[str, str] = {}
    for label in CLASSES:
        (output / part / label).mkdir(parents=True, exist_ok=True)
        there |= {p.name: label for p in (output / part / label).iterdir() if p.name[0] != "."}
    faces = {number_of(name) for name in (*images.images, *there)}
    problems += [Problem(numbered[n], "belongs to no image") for n in numbered.keys() - faces]
    problems += [Problem(image, "empty (0 bytes)") for image in images.empty]
    todo = [image for image in images.images if image not in images.empty]
    workers = available_workers()
    found = read_in_order(lambda i: label_of(source, i), todo, workers=workers, label=part)
    counts: Counter[str] = Counter()
    pairs = zip(todo, found, strict=True)
    for image, value in progress(pairs, total=len(found), label=f"{how} {part}", unit=" images"):
        name = PurePosixPath(image).name
        if isinstance(value, Problem):
            problems.append(value)
        elif value in NOT_EXPRESSIONS:
            counts["left out"] += 1
        elif there.get(name, str(value)) != str(value):
            problems.append(Problem(image, f"is of class {value} but stands in {there[name]}"))
        elif (new := place(source / image, output / part / str(value) / name, how)) is None:
            problems.append(Problem(image, f"another image is {part}/{value}/{name} already"))
        else:
            counts["new"] += new
            there[name] = str(value)
    paths = (f"{part}/{label}/{name}" for name, label in there.items())
    problems += [Problem(p, "leads nowhere") for p in paths if not (output / p).exists()]
    return counts + Counter(there.values()), problems


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", type=click.Path(file_okay=False, path_type=Path))
@click.argument("output", type=click.Path(file_okay=False, path_type=Path))
@click.option("--link", "how", flag_value="link", default="link", help="Make links (default).")
@click.option("--copy", "how", flag_value="copy", help="Copy the images.")
@click.option("--move", "how", flag_value="move", help="Move the images; annotations stay.")
def command(source: Path, output: Path, how: str) -> None:
    """Sort AffectNet's images in SOURCE into OUTPUT/{train_set,val_set}/{0..7}."""
    try:
        parts = [part for part in ("train_set", "val_set") if (source / part).is_dir()]
        if not parts:
            raise DataError(f"'{source}' has neither train_set nor val_set.")
        output.mkdir(parents=True, exist_ok=True)
        with sole_writer(output):
            results = {part: sort_set(source, output, part, how) for part in parts}
            problems = sorted(problem for _, found in results.values() for problem in found)
            orphans = [Failure(each.item, each.reason) for each in problems]
            write_failures(output / "orphans.csv", orphans)
    except OccbenchError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"'{error.filename}': {error.strerror}.") from error
    columns = (*CLASSES, "left out", "new")
    rows = [(part, *(counts[key] for key in columns)) for part, (counts, _) in results.items()]
    click.echo(table(["set", *columns], rows))
    if not any(row[-1] for row in rows):
        click.echo("Nothing was changed: what can be sorted is.")
    if orphans:
        click.echo(f"{len(orphans)} items could not be sorted; see orphans.csv.", err=True)
        raise click.exceptions.Exit(FAILED)


if __name__ == "__main__":
    command()
