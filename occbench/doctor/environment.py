"""Python and the packages that occbench needs, read from what pip recorded; nothing is imported."""

from __future__ import annotations

import operator
import os
import platform
import re
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from importlib.util import find_spec

from occbench.doctor.finding import MISSING, NOTE, OK, Finding

AREA = "environment"

# The same modules under another name, at half the size.
_ALIKE = {"tensorflow": ("tensorflow", "tensorflow-cpu")}

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?")
_BOUND = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*([0-9]+(?:\.[0-9]+)*)\s*\Z")
_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


def look_at_environment() -> list[Finding]:
    """Python, the packages within their bounds, and each that is not."""
    try:
        wanted, python = requires("occbench") or [], metadata("occbench")["Requires-Python"]
    except PackageNotFoundError:
        todo = "Run 'pip install PATH', PATH being the checkout."
        return [Finding(AREA, MISSING, "occbench is not installed with pip", todo, needed=True)]
    return [_python(python or ""), *_packages(wanted), *_backend()]


def look_at_devices() -> list[Finding]:
    """What Keras computes on; imports Keras and its backend, which takes seconds.

    Raises:
        DataError: the backend cannot be loaded.
    """
    from occbench.models.backend import machine, versions

    found = ", ".join(f"{name} {number}" for name, number in versions().items())
    return [Finding("devices", OK, f"{machine()}; {found}")]


def within(found: str, bounds: str) -> bool:
    """Whether a version keeps bounds such as ``>=3.12,<4``.

    Numbers of a release are compared, padded with zeros; what follows them (``rc1``, ``.dev0``,
    ``+local``) is passed over, as is a bound of another form.
    """
    release = _numbers(found)
    for bound in bounds.split(","):
        if match := _BOUND.match(bound):
            other = _numbers(match[2])
            size = max(len(release), len(other))
            padded = [numbers + (0,) * (size - len(numbers)) for numbers in (release, other)]
            if not _COMPARE[match[1]](padded[0], padded[1]):
                return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    match = _RELEASE.match(text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _python(bounds: str) -> Finding:
    found = platform.python_version()
    if within(found, bounds):
        return Finding(AREA, OK, f"Python {found}")
    text = f"Python {found}; expected {bounds}"
    return Finding(AREA, MISSING, text, "Make an environment with another Python.", needed=True)


def _packages(wanted: list[str]) -> Iterator[Finding]:
    """A line for all that fit, then one for each package that does not."""
    fitting, others = [], []
    for line in wanted:
        match = _REQUIREMENT.match(line)
        # What belongs to an extra has a marker behind a semicolon.
        if match is None or "extra" in line.partition(";")[2]:
            continue
        name, bounds = match[1], match[2].strip()
        installed = _installed(name)
        if installed is not None and within(installed, bounds):
            fitting.append(f"{name} {installed}")
            continue
        text = f"{name} {installed or 'is not installed'}; expected {bounds or 'any version'}"
        others.append(
            Finding(AREA, MISSING, text, f"Run 'pip install \"{name}{bounds}\"'.", needed=True)
        )
    yield Finding(AREA, OK, f"{len(fitting)} packages: {', '.join(fitting)}")
    yield from others


def _installed(name: str) -> str | None:
    for alike in _ALIKE.get(name, (name,)):
        try:
            return version(alike)
        except PackageNotFoundError:
            continue
    return None


def _backend() -> Iterator[Finding]:
    """The backend that ``KERAS_BACKEND`` names, where it is not the one that is always there."""
    name = os.environ.get("KERAS_BACKEND", "tensorflow")
    if name == "tensorflow":
        return
    if name not in ("jax", "torch"):
        text = f"KERAS_BACKEND is '{name}'; expected tensorflow, jax or torch"
        yield Finding(AREA, MISSING, text, "Unset it.", needed=True)
    elif find_spec(name) is None:
        text = f"KERAS_BACKEND is '{name}', which is not installed"
        yield Finding(AREA, MISSING, text, f"Install {name}, or unset it.", needed=True)
    else:
        yield Finding(AREA, NOTE, f"KERAS_BACKEND is '{name}': runs begun with another wait")
