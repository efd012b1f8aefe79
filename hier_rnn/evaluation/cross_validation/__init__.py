"""Cross-validation, and the label errors that its predictions show."""
