"""Parts of a source, and its examples in random order."""
