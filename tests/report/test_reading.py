"""The sentences that read out the result."""

from __future__ import annotations

import re
from dataclasses import replace
from math import sqrt

import pytest

from occbench.matrix.cells import Matrix
from occbench.report.reading import read_out
from occbench.report.study import NORMAL
from tests.report.made_facts import make_confusion, make_facts, make_matrix


def read(counts, **changes):
    """The sentences about a matrix of 4,000 faces, without confusion matrices."""
    return read_out(make_facts(matrix=make_matrix(counts, n=4000), **{"confusions": {}, **changes}))


def trained(normal, occluded, train="normal"):
    """The two tests of one training, a count or a list of counts each."""
    seeds = [counts if isinstance(counts, list) else [counts] for counts in (normal, occluded)]
    return {(train, "normal"): seeds[0], (train, "occluded"): seeds[1]}


def interval(one, other, n=4000):
    """1.96 standard errors around a difference of shares of faces drawn apart, in points."""
    half = 1.96 * sqrt((one * (1 - one) + other * (1 - other)) / n)
    return 100 * (one - other - half), 100 * (one - other + half)


def numbers(text):
    """The two numbers in the last brackets of a text."""
    return [float(part) for part in re.findall(r"\(([-+\d.]+)(?:-| to )([-+\d.]+)", text)[-1]]


def test_a_clear_drop():
    """60 to 30 % is a loss of half; the ends of its interval are 2.1 points away."""
    (sentence,) = read(trained(2400, 1200))
    begin, _, end = sentence.partition(": ")
    assert begin == (
        "Trained on normal faces, accuracy falls from 60.0 % (58.5-61.5) on uncovered faces to "
        "30.0 % (28.6-31.4) on covered ones"
    )
    assert re.fullmatch(r"30\.0 \([\d.]+-[\d.]+\) points are lost, 50\.0 % of it\.", end)
    assert numbers(end) == pytest.approx(interval(0.6, 0.3), abs=0.3)


def test_no_difference():
    """50.0 and 49.5 % of 4,000 faces: the interval holds zero, and the words say so."""
    (sentence,) = read(trained(2000, 1980))
    begin, _, end = sentence.partition(": ")
    assert begin.endswith(
        "is 50.0 % (48.5-51.5) on uncovered faces and 49.5 % (48.0-51.0) on covered ones"
    )
    assert end.startswith("no difference shown (")
    assert numbers(end) == pytest.approx(interval(0.5, 0.495), abs=0.3)
    assert not any(word in sentence for word in ("falls", "lost", "loss", "gain"))


def test_overlapping_intervals_may_hide_a_difference():
    """50.0 and 47.5 % have intervals that meet; on the same faces the difference is shown."""
    (sentence,) = read(trained(2000, 1900))
    assert "50.0 % (48.5-51.5)" in sentence
    assert "47.5 % (46.0-49.0)" in sentence
    assert "accuracy falls" in sentence


def test_a_rise_is_not_called_a_loss():
    """Accuracy that rises under cover is said to rise."""
    (sentence,) = read(trained(1200, 2400))
    assert "accuracy rises from 30.0 %" in sentence
    assert "30.0 (" in sentence
    assert sentence.endswith(") points are gained.")
    assert "lost" not in sentence


def test_a_recovery():
    """From 30 to 45 % is half the way back to 60 %; 59.75 % is no price."""
    _, sentence = read(trained(2400, 1200) | trained(2390, 1800, "occluded"))
    found = re.fullmatch(
        r"Trained on occluded faces, covered faces reach 45\.0 % \(43\.5-46\.5\), 15\.0 \((.*?)\) "
        r"points more than with normal training, which recovers 50 % \((\d+) to (\d+)\) of the "
        r"loss; on uncovered faces, at 59\.8 % \(58\.2-61\.3\), no difference shown \(.*\)\.",
        sentence,
    )
    assert [float(end) for end in found[1].split("-")] == pytest.approx(
        interval(0.45, 0.3), abs=0.3
    )
    # To first order the ratio moves by (dB - (1 - r) dA - r dN) / D, with r = 1/2, D = 0.3.
    half = 196 * sqrt((0.2475 + 0.25 * 0.21 + 0.25 * 0.24) / 4000) / 0.3
    assert (float(found[2]), float(found[3])) == pytest.approx((50 - half, 50 + half), abs=1.5)


