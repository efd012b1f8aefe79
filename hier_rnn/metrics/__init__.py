"""How good predictions are, and how sure we are of it: arrays in, dataclasses out, no files."""
