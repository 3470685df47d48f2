"""``occbench list backbones``: what each network is and what was published for it."""

from __future__ import annotations

import json

from occbench.models.facts import backbone_facts


def test_backbones_in_json_carry_their_facts(call):
    """Also where all kinds are listed; other kinds stay one line for each name."""
    alone = json.loads(call("list", "backbones", "--json").stdout)["backbones"]
    among = json.loads(call("list", "--json").stdout)
    assert among["backbones"] == alone
    assert alone["report-000"]["reported"] == backbone_facts("report-000")["reported"]
    assert all(isinstance(text, str) for text in among["recipes"].values())
    (step3,) = (
        each for each in alone["report-000"]["reported"] if each["spec"] == "report-000(step=3)"
    )
    assert (step3["input"], step3["parameters"], step3["accuracy"]) == (
        [48, 48, 1],
        126_967,
        0.5533,
    )
    assert step3["contaminated"] is None


def test_backbones_in_text_carry_their_facts_only_where_they_are_asked_for(call):
    """One line for each name in the list of everything."""
    text = " ".join(call("list", "backbones").stdout.split())
    assert "report-000(step=6), 48 x 48 x 1, 7 classes: 268,983 parameters; reported 74.27%" in text
    assert "contaminated: mirrored or shifted copies were made before the split" in text
    everything = call("list").stdout
    assert "  report-000  " in everything
    assert "reported" not in everything
