"""Sources: where examples come from, whatever the format, as a stream of labels and texts."""
