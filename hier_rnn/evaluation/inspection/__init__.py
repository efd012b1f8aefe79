"""What a run's, an encoder's or a configuration's weights are, and how they started."""
