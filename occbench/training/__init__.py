"""Recipes, runs and predictions. What trains and predicts loads Keras; the rest does not."""
