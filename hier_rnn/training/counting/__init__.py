"""Counting words and their contexts into a directory, from which pretraining goes on."""
