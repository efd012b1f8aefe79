"""From a text to words, and from words to characters."""
