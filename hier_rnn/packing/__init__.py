"""Packing: from words to the tensors that a network with no padded step reads."""
