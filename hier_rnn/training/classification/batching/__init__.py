"""How training data are dealt out to steps: batches, and how long an epoch is."""