def test_a_recovery_with_a_price():
    """From 60 to 50 % on uncovered faces is named."""
    _, sentence = read(trained(2400, 1200) | trained(2000, 1800, "occluded"))
    assert re.search(
        r"; on uncovered faces, at 50\.0 % \(48\.5-51\.5\), 10\.0 \([\d.-]+\) points less\.",
        sentence,
    )


def test_more_than_the_whole_loss():
    """65 % under cover is 35 of 30 lost points: more than the whole way back."""
    _, sentence = read(trained(2400, 1200) | trained(2400, 2600, "mixed-paired"))
    assert re.search(r"35\.0 \(.*?\) points more than .* recovers 117 % \(\d+ to \d+\)", sentence)


def test_no_gain():
    """31 against 30 % of 4,000 faces is no gain, and no share of the loss is named."""
    _, sentence = read(trained(2400, 1200) | trained(2400, 1240, "occluded"))
    assert ": no difference shown (" in sentence
    assert "against normal training" in sentence
    assert "recovers" not in sentence


def test_a_gain_without_a_loss_recovers_nothing():
    """Where normal training lost nothing, there is nothing to recover."""
    _, sentence = read(trained(2000, 1980) | trained(2000, 2600, "occluded"))
    assert re.search(r"15\.5 \(.*?\) points more than with normal training;", sentence)
    assert "recovers" not in sentence


def test_a_training_that_makes_it_worse():
    """Fewer points are said to be fewer."""
    _, sentence = read(trained(2400, 1200) | trained(2400, 800, "occluded"))
    assert re.search(r"10\.0 \(.*?\) points less than with normal training", sentence)
    assert "recovers" not in sentence


def test_seeds_are_judged_together():
    """Means of 50 and 40 % differ though one seed of each had 45 %: the interval says so too."""
    sentences = read(trained([2200, 1800], [1400, 1800]))
    begin, _, end = sentences[0].partition(": ")
    assert begin == (
        "Trained on normal faces, accuracy falls from 50.0 % (± 7.1) on uncovered faces to "
        "40.0 % (± 7.1) on covered ones"
    )
    assert numbers(end)[0] > 0
    assert sentences[-1] == (
        "Numbers are means over 2 seeds, ± is the standard deviation; a difference is tested "
        "over the seeds together."
    )


def with_p(facts, p):
    """The same facts as if Holm's correction had given every comparison this p."""
    study = facts.studies["best"]
    table = study.comparisons
    comparisons = tuple(
        replace(one, tested=replace(one.tested, adjusted=p)) for one in table.comparisons
    )
    told = replace(study, comparisons=replace(table, comparisons=comparisons))
    return replace(facts, studies={"best": told})


def test_what_only_the_correction_takes_away_is_said_so():
    """The interval leaves zero out, so "no difference" beside it would contradict it."""
    counts = trained(2400, 1200) | trained(2400, 1800, "occluded")
    facts = make_facts(matrix=make_matrix(counts, n=4000), confusions={})
    first, second = read_out(with_p(facts, 0.08))
    assert first == (
        "Trained on normal faces, accuracy is 60.0 % (58.5-61.5) on uncovered faces and 30.0 % "
        "(28.6-31.4) on covered ones: a difference is not shown after Holm's correction (p 0.080)."
    )
    assert second.startswith(
        "Trained on occluded faces, covered faces reach 45.0 % (43.5-46.5): a difference is not "
        "shown after Holm's correction (p 0.080) against normal training; on uncovered faces, at "
        "60.0 % (58.5-61.5), no difference shown ("
    )


