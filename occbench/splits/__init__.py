"""Splits: who is in train, val and test, and how each face is shown there."""
