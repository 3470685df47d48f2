"""Recipes compared on one split: which does better on validation faces, at what cost."""
