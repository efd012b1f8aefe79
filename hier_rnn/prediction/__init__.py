"""Using what was trained: classifying texts, word vectors."""
