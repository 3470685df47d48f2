"""What is known of each backbone without building it: for ``occbench list`` and for tables."""

from __future__ import annotations

from typing import Any

from occbench.core.spec import Spec
from occbench.models.base import REGISTRY, Backbone, Reported


def backbone_facts(name: str) -> dict[str, Any]:
    """Facts of a backbone as plain values for JSON.

    Args:
        name: of the backbone.

    Returns:
        ``summary``, ``source``; ``arguments``, those of its spec with their defaults; ``stages``
        and ``smallest``, the smallest input side in pixels, at the defaults; ``preprocessing`` of
        its published weights or None; ``reported``, the published numbers in the report's order.

    Raises:
        UnknownName: there is no such backbone.
    """
    backbone: Backbone = REGISTRY.module(name).BACKBONE
    return {
        "summary": REGISTRY.summary(name),
        "source": backbone.source,
        "arguments": dict(backbone.parameters),
        "stages": list(backbone.stages),
        "smallest": backbone.smallest,
        "preprocessing": backbone.preprocessing or None,
        "reported": [_plain(name, each) for each in backbone.reported],
    }


def backbone_lines(name: str) -> list[str]:
    """The facts of a backbone as lines of text, its summary left out."""
    facts = backbone_facts(name)
    spec = Spec(name, facts["arguments"])
    lines = [f"{spec}, from {facts['smallest']} x {facts['smallest']} pixels; {facts['source']}"]
    for each in facts["reported"]:
        side, _, channels = each["input"]
        head = f", {', '.join(map(str, each['head']))} hidden units" if each["head"] else ""
        line = (
            f"{each['spec']}, {side} x {side} x {channels}{head}, {each['classes']} classes: "
            f"{each['parameters']:,} parameters; reported {each['accuracy']:.2%} of {each['faces']}"
        )
        warning = f"; contaminated: {each['contaminated']}" if each["contaminated"] else ""
        lines.append(line + warning)
    return lines


def _plain(name: str, reported: Reported) -> dict[str, Any]:
    """``contaminated`` is the reason, or None."""
    return {
        "spec": str(Spec(name, reported.arguments)),
        "input": [reported.size, reported.size, reported.channels],
        "head": list(reported.head),
        "classes": reported.classes,
        "parameters": reported.parameters,
        "with_moving_statistics": reported.statistics,
        "accuracy": reported.accuracy,
        "faces": reported.faces,
        "contaminated": reported.contaminated or None,
    }
