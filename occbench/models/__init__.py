"""Networks: backbones, heads, preprocessing and augmentation, in Keras 3."""
