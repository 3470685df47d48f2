"""VGG-Face's VGG-16 as in keras-vggface 0.6 (14,714,688 parameters), for published weights.

Parkhi, Vedaldi and Zisserman, "Deep Face Recognition" (BMVC 2015); layout of ``VGG16`` in
keras-vggface's ``models.py``. The published weights fit 3 channels and expect the preprocessing
``vggface1``. Five pools make one place of 32 pixels, the least it takes; the original refuses less
than 48.
"""

from __future__ import annotations

from typing import Any

from occbench.models.backend import load_keras
from occbench.models.base import Backbone, Reported
from occbench.models.blocks import Seeds, initializer

STAGES = ("conv1", "conv2", "conv3", "conv4", "conv5")
IDENTITIES = 2622
"""Outputs of the classifier: the identities of VGG-Face in keras-vggface 0.6, ``models.py``."""


def build(inputs: Any, seeds: Seeds) -> Any:
    """Features ``(N, h / 32, w / 32, 512)``, after the last pool."""
    layers = load_keras().layers
    x = inputs
    filters_and_layers = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    for number, (filters, count) in enumerate(filters_and_layers, start=1):
        for layer in range(1, count + 1):
            x = layers.Conv2D(
                filters,
                3,
                activation="relu",
                padding="same",
                kernel_initializer=initializer(seeds, relu=True),
                name=f"conv{number}_{layer}",
            )(x)
        x = layers.MaxPooling2D(name=f"pool{number}")(x)
    return x


def identities(features: Any, seeds: Seeds) -> Any:
    """Probabilities ``(N, 2622)`` of features ``(N, 7, 7, 512)``."""
    layers = load_keras().layers
    x = layers.Flatten(name="flatten")(features)
    for name, units, activation in (
        ("fc6", 4096, "relu"),
        ("fc7", 4096, "relu"),
        ("fc8", IDENTITIES, "softmax"),
    ):
        start = initializer(seeds, relu=False)
        x = layers.Dense(units, kernel_initializer=start, name=name)(x)
        x = layers.Activation(activation, name=f"{name}_{activation}")(x)
    return x


BACKBONE = Backbone(
    build,
    STAGES,
    smallest=32,
    preprocessing="vggface1",
    published="vgg16",
    top=identities,
    top_features=(7, 7, 512),
    source="Parkhi et al., BMVC 2015; keras-vggface 0.6; report 001",
    reported=(
        Reported(
            {},
            size=224,
            channels=3,
            classes=8,
            head=(256,),
            parameters=21_139_528,
            statistics=True,
            accuracy=0.4119,
            faces="AffectNet's validation faces, report 001",
        ),
    ),
)
