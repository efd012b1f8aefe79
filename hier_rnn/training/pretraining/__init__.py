"""Learning the character encoder from text without labels."""
