"""What each weight starts as: rules on names decide, gate by gate, each from its own stream."""
