"""From a text's logits to the probabilities of labels, and to the labels that are given."""
