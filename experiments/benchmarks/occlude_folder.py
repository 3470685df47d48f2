"""Measures ``occbench occlude`` on a folder against other ways to do the same.

All methods run on the same images in one process, in interleaved blocks whose order turns
from round to round, so that a busy machine slows all alike. Ratios are medians of the ratios
within a round. Needs ``pip install ".[benchmark]"``:

    python experiments/benchmarks/occlude_folder.py --memory
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median

import click
import cv2
import numpy as np
import psutil
from renderers import JPEG_QUALITY, Pairs, bare_loop, matplotlib_loop, recode_loop

from occbench.core.console import set_quiet, table
from occbench.dataset.batch import Style
from occbench.dataset.faces import FolderFaces
from occbench.dataset.images import encode_image
from occbench.dataset.occlude import occlude
from occbench.geometry.landmark_files import read_landmarks
from occbench.occluders.base import make_occluder

FORMS = ("jpg", "png")

# A child process tells its own peak: what Linux counts since the program was loaded.
_CHILD = """
import sys
from pathlib import Path
from occbench.core.console import set_quiet
from occbench.dataset.faces import FolderFaces
from occbench.dataset.occlude import occlude
from occbench.occluders.base import make_occluder
set_quiet(True)
folder, output = Path(sys.argv[1]), Path(sys.argv[2])
occlude(FolderFaces(folder, folder, output), make_occluder("headset"), output, workers=2)
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@dataclass(frozen=True)
class Cost:
    """CPU and wall time of one image in milliseconds."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Method:
    """One way to occlude: its name, what runs it, and how many of the images it gets."""

    name: str
    run: Callable[[Path], None]
    images: int


@click.command()
@click.option("--images", type=click.Path(exists=True, path_type=Path), help="A folder of JPEGs.")
@click.option(
    "--landmarks",
    type=click.Path(exists=True, path_type=Path),
    help="A folder with <stem>_lnd.npy.  [default: the image folder]",
)
@click.option(
    "--faces",
    default=1000,
    show_default=True,
    help="How many without --images: links to 250 drawn ones.",
)
@click.option("--rounds", default=12, show_default=True, help="Blocks of each method.")
@click.option("--slow", default=15, show_default=True, help="Images in a block of matplotlib.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=Path("/dev/shm"),
    show_default=True,
    help="Where to work; /dev/shm is memory, any other place is a disk.",
)
@click.option("--memory", is_flag=True, help="Also the peak memory for 2,000 and 50,000 images.")
def main(
    images: Path | None,
    landmarks: Path | None,
    faces: int,
    rounds: int,
    slow: int,
    folder: Path,
    memory: bool,
) -> None:
    """Print what occluding a folder costs, and the ratios that the project promises."""
    set_quiet(True)
    with tempfile.TemporaryDirectory(dir=folder) as room:
        source = images or make_faces(Path(room) / "faces", faces, distinct=250, size=224)
        points = landmarks or source
        pairs = [(path, points / f"{path.stem}_lnd.npy") for path in sorted(source.glob("*.jpg"))]
        methods = list_methods(source, points, pairs, slow)
        costs = measure(methods, Path(room), rounds)
        print(f"{facts()}\n{len(pairs)} images, {rounds} rounds, in {folder}\n")
        print(report(costs))
        if memory:
            print("\n" + memory_report(Path(room)))


def list_methods(source: Path, points: Path, pairs: Pairs, slow: int) -> list[Method]:
    """All methods, with one format each."""
    stack = source.parent / "stack.npz"
    stacked = np.stack([read_landmarks(path).points for _, path in pairs])
    np.savez(stack, landmarks=stacked, files=[path.name for path, _ in pairs])
    methods = [
        Method(f"matplotlib jpg, {slow} images", _on(matplotlib_loop, pairs[:slow], "jpg"), slow)
    ]
    for form in FORMS:
        for name, loop in (("recode", recode_loop), ("bare loop", bare_loop)):
            methods.append(Method(f"{name} {form}", _on(loop, pairs, form), len(pairs)))
        for name, landmarks, workers in (
            ("occbench", points, 1),
            ("occbench, stack", stack, 1),
            ("occbench, 2 workers", points, 2),
        ):
            run = _occbench(source, landmarks, form, workers)
            methods.append(Method(f"{name} {form}", run, len(pairs)))
    return methods


def _on(
    loop: Callable[[Pairs, Path, str], None], pairs: Pairs, form: str
) -> Callable[[Path], None]:
    return lambda output: loop(pairs, output, form)


def _occbench(source: Path, points: Path, form: str, workers: int) -> Callable[[Path], None]:
    occluder, style = make_occluder("headset"), Style(form, JPEG_QUALITY)

    def run(output: Path) -> None:
        # Listing the folder belongs to the job.
        faces = FolderFaces(source, points, output)
        done = occlude(faces, occluder, output, style=style, workers=workers)
        assert done.done == len(faces.ids)

    return run


def measure(methods: list[Method], room: Path, rounds: int) -> dict[str, list[Cost]]:
    """The cost of each method in each round; the first round warms up and is left out."""
    costs: dict[str, list[Cost]] = {method.name: [] for method in methods}
    for number in range(rounds + 1):
        turn = number % len(methods)
        for method in (*methods[turn:], *methods[:turn]):
            with _empty_folder(room) as output:
                before, started = time.process_time(), time.perf_counter()
                method.run(output)
                wall, cpu = time.perf_counter() - started, time.process_time() - before
            if number:
                costs[method.name].append(
                    Cost(1000 * cpu / method.images, 1000 * wall / method.images)
                )
    return costs


def report(costs: dict[str, list[Cost]]) -> str:
    """Costs and ratios as two tables."""
    times = [
        (name, f"{median(c.cpu for c in found):.3f}", f"{median(c.wall for c in found):.3f}")
        for name, found in costs.items()
    ]
    ratios = []
    for form in FORMS:
        ours, bare, floor = f"occbench {form}", f"bare loop {form}", f"recode {form}"
        ratios += [
            (f"{form}: occbench / bare loop, CPU", _ratio(costs, ours, bare, "cpu")),
            (
                f"{form}: occbench with a stack / bare loop, CPU",
                _ratio(costs, f"occbench, stack {form}", bare, "cpu"),
            ),
            (f"{form}: occbench / decode + encode, CPU", _ratio(costs, ours, floor, "cpu")),
            (
                f"{form}: 1 worker / 2 workers, wall",
                _ratio(costs, ours, f"occbench, 2 workers {form}", "wall"),
            ),
        ]
    slow = next(name for name in costs if name.startswith("matplotlib"))
    ratios.append(("jpg: matplotlib / occbench, CPU", _ratio(costs, slow, "occbench jpg", "cpu")))
    return (
        table(["method", "CPU ms per image", "wall ms per image"], times)
        + "\n\n"
        + table(["ratio (median of the rounds; quarter to three quarters)", ""], ratios)
    )


def _ratio(costs: dict[str, list[Cost]], one: str, other: str, what: str) -> str:
    ratios = sorted(
        getattr(a, what) / getattr(b, what) for a, b in zip(costs[one], costs[other], strict=True)
    )
    low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


def memory_report(room: Path) -> str:
    """Peak memory of processes that occlude 2,000 and 50,000 images of 48 pixels."""
    peaks = {}
    for count in (2_000, 50_000):
        many = make_faces(room / f"many{count}", count, distinct=50, size=48)
        command = [sys.executable, "-c", _CHILD, str(many), str(room / "painted")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks[count] = int(done.stdout) / 1024
        shutil.rmtree(many)
        shutil.rmtree(room / "painted")
    rows = [(f"{count:,} images", f"{peak:.0f} MiB") for count, peak in peaks.items()]
    small, large = peaks.values()
    rows.append(("ratio", f"{large / small:.2f}"))
    rows.append(("for each further image", f"{1024 * (large - small) / 48_000:.2f} KiB"))
    return table(["peak memory of a process", ""], rows)


def make_faces(folder: Path, count: int, *, distinct: int, size: int) -> Path:
    """Faces as JPEG of quality 90 with flat float64 landmarks, as AffectNet has them.

    Some are drawn, and the others are links to them.
    """
    from occbench.dataset.drawing import EXPRESSIONS, draw_face

    folder.mkdir()
    for number in range(min(count, distinct)):
        expression = list(EXPRESSIONS)[number % len(EXPRESSIONS)]
        face = draw_face(
            identity=number % 40, expression=expression, index=number, seed=0, size=size
        )
        (folder / f"{number}.jpg").write_bytes(encode_image(face.image, "jpg", 90))
        np.save(folder / f"{number}_lnd.npy", face.landmarks.astype(np.float64).ravel())
    for number in range(distinct, count):
        for ending in (".jpg", "_lnd.npy"):
            os.link(folder / f"{number % distinct}{ending}", folder / f"{number}{ending}")
    return folder


def facts() -> str:
    """The machine and the versions."""
    names = ("numpy", "opencv-python-headless", "matplotlib")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in names)
    cores = len(psutil.Process().cpu_affinity() or ())
    load = psutil.getloadavg()[0]
    return (
        f"{_processor()}, {cores} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
        f"load {load:.1f}; Python {platform.python_version()}, {versions}, "
        f"{cv2.getNumThreads()} thread in OpenCV"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


@contextmanager
def _empty_folder(room: Path) -> Iterator[Path]:
    output = room / "output"
    output.mkdir()
    try:
        yield output
    finally:
        shutil.rmtree(output)


if __name__ == "__main__":
    main()
