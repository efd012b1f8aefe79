"""What is on disk: run directories, encoder directories, weights."""
