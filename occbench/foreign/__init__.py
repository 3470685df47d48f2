"""Models that were trained elsewhere, on the test faces of a matrix."""
