"""Work on many faces: order, errors, memory, and the record of a finished image."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.core.parallel import available_workers, in_chunks, in_order
from occbench.dataset.batch import (
    Entry,
    Painter,
    Style,
    cover,
)
from occbench.dataset.faces import Face, FolderFaces
from occbench.errors import DataError
from occbench.geometry.landmarks import Landmarks68
from occbench.geometry.polygon import Region
from occbench.occluders.base import make_occluder
from tests.folders import add_face, covered, points_of
from tests.makers import picture, read_picture


@given(count=st.integers(0, 200), workers=st.integers(1, 5))
def test_results_come_in_the_order_of_the_tasks(count, workers):
    """For any number of tasks and workers."""
    assert list(in_order(lambda n: n * n, range(count), workers)) == [n * n for n in range(count)]


@given(count=st.integers(0, 200), workers=st.integers(1, 3))
def test_chunks_hold_every_task_once_and_in_order(count, workers):
    """Put together, the chunks are the tasks; none is empty."""
    chunks = list(in_chunks(list, range(count), workers))
    assert [task for chunk in chunks for task in chunk] == list(range(count))
    assert all(chunks)


def test_several_workers_work_at_the_same_time():
    """Two tasks that wait for each other both end."""
    meeting = threading.Barrier(2, timeout=60)

    def meet(task: int) -> int:
        if task in (0, 40):
            meeting.wait()
        return task

    assert list(in_order(meet, range(41), 2)) == list(range(41))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_after_the_chunks_before_it_and_stops_the_rest(workers):
    """Whole chunks before the error are given; far later tasks are not begun."""
    begun = []

    def work(task: int) -> int:
        begun.append(task)
        if task == 100:
            raise DataError("the disk is full")
        return task

    found = []
    with pytest.raises(DataError, match="full"):
        found.extend(_each(in_order(work, range(10_000), workers), found))
    assert found == list(range(96))
    assert max(begun) < 1000


def _each(results: object, found: list[int]) -> list[int]:
    """Collects into ``found`` as results come."""
    for result in results:
        found.append(result)  # noqa: PERF402 - kept although an error follows
    return []


def test_few_results_wait_at_a_time():
    """A slow reader holds the workers back, so memory does not grow."""
    begun = []
    results = in_order(lambda task: begun.append(task) or task, range(10_000), 2)
    assert next(results) == 0
    results.close()
    assert len(begun) < 500


def test_an_entry_comes_back_from_its_line():
    """What is written is what is read."""
    entry = Entry("a/b.png", (1, 2, 3), 4, 5, 6)
    assert Entry.from_json(entry.to_json()) == entry


@pytest.mark.parametrize("field", ["id", "stamp", "checksum", "size", "written"])
def test_an_entry_without_a_field_is_refused(field):
    """The field is named."""
    line = {"id": "a", "stamp": [], "checksum": 1, "size": 2, "written": 3}
    del line[field]
    with pytest.raises(DataError, match=f"entry without '{field}'"):
        Entry.from_json(line)


@pytest.mark.parametrize("sham", [False, True])
def test_a_face_outside_its_image_is_refused_by_name(sham):
    """Landmarks of another image are an error, for the sham as well."""
    face = Face(picture(1), Landmarks68(points_of(1) + 500), 0)
    with pytest.raises(DataError, match="covers no pixel of the image 'a' of 40 x 40 pixels"):
        cover(face, "a", make_occluder("headset"), sham=sham)


def test_covering_leaves_the_face_as_it_was():
    """The result is a copy with exactly the headset's pixels black."""
    face = Face(picture(2), Landmarks68(points_of(2)), 0)
    painted = cover(face, "a", make_occluder("headset"))
    assert np.array_equal(face.image, picture(2))
    assert np.array_equal((painted != face.image).any(axis=2), covered(points_of(2), (40, 40)))


def test_noise_depends_on_the_face_and_on_nothing_else():
    """The same id gives the same noise; another id gives another."""
    face = Face(picture(3), Landmarks68(points_of(3)), 0)
    occluder = make_occluder("headset(fill='noise')")
    one, again, other = (cover(face, name, occluder) for name in ("a", "a", "b"))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@dataclass(frozen=True)
class LowerHalf:
    """Covers the lower half of whatever image it is given."""

    fill: str = "black"
    seed: int = 0

    def region(self, landmarks: Landmarks68, *, size: tuple[int, int], seed: int) -> Region:
        """A rectangle that only the size decides."""
        width, height = size
        rows = (height / 2 - 0.25, height)
        corners = [(-1, rows[0]), (width, rows[0]), (width, rows[1]), (-1, rows[1])]
        return Region((np.array(corners, dtype=np.float64),))


def test_a_region_is_that_of_the_images_own_size(tmp_path):
    """Geometry is prepared ahead of the pixels; a guess of the size never shows."""
    sides = [40, 40, 48, 64] * 20
    for number, side in enumerate(sides):
        add_face(tmp_path / "in", f"{number}.png", number, picture(number, side=side))
    faces = FolderFaces(tmp_path / "in", tmp_path / "in", tmp_path / "out")
    painter = Painter(faces, LowerHalf(), Style(), tmp_path / "out", tmp_path / "staging")
    painted = [entry for chunk in in_chunks(painter, faces.ids, 1) for entry in chunk]
    assert [entry.id for entry in painted] == [f"{number}.png" for number in range(80)]
    for number, side in enumerate(sides):
        expected = picture(number, side=side)
        expected[side // 2 :] = 0
        assert np.array_equal(read_picture(tmp_path / "out" / f"{number}_occ.png"), expected)


def test_at_least_one_worker_is_available():
    """Every machine has a core."""
    assert available_workers() >= 1


@dataclass(frozen=True)
class Choosy:
    """Has a region only where the left temple lies far enough to the left."""

    fill: str = "black"
    seed: int = 0

    def region(self, landmarks: Landmarks68, *, size: tuple[int, int], seed: int) -> Region:
        """A square, or an error as a polygon without area raises it."""
        if landmarks.points[0, 0] > 9:
            raise ValueError("A polygon must be convex with an area. Received: []")
        return Region((np.array([(0.0, 0.0), (5.0, 0.0), (5.0, 5.0), (0.0, 5.0)]),))


def test_an_occluder_without_a_region_fails_that_face_alone():
    """Its error names the face; the painter lists it and goes on with the others."""
    points = points_of(3)
    shifted = points + np.array([20 - points[0, 0], 0])
    with pytest.raises(DataError, match=r"no region on 'odd': .*convex"):
        cover(Face(picture(1), Landmarks68(shifted), 0), "odd", Choosy())
    fitting = points + np.array([5 - points[0, 0], 0])
    done = cover(Face(picture(1), Landmarks68(fitting), 0), "fine", Choosy())
    assert (done[:6, :6] == 0).all()
