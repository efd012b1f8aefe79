"""Training: one loop for everything that is learnt, and a room for each kind of training."""
