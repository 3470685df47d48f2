"""Where things are on a face: landmarks, rotated rectangles, covered regions."""
