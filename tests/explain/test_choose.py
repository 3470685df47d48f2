"""Which run, which faces and how they are shown, with a sentence for each that cannot be had."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from occbench.errors import DataError, StaleState, UnknownName
from occbench.explain.choose import _is_count, choose
from occbench.explain.plan import Wish, plan_explanation
from occbench.explain.subject import find_subject
from occbench.training.run import State
from tests.explain.asked import make_asked

VAL = {"f12": 0, "f13": 1, "f14": 2, "f15": 0, "f16": 1, "f17": 2}


@pytest.fixture
def asked(tmp_path):
    """A workspace and the folder of its run."""
    return make_asked(tmp_path)


@pytest.fixture
def subject(asked):
    """The run, found."""
    return find_subject(asked[0], asked[1].name)


def test_a_run_is_found_with_all_it_needs(asked, subject):
    """The epoch is the one that validation chose."""
    assert (subject.run, subject.epoch) == (asked[1].name, 2)
    assert subject.classes == ("angry", "happy", "sad")
    assert subject.weights == asked[1] / "best.weights.h5"
    assert set(subject.split.parts["val"]["id"]) == set(VAL)
    before = subject.weights_digest()
    subject.weights.write_bytes(b"other")
    assert subject.weights_digest() != before


def test_what_is_no_ended_run_is_refused(asked):
    """One that is not there, has not ended, has lost its weights, or whose split is gone."""
    workspace, folder = asked
    with pytest.raises(UnknownName, match=r"Unknown run 'normal-seed0-1'\. Did you mean"):
        find_subject(workspace, "normal-seed0-1")
    state = State.read(folder)
    replace(state, status="running").write(folder)
    with pytest.raises(DataError, match="has not ended, so there is no epoch to explain"):
        find_subject(workspace, folder.name)
    state.write(folder)
    (folder / "best.weights.h5").unlink()
    with pytest.raises(DataError, match="has lost its weights"):
        find_subject(workspace, folder.name)
    (folder / "best.weights.h5").touch()
    path = workspace.manifest("small")
    path.write_text(path.read_text().replace("angry", "happy", 1))
    with pytest.raises((DataError, StaleState)):
        find_subject(workspace, folder.name)
    shutil.rmtree(workspace.splits())
    with pytest.raises(DataError, match=r"The split of the run .* is gone"):
        find_subject(workspace, folder.name)


def test_some_of_each_class_in_the_order_of_the_classes(subject):
    """All of them, or one each; the first of each class is an example."""
    every = choose(subject, "val")
    assert dict(zip(every.ids, every.labels, strict=True)) == VAL
    assert every.labels == (0, 0, 1, 1, 2, 2)
    assert every.examples == every.ids[::2]
    assert every.example_rows == [0, 2, 4]
    one = choose(subject, "val", per_class=1)
    assert one.ids == one.examples == every.examples


def test_a_number_takes_the_classes_in_turn(subject):
    """The first of each class, then the second, and no more than there are."""
    every = choose(subject, "val")
    four = choose(subject, "val", ["4"])
    assert four.labels == (0, 1, 2, 0)
    assert four.ids[:3] == every.examples
    assert four.examples == four.ids
    assert len(choose(subject, "val", ["400"])) == 6
    with pytest.raises(DataError, match="--faces is 0; expected 1 or more"):
        choose(subject, "val", ["0"])


def test_an_id_of_digits_is_no_number(subject):
    """A face of another part is refused, and zeros ahead are never a number of faces."""
    ids = {"17", "003"}
    assert [_is_count(text, ids) for text in ("16", "17", "003", "004", "0", "x")] == [
        True,
        False,
        False,
        False,
        True,
        False,
    ]
    with pytest.raises(DataError, match="has no face '004'"):
        choose(subject, "val", ["004"])


def test_named_faces_are_taken_as_they_are(subject):
    """In their order, each once."""
    chosen = choose(subject, "val", ["f17", "f12", "f17"])
    assert (chosen.ids, chosen.labels) == (("f17", "f12"), (2, 0))
    assert chosen.examples == chosen.ids


@pytest.mark.parametrize(
    ("part", "face", "words"),
    [
        ("val", "f99", r"has no face 'f99'. The val part has 6, such as f1\d"),
        ("val", "f20", "'f20' stands in test, not in val. Take faces of it with --part test"),
        ("test", "f12", "'f12' stands in val, not in test. Take faces of it with --part val"),
        ("val", "f3", "'f3' stands in train, not in val. The network has learnt from it"),
        ("val", "12", "has no face '12'"),
    ],
)
def test_a_face_that_cannot_be_had_is_told(part, face, words, subject):
    """And where it stands."""
    with pytest.raises(DataError, match=words):
        choose(subject, part, [face, "f13"] if face == "12" else [face])


def test_a_face_that_was_left_out_is_told(tmp_path, subject):
    """It stands in no part; here the table of val has lost it."""
    table = subject.split.parts["val"]
    parts = {**subject.split.parts, "val": table[table["id"] != "f14"]}
    shorter = replace(subject, split=replace(subject.split, parts=parts))
    with pytest.raises(DataError, match="'f14' stands in no part of the split"):
        choose(shorter, "val", ["f14"])
    empty = replace(subject.split, parts={**parts, "val": table[:0]})
    with pytest.raises(DataError, match=r"The val part of the split .* has no face"):
        choose(replace(subject, split=empty), "val")


def test_a_variant_is_spelt_out(tmp_path):
    """The split's own occluder; a split without one stands for the plain headset."""
    normal, occluded = (
        find_subject(workspace, folder.name)
        for workspace, folder in (
            make_asked(tmp_path / "normal"),
            make_asked(tmp_path / "occluded", mode="occluded"),
        )
    )
    assert normal.variant("normal") == "normal"
    assert normal.variant("occluded") == "headset"
    assert occluded.variant("occluded") == "headset(scale=1.1)"
    assert normal.variant("headset(scale=1.0)") == "headset"
    with pytest.raises(UnknownName, match="Unknown occluder 'hedset'"):
        normal.variant("hedset")


