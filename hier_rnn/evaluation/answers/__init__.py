"""How the answers of a run are judged: of one label for each text, or of several."""
