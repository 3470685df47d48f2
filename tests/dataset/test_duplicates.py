"""Copies: identical images, near copies, and who is linked to whom."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.dataset import duplicates
from occbench.dataset.duplicates import NEAR, clusters, identical, near_links
from occbench.dataset.fingerprint import THUMB, fingerprint
from tests.makers import picture


def test_identical_groups_in_order() -> None:
    """Positions of equal keys, groups by their first position; a key of its own is no group."""
    keys = [b"a", b"b", b"c", b"b", b"a", b"d", b"b"]
    assert identical(keys) == [[0, 4], [1, 3, 6]]
    assert identical([]) == []


LINKS = st.integers(1, 24).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=30),
    )
)


@given(LINKS)
def test_clusters_are_connected_components(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    """Each position gets the smallest that a search through the graph can reach from it."""
    count, links = drawn
    neighbours: dict[int, set[int]] = {place: set() for place in range(count)}
    for one, other in links:
        neighbours[one].add(other)
        neighbours[other].add(one)
    expected = []
    for start in range(count):
        seen, waiting = {start}, [start]
        while waiting:
            for place in neighbours[waiting.pop()] - seen:
                seen.add(place)
                waiting.append(place)
        expected.append(min(seen))
    assert clusters(count, links).tolist() == expected


def thumbs_of(count: int, seed: int) -> np.ndarray:
    """Smooth random thumbnails; every other one is a disturbed copy of the one before."""
    rng = np.random.default_rng(seed)
    thumbs = []
    for place in range(count):
        if place % 2 == 0:
            small = rng.integers(0, 256, (7, 7)).astype(np.float64)
            image = cv2.resize(small, (THUMB, THUMB), interpolation=cv2.INTER_LINEAR)
        else:
            image = (
                0.7 * image + rng.uniform(0, 60) + rng.normal(0, (place % 5) ** 2, (THUMB, THUMB))
            )
        thumbs.append(image.clip(0, 255).round())
    return np.array(thumbs, dtype=np.uint8)


@pytest.mark.parametrize("threshold", [0.5, 0.8, NEAR, 0.96])
@pytest.mark.parametrize("block", [2048, 7])
def test_near_links_are_those_of_numpy(
    threshold: float, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same clusters as by ``numpy.corrcoef`` of all with all, in blocks of any size.

    Pairs that only just pass are apart from it: they may fall at 12 x 12.
    """
    monkeypatch.setattr(duplicates, "_BLOCK", block)
    monkeypatch.setattr(duplicates, "_CELLS", block * 60)
    thumbs = thumbs_of(60, 5)
    everything = np.corrcoef(thumbs.reshape(60, -1))
    found = near_links(thumbs, threshold)
    rows, columns = np.triu_indices(60, 1)
    values = everything[rows, columns]
    sure = {(int(a), int(b)) for a, b, v in zip(rows, columns, values, strict=True)
            if v >= threshold + 0.02}  # fmt: skip
    possible = {(int(a), int(b)) for a, b, v in zip(rows, columns, values, strict=True)
                if v >= threshold - 1e-12}  # fmt: skip
    assert set(found) <= possible
    roots = clusters(60, found)
    assert all(roots[one] == roots[other] for one, other in sure)
    assert found == sorted(found)
    assert len(found) < 60
    assert len(sure) >= 10


def test_correlation_at_the_threshold_is_exact() -> None:
    """A copy with other tone correlates with 1 exactly, so even the threshold 1 finds it."""
    image = thumbs_of(1, 3)[0] // 4
    assert near_links(np.stack([image, image * 2 + 9, 200 - image]), 1.0) == [(0, 1)]


def alike(count: int) -> np.ndarray:
    """Thumbnails of one photo in slightly other tones."""
    image = thumbs_of(1, 3)[0] // 4
    return np.stack([image * 2 + np.uint8(place % 100) for place in range(count)])


def test_alike_thumbnails_are_linked_once() -> None:
    """Of the 44,850 pairs of 300 like thumbnails 299 are enough."""
    assert near_links(alike(300), 0.9) == [(0, place) for place in range(1, 300)]


