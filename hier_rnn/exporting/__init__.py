"""Exporting: a run as an ONNX graph or a SavedModel, for programs that know nothing of us."""
