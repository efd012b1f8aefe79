"""Tuning: trainings with other options until the time is up, and the best one's run."""