def test_a_late_bridge_to_a_cluster_is_one_link() -> None:
    """0 and 1 differ, and each is like all of 2 to 9: nine links join the ten."""
    rng = np.random.default_rng(4)
    one, other = (cv2.resize(rng.normal(0, 1, (7, 7)), (THUMB, THUMB)) for _ in range(2))
    between = [one + other + 0.01 * place * one for place in range(8)]
    thumbs = np.stack([(128 + 20 * image).clip(0, 255) for image in (one, other, *between)])
    links = near_links(thumbs.astype(np.uint8), 0.5)
    assert (0, 1) not in links
    assert len(links) == 9
    assert set(clusters(10, links).tolist()) == {0}


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        # Two people and a face of nobody known, which goes to the first of them.
        ([0, 1, -3, 0], [[0, 2, 3], [1]]),
        ([-1, 1, 2, 2], [[0, 1], [2, 3]]),
        # Copies 0 and 3 stay together, so what joins one of them to a person joins both.
        ([-1, 1, 2, -1], [[0, 1, 3], [2]]),
        ([0, 1, 2, 3], [[0], [1], [2], [3]]),
        ([-1, -2, -3, -4], [[0, 1, 2, 3]]),
    ],
)
def test_no_chain_joins_two_people(sides: list[int], expected: list[list[int]]) -> None:
    """However alike faces are, a cluster holds one person at most."""
    links = near_links(alike(4), NEAR, np.array(sides, dtype=np.intp))
    found: dict[int, list[int]] = {}
    for place, root in enumerate(clusters(4, links).tolist()):
        found.setdefault(root, []).append(place)
    assert list(found.values()) == expected


def edits() -> dict[str, object]:
    """Ways in which a copy of a photo differs from it."""

    def jpeg(image: np.ndarray) -> np.ndarray:
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
        return cv2.imdecode(data, cv2.IMREAD_UNCHANGED)

    def text(image: np.ndarray) -> np.ndarray:
        written = image.copy()
        cv2.putText(written, "photo", (4, 90), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255,) * 3, 1)
        return written

    return {
        "brighter": lambda image: cv2.add(image, (25, 25, 25, 0)),
        "less contrast": lambda image: (image * 0.6 + 40).astype(np.uint8),
        "text": text,
        "jpeg": jpeg,
        "smaller": lambda image: cv2.resize(image, (60, 60), interpolation=cv2.INTER_AREA),
        "grey": lambda image: cv2.cvtColor(image, cv2.COLOR_RGB2GRAY),
    }


@pytest.mark.parametrize("edit", edits())
def test_edited_photos_are_near_copies(edit: str) -> None:
    """The photo and its edited copy are a near pair and not identical; other photos are neither."""
    image = picture(1, side=96)
    prints = [fingerprint(i) for i in (image, edits()[edit](image), picture(2, side=96))]
    assert identical([p.key for p in prints]) == []
    assert near_links(np.stack([p.thumb for p in prints]), NEAR) == [(0, 1)]


def test_keys_tell_shapes_apart() -> None:
    """Equal bytes in another shape are another image; equal pixels are the same."""
    image = np.arange(64, dtype=np.uint8)
    wide, high = image.reshape(4, 16), image.reshape(16, 4)
    assert fingerprint(wide).key != fingerprint(high).key
    assert fingerprint(wide).key == fingerprint(wide.copy()).key
    assert fingerprint(wide).size == (16, 4)
    one = wide.copy()
    one[3, 3] ^= 1
    assert fingerprint(one).key != fingerprint(wide).key


def test_constant_images_are_known() -> None:
    """One colour everywhere is constant, in grey and in colour; a single other pixel is not."""
    grey, colour = np.full((9, 9), 7, np.uint8), np.full((9, 9, 3), (7, 8, 9), np.uint8)
    assert fingerprint(grey).constant
    assert fingerprint(colour).constant
    grey[4, 4] = 8
    colour[4, 4, 2] = 8
    assert not fingerprint(grey).constant
    assert not fingerprint(colour).constant
