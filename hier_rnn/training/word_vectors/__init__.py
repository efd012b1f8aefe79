"""Word vectors from counts: what the encoder learns to spell."""
