"""The model: character encoder, sentence encoder, pooling and head."""
