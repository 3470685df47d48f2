"""What covers a face, and the one painter that covers it."""
