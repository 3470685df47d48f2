"""VGGFace2's ResNet-50 as in keras-vggface 0.6 (23,561,152 parameters), for published weights.

Cao et al., "VGGFace2" (FG 2018); layout of ``RESNET50`` in keras-vggface's ``models.py``, which
leaves batch normalisation at Keras' epsilon of 1e-3. The published weights fit 3 channels and
expect the preprocessing ``vggface2``. From 197 pixels a side it gives what the original gives;
smaller images, down to 32, the least that the original states, are averaged over all of their
last map.
"""

from __future__ import annotations

from occbench.models.base import Backbone
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
)
