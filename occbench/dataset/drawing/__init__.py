"""Faces drawn by this package, with landmarks that are exact by construction."""

from occbench.dataset.drawing.expressions import EXPRESSIONS
from occbench.dataset.drawing.face import DrawnFace, draw_face

__all__ = ["EXPRESSIONS", "DrawnFace", "draw_face"]
