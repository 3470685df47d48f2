"""Facts of backbones: what is published, what of it is contaminated, all of it without Keras."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from occbench.core.spec import parse_spec
from occbench.models.base import REGISTRY, resolve_backbone
from occbench.models.facts import backbone_facts, backbone_lines


@pytest.mark.parametrize("name", REGISTRY.names())
def test_facts_are_plain_values_with_a_source(name):
    """JSON gives them back; each spec among them can be resolved and takes an input of its size."""
    facts = backbone_facts(name)
    assert json.loads(json.dumps(facts))["reported"] == facts["reported"]
    assert facts["source"]
    assert facts["summary"] == REGISTRY.summary(name)
    for each in facts["reported"]:
        backbone, _ = resolve_backbone(parse_spec(each["spec"]))
        assert each["input"][0] >= backbone.smallest
        assert each["contaminated"] != ""


def test_what_is_contaminated_in_the_reports():
    """Copies before the split in 000 and 003, choices by the test in 002; the others are clean."""
    told = {
        (each["spec"], each["accuracy"]): each["contaminated"] is not None
        for name in REGISTRY.names()
        for each in backbone_facts(name)["reported"]
        if name.startswith(("report-", "resnet18"))
    }
    assert told == {
        ("report-000(step=0)", 0.4714): False,
        ("report-000(step=1)", 0.4579): False,
        ("report-000(step=2)", 0.5265): False,
        ("report-000(step=3)", 0.5533): False,
        ("report-000(step=4)", 0.5469): False,
        ("report-000(step=5)", 0.5548): False,
        ("report-000(step=6)", 0.7427): True,
        ("report-000(step=7)", 0.5013): False,
        ("report-000(step=7)", 0.5987): True,
        ("report-000(step=7)", 0.6664): True,
        ("report-000(step=7)", 0.6877): True,
        ("report-002-cnn", 0.6378): False,
        ("report-002-cnn", 0.6861): False,
        ("report-002-forward", 0.4842): True,
        ("report-002-forward", 0.4708): True,
        ("report-003-inception", 0.54): True,
        ("report-003-plain", 0.60): True,
        ("report-004-inception", 0.56678): False,
        ("report-004-plain", 0.60914): False,
        ("resnet18", 0.6152): False,
    }


def test_the_lines_of_a_backbone():
    """Its spec written out, then one line for each number, with what is wrong with it."""
    first, plain, *others = backbone_lines("report-002-forward")
    assert first == (
        'report-002-forward(activation="leaky-relu", dropout=0.1, initial="glorot", norm=True), '
        "from 8 x 8 pixels; report 002, krzysiek581234/Emotion-Vision (PyTorch)"
    )
    assert plain == (
        "report-002-forward, 48 x 48 x 1, 7 classes: 3,054,087 parameters; reported 48.42% of "
        "FER2013, PublicTest, epoch 65 of 100; contaminated: settings and epoch were chosen by "
        "the faces it was tested on"
    )
    assert len(others) == 1
    assert ", 256 hidden units, 8 classes: 21,139,528" in backbone_lines("vggface-vgg16")[1]


def test_facts_need_no_keras():
    """So a list of all backbones takes no seconds."""
    code = (
        "import sys\n"
        "from occbench.models.base import REGISTRY\n"
        "from occbench.models.facts import backbone_facts\n"
        "print(*map(bool, map(backbone_facts, REGISTRY.names())))\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True"] * len(REGISTRY.names())
