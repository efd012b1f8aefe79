"""Vectors of texts: a teacher's, which both encoders learn."""
