"""Numbers in files: weights, archives of tensors, word vectors."""
