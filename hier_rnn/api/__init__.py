"""What Python programs use: `hier_rnn.train`, `load`, `evaluate`, `TextClassifier` and the rest.

Each is a thin layer over what the commands run too, so that a program and the shell do the same.
"""
