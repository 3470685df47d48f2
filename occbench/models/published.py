"""The weights files published for keras-vggface: where they lie on this machine, and getting them.

Names and address are those of keras-vggface 0.6, ``utils.py``. No checksum was published with
the files, so the first download of each is pinned: its SHA-256 is written beside it and compared
ever after.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from math import prod
from pathlib import Path
from urllib.error import HTTPError, URLError

from occbench.core.atomic import write_text
from occbench.core.console import note
from occbench.core.digest import file_digest
from occbench.core.download import download
from occbench.core.lock import sole_writer
from occbench.errors import DataError, StaleState, UnknownName
from occbench.models.keras2_file import open_weights

RELEASE = "https://github.com/rcmalli/keras-vggface/releases/download/v2.0/"
CACHE_VARIABLE = "OCCBENCH_CACHE"

CONTENTS = {
    "resnet50": ((265, 23_561_152), (267, 41_246_071)),
    "senet50": ((329, 26_092_144), (331, 43_777_063)),
    "vgg16": ((26, 14_714_688), (32, 145_002_878)),
}
"""Arrays and values of each network without and with its classifier, as keras-vggface 0.6 has."""


def file_name(published: str, *, include_top: bool) -> str:
    """What the file of a network is called.

    Raises:
        UnknownName: no weights of such a network were published.
    """
    if published not in CONTENTS:
        raise UnknownName("published network", published, CONTENTS)
    return f"rcmalli_vggface_tf_{'' if include_top else 'notop_'}{published}.h5"


def address(published: str, *, include_top: bool, base: str = RELEASE) -> str:
    """Where a file is published."""
    return f"{base.rstrip('/')}/{file_name(published, include_top=include_top)}"


def folder() -> Path:
    """Where files are put: ``weights`` in ``$OCCBENCH_CACHE`` or else in the user's cache."""
    from platformdirs import user_cache_path

    chosen = os.environ.get(CACHE_VARIABLE)
    return (Path(chosen) if chosen else user_cache_path("occbench")) / "weights"


def find(published: str, *, include_top: bool) -> Path | None:
    """The file on this machine: in ``folder()``, or where keras-vggface kept it; not read."""
    name = file_name(published, include_top=include_top)
    places = (place / name for place in (folder(), *_original_folder()))
    return next((path for path in places if path.is_file()), None)


def fetch(published: str, *, include_top: bool, base: str = RELEASE) -> Path:
    """The file on this machine, downloaded if it is not there.

    A download that was cut off goes on where it ended. The file gets its name after its size and
    its structure have been checked.

    Args:
        published: the network's name in the file's, ``Backbone.published``.
        include_top: whether the identity classifier belongs to it.
        base: the address of the folder to get it from.

    Raises:
        UnknownName: no weights of such a network were published.
        DataError: it cannot be got, or what came is something else.
        StaleState: it is not what was downloaded first.
        Busy: another process is downloading.
    """
    found = find(published, include_top=include_top)
    if found is None:
        url, place = address(published, include_top=include_top, base=base), folder()
        with _told(url, place):
            place.mkdir(parents=True, exist_ok=True)
            with sole_writer(place):
                found = find(published, include_top=include_top)
                if found is None:
                    return _download(url, place, CONTENTS[published][include_top])
    check_pin(found)
    check_contents(found, published, include_top=include_top)
    return found


def check_contents(path: Path, published: str, *, include_top: bool) -> None:
    """Refuses a file that was put there by hand and is not that network's.

    Raises:
        DataError: it is damaged, or holds other arrays.
    """
    try:
        _compare(path, CONTENTS[published][include_top])
    except DataError as error:
        raise DataError(
            f"{error} This is not the published file '{path.name}': put the right one into "
            f"'{path.parent}', or delete it."
        ) from error


def check_pin(path: Path) -> None:
    """Compares a file with what was downloaded first, if it was pinned.

    Raises:
        StaleState: it is another one.
    """
    pin = _pin(path)
    if pin.is_file() and _pinned(pin) != file_digest(path):
        raise StaleState(
            f"'{path}' is not the file that was downloaded first: its SHA-256 is not that in "
            f"'{pin}'. Delete '{path}' to get it again, or '{pin.name}' if you trust it."
        )


def _pin(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _pinned(pin: Path) -> str:
    """The checksum in a file such as ``sha256sum`` writes."""
    return pin.read_text(encoding="utf-8", errors="replace").partition(" ")[0]


def _download(url: str, place: Path, contents: tuple[int, int]) -> Path:
    path = place / url.rpartition("/")[2]
    part = path.with_name(f"{path.name}.part")
    download(url, part, label=path.name)
    _check_contents(url, part, contents)
    found, pin = file_digest(part), _pin(path)
    if not pin.is_file():
        write_text(pin, f"{found}  {path.name}\n")
        note(f"Nobody published a checksum of {path.name}; from now on it must be {found}.")
    elif _pinned(pin) != found:
        part.unlink()
        raise StaleState(
            f"'{url}' has changed: the SHA-256 of the first download stands in '{pin}', this one "
            f"has {found} and was deleted. Delete '{pin.name}' if you trust the new file."
        )
    part.replace(path)
    return path


def _check_contents(url: str, part: Path, contents: tuple[int, int]) -> None:
    """Refuses and deletes what is no file of this network, such as a page of a portal."""
    try:
        _compare(part, contents)
    except DataError as error:
        part.unlink()
        raise DataError(f"What '{url}' gave is not the weights and was deleted: {error}") from error


def _compare(path: Path, contents: tuple[int, int]) -> None:
    with open_weights(path) as file:
        found = len(file.weights), sum(prod(weight.shape) for weight in file.weights)
    if found != contents:
        raise DataError(
            f"it holds {found[0]} arrays with {found[1]:,} values; expected {contents[0]} "
            f"with {contents[1]:,}."
        )


def _original_folder() -> Iterator[Path]:
    """Where keras-vggface kept its files, for users who have a home folder."""
    try:
        yield Path.home() / ".keras" / "models" / "vggface"
    except RuntimeError:
        return


@contextmanager
def _told(url: str, place: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, HTTPException) as error:
        raise DataError(
            f"Cannot get '{url}': {_reason(error)}. Put the file into '{place}' by hand, or go on "
            "without it: --weights none."
        ) from error


def _reason(error: OSError | HTTPException) -> str:
    if isinstance(error, HTTPError):
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, URLError):
        return str(error.reason)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    return str(error) or type(error).__name__
