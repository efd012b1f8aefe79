"""What is measured: a file a library, each with the same three calls (see `catalogue.py`)."""
