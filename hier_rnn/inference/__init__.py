"""Using what was trained, in NumPy alone: classifying texts, sentence vectors, word vectors."""
