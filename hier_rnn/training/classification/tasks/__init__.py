"""What is learnt of a text: its one label, or which of several it has."""