def test_a_plan_names_the_faces_that_are_seen(subject):
    """Kernels need none, activations the examples, maps some of each class, regions all."""
    assert plan_explanation(subject, Wish(methods=("kernels",))).seen == set()
    some = plan_explanation(subject, Wish(methods=("grad-cam",), per_class=1))
    assert some.seen == set(some.few.ids)
    assert len(some.seen) == 3
    assert len(plan_explanation(subject, Wish(methods=("activations",))).seen) == 3
    assert plan_explanation(subject, Wish(methods=("regions",))).seen == set(VAL)
    with pytest.raises(DataError, match="A patch of 40 pixels leaves nothing of faces of 40"):
        plan_explanation(subject, Wish(patch=40))
    with pytest.raises(DataError, match="A stride of 9 pixels leaves pixels between patches of 8"):
        plan_explanation(subject, Wish(patch=8, stride=9))


def test_faces_without_landmarks_cannot_be_shown_occluded(tmp_path, capsys):
    """They are named and left out; if there are no others, nothing is left to do."""
    workspace, folder = make_asked(tmp_path, without=[13, 14])
    subject = find_subject(workspace, folder.name)
    plan = plan_explanation(subject, Wish(variant="occluded", methods=("sensitivity",)))
    assert set(plan.few.ids) == set(VAL) - {"f13", "f14"}
    words = "No usable landmarks, so left out of what is shown as 'headset': 2 of 6 faces ("
    assert words in capsys.readouterr().err
    # Whichever face of a class is left is its example.
    assert [VAL[face] for face in plan.few.examples] == [0, 1, 2]
    assert set(plan.few.examples) <= set(plan.few.ids)
    named = plan_explanation(subject, Wish(variant="occluded", faces=("f13", "f12", "f15", "f14")))
    assert named.few.examples == named.many.examples == ("f12", "f15")
    assert set(plan_explanation(subject, Wish()).few.ids) == set(VAL)
    with pytest.raises(DataError, match=r"None of the faces chosen \(1\) has usable landmarks"):
        plan_explanation(subject, Wish(variant="headset", faces=("f13",)))


def test_the_facts_of_the_run_say_its_classes(asked):
    """Where they do, they count, and not the data set's."""
    workspace, folder = asked
    values = json.loads((folder / "state.json").read_text())
    values["facts"]["classes"] = ["happy", "sad", "angry"]
    (folder / "state.json").write_text(json.dumps(values))
    subject = find_subject(workspace, folder.name)
    assert choose(subject, "val", ["f12"]).labels == (2,)
