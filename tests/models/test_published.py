"""Published weights: found where they lie, downloaded whole or refused in one sentence."""

from __future__ import annotations

import errno
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from occbench.core.lock import sole_writer
from occbench.errors import Busy, DataError, StaleState, UnknownName
from occbench.models import published
from tests.core.processes import process_at
from tests.keras2 import write_keras2

NAME = "rcmalli_vggface_tf_notop_resnet50.h5"


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> bytes:
    """A small file in the layout of the published ones."""
    kernel = np.random.default_rng(0).standard_normal((20, 30, 40, 70)).astype(np.float32)
    path = tmp_path_factory.mktemp("served") / "w.h5"
    return write_keras2(path, [("conv1", {"kernel": kernel, "bias": kernel[0, 0, 0]})]).read_bytes()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """A user of their own, and networks as small as the file that is served."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OCCBENCH_CACHE", str(tmp_path / "cache"))
    known = dict.fromkeys(published.CONTENTS, ((2, 1_680_070), (3, 1_680_071)))
    monkeypatch.setattr(published, "CONTENTS", known)
    return tmp_path / "home"


@pytest.fixture
def notes(monkeypatch) -> list[str]:
    """What people are told, aloud."""
    heard: list[str] = []
    monkeypatch.setattr(published, "note", heard.append)
    return heard


class Server(ThreadingHTTPServer):
    """Serves one file in several ways, and keeps what was asked for.

    Attributes:
        data: the file.
        ranges: whether parts are sent when asked for.
        cut: so many bytes are sent of a first answer, then the connection ends.
        status: of every answer, in place of the file.
        sized: whether the length is told.
        asked: the path and the ``Range`` of every request.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.data = data
        self.ranges, self.cut, self.status, self.sized = True, 0, 200, True
        self.asked: list[tuple[str, str | None]] = []

    @property
    def base(self) -> str:
        """The address of its folder."""
        return f"http://127.0.0.1:{self.server_port}/v2.0/"


class Handler(BaseHTTPRequestHandler):
    """Answers of ``Server``."""

    server: Server

    def do_GET(self) -> None:
        """The file, or the part of it that is asked for."""
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append((self.path, wanted))
        if server.status != 200:
            self.send_error(server.status)
            return
        start, size = 0, len(server.data)
        if wanted and server.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            if start >= size:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        else:
            self.send_response(200)
        if server.sized:
            self.send_header("Content-Length", str(size - start))
        self.end_headers()
        end = start + server.cut if server.cut else size
        server.cut = 0
        self.wfile.write(server.data[start:end])

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def server(weights) -> Iterator[Server]:
    """A server of the file on this machine."""
    with Server(weights) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


@pytest.fixture
def fetch(server) -> Callable[[], Path]:
    """Gets the file of ResNet-50 without classifier from that server."""
    return partial(published.fetch, "resnet50", include_top=False, base=server.base)


def place() -> Path:
    """Where the file belongs."""
    return published.folder() / NAME


def part() -> Path:
    """Where it lies while it is not whole."""
    return published.folder() / f"{NAME}.part"


def left() -> set[str]:
    """What is in the folder of weights."""
    folder = published.folder()
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_names_and_addresses_are_those_of_keras_vggface():
    """Typed from its ``utils.py``."""
    release = "https://github.com/rcmalli/keras-vggface/releases/download/v2.0"
    for network in ("resnet50", "senet50", "vgg16"):
        for include_top, infix in ((False, "notop_"), (True, "")):
            expected = f"{release}/rcmalli_vggface_tf_{infix}{network}.h5"
            assert published.address(network, include_top=include_top) == expected
    with pytest.raises(UnknownName, match="Did you mean 'vgg16'"):
        published.address("vgg19", include_top=False)


