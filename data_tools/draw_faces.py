"""Draws faces into the folders of AffectNet or into class folders, with exact landmarks.

Faces come in rounds of eight: one person shows all eight expressions. Every fourth round is
for testing, by people who are nowhere else. The same options write the same bytes with any
number of workers, and a killed run is simply repeated.

    python data_tools/draw_faces.py AffectNet --count 4000 --seed 1
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from occbench.core.atomic import write_text
from occbench.core.console import progress
from occbench.core.lock import sole_writer
from occbench.core.parallel import available_workers, in_chunks
from occbench.dataset.drawing import draw_face
from occbench.dataset.images import encode_image
from occbench.dataset.labels import AFFECTNET
from occbench.errors import DataError, OccbenchError, StaleState

RECORD = "draw_faces.json"

# Rough places of the expressions in AffectNet's order, by eye; kept as text, as there.
_VALENCE = ("0.0", "0.8", "-0.7", "0.2", "-0.6", "-0.6", "-0.5", "-0.4")
_AROUSAL = ("0.0", "0.4", "-0.3", "0.7", "0.7", "0.4", "0.7", "0.2")


class Order(NamedTuple):
    """One face to draw; ``label`` is its place in AffectNet's class order."""

    number: int
    person: int
    label: int
    tested: bool


def orders(count: int) -> list[Order]:
    """Who is drawn with which expression; every fourth person is tested, and only then drawn."""
    people = range(max(8, count // 20))
    crowds = [person for person in people if person % 4 != 3], people[3::4]
    found = []
    for place in range(count):
        turn, label = divmod(place, 8)
        crowd, rank = (crowds[1], turn // 4) if turn % 4 == 3 else (crowds[0], turn - turn // 4)
        found.append(Order(place + 1, crowd[rank % len(crowd)], label, turn % 4 == 3))
    return found


def files_of(order: Order, layout: str, form: str) -> dict[str, str]:
    """The files of a face below the output; its image is made last."""
    if layout == "folder":
        stem = f"{AFFECTNET.names[order.label]}/person{order.person:04d}_{order.number:06d}"
        return {"lnd": f"{stem}_lnd.npy", "image": f"{stem}.{form}"}
    part = "val_set" if order.tested else "train_set"
    files = {k: f"{part}/annotations/{order.number}_{k}.npy" for k in ("exp", "lnd", "aro", "val")}
    return {**files, "image": f"{part}/images/{order.number}.{form}"}


def draw(order: Order, output: str, seed: int, size: int, layout: str, form: str) -> None:
    """Draws one face and writes its files, each beside first."""
    who = {"identity": order.person, "expression": AFFECTNET.names[order.label]}
    face = draw_face(**who, index=order.number, seed=seed, size=size)
    arrays = {
        "exp": np.array(str(order.label)),
        "lnd": face.landmarks.astype(np.float64).ravel(),
        "aro": np.array(_AROUSAL[order.label]),
        "val": np.array(_VALENCE[order.label]),
    }
    for kind, name in files_of(order, layout, form).items():
        final = Path(output, name)
        beside = final.with_name(f".{final.name}.part")
        if kind == "image":
            beside.write_bytes(encode_image(face.image, form, 95))
        else:
            with beside.open("wb") as file:
                np.save(file, arrays[kind], allow_pickle=False)
        beside.replace(final)


def claim(output: Path, record: dict[str, Any]) -> None:
    """Takes a new or empty folder, or one that was begun with the same options."""
    path, text = output / RECORD, json.dumps(record, sort_keys=True) + "\n"
    if not path.is_file():
        if any(not item.name.startswith(".") for item in output.iterdir()):
            raise DataError(f"'{output}' is not empty and holds no {RECORD}. Choose a new folder.")
        write_text(path, text)
    elif (known := path.read_text(encoding="utf-8", errors="replace")) != text:
        raise StaleState(f"'{output}' was begun with {known.strip()}. Choose a new folder.")


def draw_some(todo: Sequence[Order], **options: Any) -> Iterator[None]:
    """Draws some faces."""
    for order in todo:
        yield draw(order, **options)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.argument("output", type=click.Path(file_okay=False, path_type=Path))
@click.option("--count", type=click.IntRange(32, 1_000_000), default=2000)
@click.option("--seed", type=click.IntRange(0), default=0)
@click.option("--size", type=click.IntRange(32, 1024), default=224)
@click.option("--layout", type=click.Choice(["affectnet", "folder"]), default="affectnet")
@click.option("--format", "form", type=click.Choice(["jpg", "png"]), default="jpg")
@click.option("--workers", type=click.IntRange(1, 256), show_default="one per core")
def command(output: Path, count: int, workers: int | None, **options: Any) -> None:
    """Draw faces with exact landmarks into OUTPUT; a killed run is simply repeated.

    \b
        python data_tools/draw_faces.py faces --layout folder --format png --size 96
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        with sole_writer(output):
            claim(output, {"count": count, **options})
            wanted = {o: files_of(o, options["layout"], options["form"]) for o in orders(count)}
            for folder in {(output / name).parent for f in wanted.values() for name in f.values()}:
                folder.mkdir(parents=True, exist_ok=True)
            todo = [o for o in wanted if not all((output / n).exists() for n in wanted[o].values())]
            work = partial(draw_some, output=str(output), **options)
            # Drawing is Python work, so it needs processes.
            crew = workers or available_workers()
            results = chain.from_iterable(in_chunks(work, todo, crew, chunk=8, processes=True))
            kept = count - len(todo)
            list(progress(results, total=count, label="draw", unit=" faces", done=kept))
    except OccbenchError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"'{error.filename}': {error.strerror}.") from error
    click.echo(f"{output}: {len(todo):,} faces drawn now, {kept:,} before.")


if __name__ == "__main__":
    command()
