"""The train x test matrix: arithmetic on predictions, without a training framework."""
