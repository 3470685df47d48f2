"""What a trained network looks at: kernels, activations, and what covering a place costs."""
