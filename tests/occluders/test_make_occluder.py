"""From a spec to an occluder, its canonical name and its seeds."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occbench.errors import SpecError, UnknownName
from occbench.occluders.base import (
    REGISTRY,
    face_seed,
    make_occluder,
    parameters,
    variant_name,
)
from occbench.occluders.gear_vr import GearVR
from occbench.occluders.headset import Headset

SAME = [
    "headset",
    "headset()",
    " headset ( ) ",
    "headset(scale=1)",
    "headset(scale=1.0, seed=0)",
    "headset(device='quest-2')",
    'headset(fill="black", centre="eyes", aspect=None)',
]


@pytest.mark.parametrize("text", SAME)
def test_spellings_of_the_default_are_one_occluder(text):
    """Equal, with the same name, hash and seeds."""
    occluder = make_occluder(text)

    assert occluder == Headset()
    assert hash(occluder) == hash(Headset())
    assert variant_name(occluder) == "headset"
    assert face_seed(occluder, "x") == face_seed(Headset(), "x")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("headset(scale=1.1, device='gear-vr')", 'headset(device="gear-vr", scale=1.1)'),
        ("headset(seed=3,fill='noise',scale=2)", 'headset(fill="noise", scale=2.0, seed=3)'),
        ("headset(fill=[1, 2, 3])", "headset(fill=(1, 2, 3))"),
        ("headset(aspect=1, scale=1.0)", "headset(aspect=1.0)"),
        ("gear_vr", "gear-vr"),
        ("gear-vr(fill='black')", "gear-vr"),
    ],
)
def test_the_canonical_spelling_sorts_and_drops_defaults(text, canonical):
    """One configuration has one name, and that name reads back."""
    assert variant_name(make_occluder(text)) == canonical
    assert variant_name(make_occluder(canonical)) == canonical


@given(
    scale=st.floats(0.01, 5),
    aspect=st.none() | st.floats(0.01, 5),
    device=st.sampled_from(["quest-2", "gear-vr"]),
    centre=st.sampled_from(["eyes", "temples"]),
    fill=st.sampled_from(["black", "mean", "noise"]) | st.tuples(*[st.integers(0, 255)] * 3),
    seed=st.integers(0, 2**70),
)
def test_every_occluder_is_rebuilt_from_its_name(scale, aspect, device, centre, fill, seed):
    """No digit of a number is lost on the way through text."""
    occluder = Headset(device, scale, aspect, centre, fill, seed)

    assert make_occluder(variant_name(occluder)) == occluder


def test_an_unknown_occluder_suggests_the_nearest():
    """The message lists all that are known."""
    with pytest.raises(UnknownName, match=r"occluder 'hedset'.*Did you mean 'headset'\?") as caught:
        make_occluder("hedset")

    assert ", ".join(REGISTRY.names()) in str(caught.value)


@pytest.mark.parametrize("name", ["base", "paint", "rules", "devices", "headset-", "HEADSET"])
def test_modules_and_near_misses_are_no_occluders(name):
    """Only registered names are imported."""
    with pytest.raises((UnknownName, SpecError)):
        make_occluder(name)


def test_an_unknown_parameter_lists_the_known_ones():
    """Sorted, and by the occluder's name."""
    with pytest.raises(SpecError) as caught:
        make_occluder("headset(width=2, scale=1)")

    assert "'headset' has no parameter 'width'" in str(caught.value)
    assert "Known: aspect, centre, device, fill, scale, seed." in str(caught.value)


def test_an_unknown_device_suggests_the_nearest():
    """The device's own error comes through."""
    with pytest.raises(UnknownName, match=r"device 'quest2'.*Did you mean 'quest-2'\?"):
        make_occluder("headset(device='quest2')")


@pytest.mark.parametrize("text", ["headset(scale=0)", "headset(fill='x')", "gear-vr(seed=-1)"])
def test_values_out_of_range_are_spec_errors(text):
    """Rules are checked when the occluder is made."""
    with pytest.raises(SpecError):
        make_occluder(text)


def test_parameters_hold_everything_that_decides_the_region():
    """Defaults included, as JSON can hold them."""
    assert parameters(make_occluder("gear-vr")) == {"name": "gear-vr", "fill": "black", "seed": 0}
    assert parameters(Headset(scale=2)) == {
        "name": "headset",
        "device": "quest-2",
        "scale": 2.0,
        "aspect": None,
        "centre": "eyes",
        "fill": "black",
        "seed": 0,
    }


def test_face_seeds_are_pinned():
    """SHA-256 over the parameters' digest and the id, joined by the unit separator."""
    canonical = (
        '{"aspect":null,"centre":"eyes","device":"quest-2","fill":"black",'
        '"name":"headset","scale":1.0,"seed":0}'
    )
    identity = hashlib.sha256(canonical.encode()).hexdigest()
    text = hashlib.sha256(f"{identity}\x1fimages/7.jpg".encode()).hexdigest()

    seed = face_seed(make_occluder("headset"), "images/7.jpg")

    assert seed == int(text[:16], 16) == 17785089545575833106


def test_face_seeds_depend_on_id_seed_and_parameters():
    """Changing any one of them changes the seed; nothing else exists to change."""
    seeds = [
        face_seed(occluder, face)
        for occluder in (Headset(), Headset(seed=1), Headset(scale=1.5), GearVR(), GearVR(seed=1))
        for face in ("1", "2", "01", "ü", "")
    ]

    assert len(set(seeds)) == 25
    assert all(0 <= seed < 2**64 for seed in seeds)


def test_face_seeds_do_not_depend_on_the_faces_before():
    """Asked in any order and any number of times, a face keeps its seed."""
    ids = [f"{number}.jpg" for number in range(50)]
    forward = {face: face_seed(Headset(), face) for face in ids}

    assert {face: face_seed(Headset(), face) for face in reversed(ids)} == forward
    assert face_seed(Headset(), "17.jpg") == forward["17.jpg"]


def test_a_face_id_that_is_no_unicode_has_a_seed():
    """Linux file names are bytes; those that are no UTF-8 arrive with surrogates."""
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")

    assert face_seed(Headset(), name) != face_seed(Headset(), "caf.jpg")


def test_face_seeds_are_spread_evenly():
    """The mean of a thousand uniform fractions lies within four standard errors of a half."""
    mean = sum(face_seed(Headset(), str(number)) / 2**64 for number in range(1000)) / 1000

    assert abs(mean - 0.5) < 4 * (1 / 12 / 1000) ** 0.5
