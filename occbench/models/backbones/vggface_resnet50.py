"""VGGFace2's ResNet-50 as in keras-vggface 0.6 (23,561,152 parameters), for published weights.

Cao et al., "VGGFace2" (FG 2018); layout of ``RESNET50`` in keras-vggface's ``models.py``, which
leaves batch normalisation at Keras' epsilon of 1e-3. The published weights fit 3 channels and
expect the preprocessing ``vggface2``. From 197 pixels a side it gives what the original gives;
smaller images, down to 32, the least that the original states, are averaged over all of their
last map.
"""

from __future__ import annotations

from occbench.models.base import Backbone, Reported
from occbench.models.vggface_blocks import STAGES, Residual, identities

NETWORK = Residual(epsilon=1e-3, squeeze=False)

BACKBONE = Backbone(
    NETWORK.features,
    STAGES,
    smallest=32,
    preprocessing="vggface2",
    published="resnet50",
    top=identities,
    top_features=(1, 1, 2048),
    source="Cao et al., FG 2018; keras-vggface 0.6; report 001",
    reported=(
        Reported(
            {},
            size=224,
            channels=3,
            classes=8,
            head=(1024,),
            parameters=25_667_528,
            statistics=True,
            accuracy=0.5889,
            faces="AffectNet's validation faces, last of 25 epochs, report 001",
        ),
    ),
)
