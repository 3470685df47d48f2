"""VGGFace2's SE-ResNet-50 as in keras-vggface 0.6 (26,092,144 parameters), for published weights.

Cao et al., "VGGFace2" (FG 2018); blocks of Hu et al., "Squeeze-and-Excitation Networks" (CVPR
2018); layout of ``SENET50`` in keras-vggface's ``models.py``, whose batch normalisation has an
epsilon of 1e-4. The published weights fit 3 channels and expect the preprocessing ``vggface2``.
From 197 pixels a side it gives what the original gives; smaller images, down to 32, which the
original refuses, are averaged over all of their last map.
"""

from __future__ import annotations

from occbench.models.base import Backbone, Reported
from occbench.models.vggface_blocks import STAGES, Residual, identities

NETWORK = Residual(epsilon=1e-4, squeeze=True)

BACKBONE = Backbone(
    NETWORK.features,
    STAGES,
    smallest=32,
    preprocessing="vggface2",
    published="senet50",
    top=identities,
    top_features=(1, 1, 2048),
    source="Cao et al., FG 2018; Hu et al., CVPR 2018; keras-vggface 0.6; report 001",
    reported=(
        Reported(
            {},
            size=224,
            channels=3,
            classes=8,
            head=(1024,),
            parameters=28_198_520,
            statistics=True,
            accuracy=0.5814,
            faces="AffectNet's validation faces, last of 26 epochs, report 001",
        ),
    ),
)
