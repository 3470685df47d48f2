"""One face per file: ``.npy`` and ``.pts``."""

from __future__ import annotations

import numpy as np
import pytest

from occbench.errors import DataError
from occbench.geometry.landmark_files import read_landmarks
from tests.faces import faces, level_face, mirrored

FACE = next(faces(1, 21))


def pts(points: np.ndarray, head: str = "version: 1\nn_points: 68\n") -> str:
    """The text of a 300-W file, which counts pixels from 1."""
    lines = "\n".join(f"{x + 1!r} {y + 1!r}" for x, y in points.tolist())
    return f"{head}{{\n{lines}\n}}\n"


@pytest.mark.parametrize("dtype", ["f4", "f8", "<U24", "S24"])
@pytest.mark.parametrize("shape", [(68, 2), (136,)])
def test_npy_files_of_numbers_and_text_are_read(dtype, shape, tmp_path):
    """The points are those that were saved, to the precision they were saved in."""
    path = tmp_path / "1_lnd.npy"
    np.save(path, FACE.astype(dtype).reshape(shape))

    np.testing.assert_allclose(read_landmarks(path).points, FACE, rtol=1e-6)


@pytest.mark.parametrize("ending", [".pts", ".PTS"])
def test_pts_files_count_from_one(ending, tmp_path):
    """The first pixel of a .pts file is (1, 1), ours is (0, 0)."""
    path = tmp_path / f"face{ending}"
    path.write_text(pts(FACE))

    np.testing.assert_allclose(read_landmarks(path).points, FACE, atol=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        pts(FACE, head="version:1\r\nn_points:68\r\n").replace("\n", "\r\n"),
        pts(FACE, head="").replace(" ", "\t"),
        pts(FACE).replace("\n", "\n\n"),
        pts(FACE) + "a remark after the braces\n",
        "# café\n" + pts(FACE),
    ],
    ids=["Windows line ends", "tabs and no head", "empty lines", "a remark", "a comment"],
)
def test_pts_files_as_people_write_them_are_read(text, tmp_path):
    """White space and text outside the braces do not matter."""
    path = tmp_path / "face.pts"
    path.write_bytes(text.encode("latin-1"))

    np.testing.assert_allclose(read_landmarks(path).points, FACE, atol=1e-9)


LINES = pts(FACE).splitlines()


@pytest.mark.parametrize(
    "lines",
    [
        [],
        LINES[:-1],
        [*LINES[:3], *LINES[4:]],
        [*LINES[:-1], "1 2", "}"],
        [*LINES[:9], "1 2 3", *LINES[10:]],
        [*LINES[:9], "1 x", *LINES[10:]],
        [line for line in LINES if line != "{"],
    ],
    ids=["empty", "no end", "67 points", "69 points", "three numbers", "a word", "no brace"],
)
def test_broken_pts_files_are_refused_by_name(lines, tmp_path):
    """Anything but 68 pairs of numbers in braces is refused."""
    path = tmp_path / "broken.pts"
    path.write_text("\n".join(lines))

    with pytest.raises(DataError, match=r"broken\.pts"):
        read_landmarks(path)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (np.full((68, 2), np.nan), "68 of 68"),
        (np.zeros((5, 2)), r"\(5, 2\)"),
        (FACE / 500, "temples"),
        (mirrored(level_face(90, (50, 50)), 100), "renumbered"),
    ],
    ids=["NaN", "five points", "fractions", "mirrored"],
)
def test_unusable_points_name_the_file_and_the_reason(points, reason, tmp_path):
    """The file's name stands in front of what is wrong with the face."""
    path = tmp_path / "bad_lnd.npy"
    np.save(path, points)

    with pytest.raises(DataError, match=rf"bad_lnd\.npy': .*{reason}"):
        read_landmarks(path)


@pytest.mark.parametrize("name", ["none.npy", "none.pts"])
def test_a_missing_file_is_an_os_error(name, tmp_path):
    """The caller decides what a missing file means."""
    with pytest.raises(FileNotFoundError):
        read_landmarks(tmp_path / name)
