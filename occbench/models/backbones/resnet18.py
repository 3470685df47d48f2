"""ResNet-18 as torchvision has it, report 002's third network (11,180,103 trained parameters).

He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016), table 1, 18 layers; strides,
paddings and normalisation as in torchvision's ``models/resnet.py``: the stride lies in the first
3 x 3 convolution of a stage, zeros are added on all sides alike.

**It begins with random values** unless ``weights`` of a recipe names a file: nothing is fetched.
Report 002 began with ImageNet's weights; ``data_tools/convert_resnet18.py`` makes such a file of
theirs.
"""

from __future__ import annotations

from typing import Any

from occbench.models.backend import load_keras
from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, Style

STAGES = ("conv1", "layer1", "layer2", "layer3", "layer4", "pool")
FILTERS = (64, 128, 256, 512)
BLOCKS = 2
"""Residual blocks of each stage: He et al. 2016, table 1."""

STYLE = Style(norm="before", bias=False, start="he")
BARE = Style(activation="linear", norm="before", bias=False, start="he")


def build(inputs: Any, seeds: Seeds) -> Any:
    """Features ``(N, 512)``."""
    layers = load_keras().layers
    x = STYLE.convolution(inputs, "conv1", FILTERS[0], seeds, size=7, stride=2)
    # Nothing behind a ReLU is below 0, so zeros never win a maximum.
    x = layers.ZeroPadding2D(1, name="conv1_pool_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="conv1_pool")(x)
    for stage, filters in zip(STAGES[1:5], FILTERS, strict=True):
        for number in range(BLOCKS):
            stride = 2 if number == 0 and stage != "layer1" else 1
            x = _block(x, f"{stage}_{number}", filters, stride, seeds)
    return layers.GlobalAveragePooling2D(name="pool_average")(x)


def _block(x: Any, name: str, filters: int, stride: int, seeds: Seeds) -> Any:
    """Two 3 x 3 convolutions and the way around them, 1 x 1 where the sizes differ."""
    layers = load_keras().layers
    y = STYLE.convolution(x, f"{name}_1", filters, seeds, stride=stride)
    y = BARE.convolution(y, f"{name}_2", filters, seeds)
    if stride > 1:
        x = BARE.convolution(x, f"{name}_around", filters, seeds, size=1, stride=stride)
    return layers.Activation("relu", name=f"{name}_relu")(layers.Add(name=f"{name}_add")([y, x]))


BACKBONE = Backbone(
    build,
    STAGES,
    smallest=32,
    source="He et al., CVPR 2016; torchvision; report 002, krzysiek581234/Emotion-Vision",
    reported=(
        Reported(
            {},
            size=48,
            channels=3,
            parameters=11_180_103,
            accuracy=0.6152,
            faces="FER2013, PublicTest and PrivateTest together, from ImageNet's weights",
        ),
    ),
)
