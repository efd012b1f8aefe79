"""What is measured: one file per library, each with the same three calls (see `catalogue.py`)."""
