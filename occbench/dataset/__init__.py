"""Data sets: classes, manifests, images, scanning, painting in bulk, auditing."""
