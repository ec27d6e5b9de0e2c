"""THE BOUNDARY: exact counts and pixels go in, figures and hidden pictures come out."""