def test_a_matrix_without_covered_faces():
    """Its accuracy and interval come first; other trainings are held against it."""
    counts = {("normal", "normal"): [2400], ("occluded", "normal"): [1200]}
    first, second = read(counts)
    assert first == "Trained on normal faces, accuracy is 60.0 % (58.5-61.5) on uncovered faces."
    assert second.startswith(
        "Trained on occluded faces, accuracy is 30.0 % (28.6-31.4) on uncovered faces; against "
        "normal training on uncovered faces: 30.0 ("
    )
    assert second.endswith(") points less.")


def test_accuracies_are_those_of_the_faces_that_are_compared():
    """The table has 4,000 and 3,000 faces, all columns show the same 2,000: 60 and 30 % there."""
    counts = trained(1200, 600)
    shared = make_facts(matrix=make_matrix(counts, n=2000), confusions={}).studies
    one, other = (make_matrix(trained(1000, 2200), n=n).cells for n in (4000, 3000))
    whole = Matrix.of(
        [*(c for c in one if c.test == NORMAL), *(c for c in other if c.test != NORMAL)]
    )
    first, second = read_out(make_facts(matrix=whole, studies=shared, confusions={}))
    assert first.startswith(
        "Trained on normal faces, accuracy falls from 60.0 % (57.8-62.1) on uncovered faces to "
        "30.0 % (28.0-32.0) on covered ones: 30.0 ("
    )
    assert second == (
        "These accuracies and differences are those of the 2,000 faces that stand in every "
        "column; the table has all faces of each."
    )


def test_without_pairs_nothing_is_judged():
    """Columns of different faces have numbers, and no word on their difference."""
    shown = trained(2400, 1200) | trained(2400, 1800, "occluded")
    assert read(shown, studies={}) == [
        "Trained on normal faces, accuracy is 60.0 % (58.5-61.5) on uncovered faces and 30.0 % "
        "(28.6-31.4) on covered ones.",
        "Trained on occluded faces, covered faces reach 45.0 % (43.5-46.5).",
    ]


def test_the_classes_that_suffer():
    """They are named by the size of the loss; 70 to 65 % of 100 faces is none."""
    sentences = read_out(make_facts())
    assert (
        "The classes that suffer most: fear (90.0 to 20.0 %, -70.0 points) and sad (60.0 to "
        "40.0 %, -20.0 points), by recall under normal training."
    ) in sentences


def test_no_class_suffers():
    """70 to 65 % of 100 faces each names nobody."""
    same = {
        ("normal", test, 0, "best"): make_confusion([right] * 4)
        for test, right in (("normal", 70), ("occluded", 65))
    }
    sentences = read(trained(2400, 1200), confusions=same)
    assert "No single class is shown to lose recall under normal training." in sentences


def test_the_scale():
    """30 of 60 faces are happy: always saying so reaches half, and 50.5 % is not above it."""
    confusion = make_confusion([5, 5, 5, 5], faces=10)
    confusion[2, 2] = 25
    shown = {("normal", "normal", 0, "best"): confusion}
    sentences = read(trained(2020, 1200), confusions=shown)
    assert sentences[1:] == [
        "For scale: always answering happy would reach 50.0 %.",
        "Trained on normal faces, accuracy on its own kind of faces (normal, 50.5 % "
        "(49.0-52.0)) is not clearly above that, so its row tells little.",
    ]


def test_without_normal_training():
    """Only what remains is read, and nothing is compared."""
    assert read(trained(2400, 1200, "occluded")) == [
        "Trained on occluded faces, covered faces reach 30.0 % (28.6-31.4); without normal "
        "training there is nothing to compare it with."
    ]


def test_without_cells():
    """An empty matrix is said to be empty."""
    empty = {place: [None] for place in trained(1, 1)}
    assert read(empty) == ["No cell of the matrix is known yet, so there is nothing to read out."]
