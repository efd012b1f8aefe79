"""Directories written before there were manifests (the format of commit 614c248)."""

from __future__ import annotations

OLD_WEIGHTS = {"run": "model.weights.h5", "encoder": "encoder.weights.h5"}
OLD_FILES = (*OLD_WEIGHTS.values(), "word_vectors.map.h5")
