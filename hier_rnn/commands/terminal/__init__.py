"""What commands have in common: streams, options, lines."""
