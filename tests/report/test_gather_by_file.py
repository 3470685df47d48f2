"""A report says that validation was drawn by file."""

from __future__ import annotations

from dataclasses import replace

from occbench.report.gather import gather
from occbench.splits.partitioning import Partitioning
from tests.matrix.test_record import PLAN, made


def test_a_report_says_how_validation_was_drawn(tmp_path):
    """Among the facts, and among the warnings with the number of faces in both parts."""
    how = Partitioning(val_fraction=0.5, val_by="file", seed=2)
    facts = gather(made(tmp_path / "file", replace(PLAN, partitions=how)))
    assert ("partitions", "official, validation by file, leaky") in facts.facts
    (warning,) = facts.warnings
    assert warning.startswith("mixed-paired: Validation was drawn by file: ")


def test_a_sound_report_says_nothing_of_it(tmp_path):
    """Official partitions, and no warning."""
    facts = gather(made(tmp_path / "face"))
    assert ("partitions", "official") in facts.facts
    assert facts.warnings == ()
