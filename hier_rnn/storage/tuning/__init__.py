"""What tuning keeps on disk: its trials, and the best one's run."""
