"""How tables are written, and what their columns are."""
