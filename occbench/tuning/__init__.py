"""Searches for a recipe: what may vary, how candidates are drawn, and what is kept of them."""
