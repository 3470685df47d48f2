"""A nine-layer residual network for small faces, the most accurate per second on a CPU.

Eight convolutions and the classifier, after the network that David Page tuned for short
trainings ("How to train your ResNet", 2018); the layout is our own: the first layer takes
2 x 2 pixels as channels (no convolution runs at full resolution), and each of the three stages is
convolution, pool, residual pair. ``docs/explanation/small-networks.md`` has the measurements.
"""

from __future__ import annotations

from typing import Any

from occbench.models.backend import load_keras
from occbench.models.base import Backbone
from occbench.models.blocks import Seeds, convolution, halve

STAGES = ("stem", "stage1", "stage2", "stage3", "pool")


def build(inputs: Any, seeds: Seeds, *, width: int) -> Any:
    """Features ``(N, 8 width)`` of images whose side is even."""
    keras = load_keras()
    x = _pixels_to_channels(inputs)
    x = convolution(x, "stem", width, seeds, norm=True, same=True)
    for place, stage in enumerate(STAGES[1:4], start=1):
        filters = width * 2**place
        x = convolution(x, f"{stage}_in", filters, seeds, norm=True, same=True)
        x = halve(x, stage)
        y = convolution(x, f"{stage}_res1", filters, seeds, norm=True, same=True)
        y = convolution(y, f"{stage}_res2", filters, seeds, norm=True, same=True)
        x = keras.layers.Add(name=f"{stage}_add")([x, y])
    return keras.layers.GlobalAveragePooling2D(name="pool_average")(x)


def _pixels_to_channels(x: Any) -> Any:
    """Every 2 x 2 block of pixels as one place with four times the channels; an odd edge is cut."""
    layers = load_keras().layers
    height, width, channels = x.shape[1] // 2, x.shape[2] // 2, x.shape[3]
    if (2 * height, 2 * width) != tuple(x.shape[1:3]):
        cut = ((0, x.shape[1] % 2), (0, x.shape[2] % 2))
        x = layers.Cropping2D(cut, name="stem_cut")(x)
    x = layers.Reshape((height, 2, width, 2, channels), name="stem_blocks")(x)
    x = layers.Permute((1, 3, 2, 4, 5), name="stem_order")(x)
    return layers.Reshape((height, width, 4 * channels), name="stem_channels")(x)


BACKBONE = Backbone(
    build,
    STAGES,
    smallest=16,
    parameters={"width": 24},
    source="occbench, after David Page, How to train your ResNet (2018)",
)
