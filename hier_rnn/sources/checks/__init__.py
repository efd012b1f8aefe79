"""What in labelled data is probably not meant."""
