"""Everything that is on disk: run and encoder directories, weights, checkpoints, manifests."""
