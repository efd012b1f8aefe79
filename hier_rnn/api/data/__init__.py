"""Data as a program has it: what becomes of it before it is trained on."""
