"""How good a run is, how sure we are, where it fails, and why it said that."""
