"""Digests of values, parts and files."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.core.digest import digest, digest_int, file_digest, short_digest

_KEYS = st.text(max_size=5)
_PART = st.text("abü,", max_size=2)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


def reordered(value):
    """The same value with the keys of every dict the other way round."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(value=_JSON)
def test_the_order_of_keys_is_irrelevant(value):
    """At every depth."""
    assert digest(reordered(value)) == digest(value)


def test_a_digest_is_sha_256_of_compact_json():
    """Written out by hand, with non-ASCII escaped."""
    expected = hashlib.sha256(rb'{"a":[1,2.5,null,true],"b":"\u00fc"}').hexdigest()

    assert digest({"b": "ü", "a": [1, 2.5, None, True]}) == expected


def test_a_known_digest_is_pinned():
    """The SHA-256 of two brackets, from any other tool: printf '[]' | sha256sum."""
    expected = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"

    assert digest([]) == expected
    assert short_digest([]) == "4f53cda18c"


@pytest.mark.parametrize(
    ("one", "other"),
    [([1, 2], [2, 1]), ("1", 1), (1, True), (None, "null"), ({"a": 1}, {"a": 2}), ([], {})],
)
def test_different_values_have_different_digests(one, other):
    """Order in lists and types of values count."""
    assert digest(one) != digest(other)


@given(
    one=st.lists(_PART, min_size=1, max_size=4),
    other=st.lists(_PART, min_size=1, max_size=4),
)
def test_digest_int_separates_its_parts(one, other):
    """Equal numbers mean equal parts: "a", "bc" is not "ab", "c"."""
    assert (digest_int(*one) == digest_int(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"), [(("a", "bc"), ("ab", "c")), (("ab",), ("a", "b")), ((1, 23), (12, 3))]
)
def test_parts_do_not_run_together(one, other):
    """The commonest collisions."""
    assert digest_int(*one) != digest_int(*other)


def test_digest_int_is_the_head_of_a_sha_256():
    """Eight bytes, the first one highest."""
    expected = int(hashlib.sha256(b"7\x1fmode\x1f12.jpg").hexdigest()[:16], 16)

    assert digest_int(7, "mode", "12.jpg") == expected


def test_digest_int_takes_names_that_are_no_utf_8():
    """The bytes of the file name are what counts."""
    name = b"\xff.jpg".decode("utf-8", "surrogateescape")

    assert digest_int(name) == int(hashlib.sha256(b"\xff.jpg").hexdigest()[:16], 16)


@pytest.mark.parametrize("size", [0, 1, 2**18 + 1])
def test_a_files_digest_is_that_of_its_bytes(size, tmp_path):
    """Empty files and those larger than a buffer."""
    data = bytes(range(251)) * (size // 251) + bytes(size % 251)
    path = tmp_path / "data"
    path.write_bytes(data)

    assert file_digest(path) == hashlib.sha256(data).hexdigest()