def test_files_are_put_into_the_cache_of_the_user(monkeypatch, tmp_path):
    """Or into the folder that the environment names."""
    assert published.folder() == tmp_path / "cache" / "weights"
    for unset in ("OCCBENCH_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(unset, raising=False)
    assert published.folder().name == "weights"
    assert published.folder().is_relative_to(tmp_path / "home")
    assert "occbench" in published.folder().parts


def test_a_file_is_found_where_it_lies(home):
    """In the cache first, then where keras-vggface kept it; the other part is another file."""
    original = home / ".keras" / "models" / "vggface" / NAME
    assert published.find("resnet50", include_top=False) is None
    original.parent.mkdir(parents=True)
    original.touch()
    assert published.find("resnet50", include_top=False) == original
    place().parent.mkdir(parents=True)
    place().touch()
    assert published.find("resnet50", include_top=False) == place()
    assert published.find("resnet50", include_top=True) is None
    assert published.find("senet50", include_top=False) is None


def test_a_download_is_the_file_and_its_checksum(fetch, server, weights, notes):
    """Asked for once; what is there is not asked for again, and nothing else is left."""
    assert fetch() == place()
    assert place().read_bytes() == weights
    checksum = hashlib.sha256(weights).hexdigest()
    assert place().with_name(f"{NAME}.sha256").read_text() == f"{checksum}  {NAME}\n"
    assert server.asked == [(f"/v2.0/{NAME}", None)]
    assert left() == {NAME, f"{NAME}.sha256", ".lock"}
    assert len(notes) == 1
    assert checksum in notes[0]
    assert "Nobody published a checksum" in notes[0]
    assert fetch() == place()
    assert len(server.asked) == 1


def test_a_file_placed_by_hand_is_taken_as_it_is(fetch, server, weights, notes):
    """Nobody pinned it."""
    place().parent.mkdir(parents=True)
    place().write_bytes(weights)
    assert fetch() == place()
    assert (server.asked, notes) == ([], [])


@pytest.mark.parametrize("cut", [0, 1_000_000])
def test_a_damaged_file_placed_by_hand_is_refused_and_kept(fetch, server, weights, cut):
    """It is not ours to delete."""
    place().parent.mkdir(parents=True)
    place().write_bytes(weights[:cut])
    with pytest.raises(DataError, match=rf"This is not the published file '{NAME}': put the right"):
        fetch()
    assert place().stat().st_size == cut
    assert server.asked == []


@pytest.mark.parametrize("cut", [1, 1_000_000, 4_000_000])
def test_a_broken_download_goes_on_where_it_ended(fetch, server, weights, notes, cut):
    """The message says how much came and that it goes on; only the rest is asked for."""
    server.cut = cut
    with pytest.raises(DataError) as caught:
        fetch()
    told = str(caught.value)
    assert f"{cut:,} of {len(weights):,} bytes came" in told
    assert f"'{server.base}{NAME}'" in told
    assert f"'{published.folder()}'" in told
    assert "--weights none" in told
    assert part().stat().st_size == cut
    assert published.find("resnet50", include_top=False) is None
    assert fetch().read_bytes() == weights
    assert [wanted for _, wanted in server.asked] == [None, f"bytes={cut}-"]


def test_a_server_without_parts_sends_all_again(fetch, server, weights, notes):
    """What was there is thrown away, not added to."""
    server.cut = 1000
    server.ranges = False
    with pytest.raises(DataError):
        fetch()
    assert fetch().read_bytes() == weights


def test_a_whole_part_is_not_downloaded_again(fetch, server, weights, notes):
    """As a kill between the last byte and the move leaves it."""
    part().parent.mkdir(parents=True)
    part().write_bytes(weights)
    assert fetch().read_bytes() == weights
    assert len(server.asked) == 1


def test_a_part_longer_than_the_file_begins_anew(fetch, server, weights, notes):
    """It is of another file."""
    part().parent.mkdir(parents=True)
    part().write_bytes(weights + b"more")
    assert fetch().read_bytes() == weights
    assert [wanted for _, wanted in server.asked] == [f"bytes={len(weights) + 4}-", None]


def test_a_part_of_another_file_is_found_out(fetch, server, weights, notes):
    """The bytes that were there are damaged: the file is refused and deleted, then comes anew."""
    part().parent.mkdir(parents=True)
    part().write_bytes(b"x" * 5000)
    with pytest.raises(DataError, match="is not the weights and was deleted"):
        fetch()
    assert left() == {".lock"}
    assert fetch().read_bytes() == weights


def test_a_file_of_untold_size_is_judged_by_its_contents(fetch, server, weights, notes):
    """A server may leave the length out."""
    server.sized = False
    server.cut = 3000
    with pytest.raises(DataError, match="is not the weights and was deleted"):
        fetch()
    assert fetch().read_bytes() == weights


def test_a_page_in_place_of_the_file_is_refused(fetch, server, notes):
    """As portals of hotels send."""
    server.data = b"<html>Please log in</html>"
    with pytest.raises(DataError, match=r"is not the weights and was deleted.*as HDF5"):
        fetch()
    assert left() == {".lock"}
    assert notes == []


def test_weights_of_another_network_are_refused(fetch, server, notes, tmp_path):
    """Arrays and values are counted."""
    other = write_keras2(tmp_path / "o.h5", [("conv1", {"kernel": np.zeros((2, 3), np.float32)})])
    server.data = other.read_bytes()
    with pytest.raises(DataError, match="1 arrays with 6 values; expected 2 with 1,680,070"):
        fetch()
    assert left() == {".lock"}


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_refusal_of_the_server_is_one_sentence(fetch, server, status):
    """With the address, the folder and the way without."""
    server.status = status
    with pytest.raises(DataError) as caught:
        fetch()
    assert str(caught.value).startswith(f"Cannot get '{server.base}{NAME}': the server answers ")
    assert f" {status} " in str(caught.value)
    assert f"Put the file into '{published.folder()}' by hand" in str(caught.value)
    assert "--weights none" in str(caught.value)


def test_no_connection_is_one_sentence():
    """As without a network: nobody listens there any more."""
    with Server(b"") as gone:
        base = gone.base
    with pytest.raises(DataError, match=r"Cannot get 'http://127.*': .*by hand, or go on without"):
        published.fetch("vgg16", include_top=True, base=base)


def test_a_full_disk_is_one_sentence(fetch, monkeypatch):
    """What came stays, so that it goes on when there is room."""

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("occbench.core.download.os.fsync", full)
    with pytest.raises(DataError, match=r"the disk is full. Put the file into"):
        fetch()
    assert part().exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(fetch, tmp_path):
    """A file stands in its place."""
    (tmp_path / "cache").write_text("")
    with pytest.raises(DataError, match=r"Cannot get .* by hand, or go on without"):
        fetch()


def test_a_file_that_was_changed_later_is_refused(fetch, weights, notes):
    """Both ways out are named, and both work."""
    fetch()
    place().write_bytes(weights + b"!")
    with pytest.raises(StaleState) as caught:
        fetch()
    assert f"Delete '{place()}' to get it again, or '{NAME}.sha256'" in str(caught.value)
    place().unlink()
    assert fetch().read_bytes() == weights


def test_a_file_that_was_published_anew_is_refused(fetch, server, weights, notes, tmp_path):
    """Until its user trusts it."""
    fetch().unlink()
    kernel = np.zeros((20, 30, 40, 70), np.float32)
    layers = [("conv1", {"kernel": kernel, "bias": kernel[0, 0, 0]})]
    server.data = write_keras2(tmp_path / "new.h5", layers).read_bytes()
    with pytest.raises(StaleState, match=r"has changed.*Delete '.*sha256' if you trust"):
        fetch()
    assert NAME not in left()
    place().with_name(f"{NAME}.sha256").unlink()
    assert fetch().read_bytes() == server.data


def test_two_do_not_write_at_once(fetch, server, notes):
    """The second is told; what the first has fetched meanwhile is taken."""
    code = (
        "from occbench.core.lock import sole_writer\n"
        "with sole_writer(Path(sys.argv[1])):\n"
        "    here()\n"
    )
    published.folder().mkdir(parents=True)
    with process_at(code, published.folder()), pytest.raises(Busy, match="Another occbench"):
        fetch()
    assert server.asked == []
    with sole_writer(published.folder()):
        pass
    fetch()
