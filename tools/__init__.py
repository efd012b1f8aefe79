"""What makes things that the package ships."""
