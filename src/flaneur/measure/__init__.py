"""Pure functions from tracks to exact counts."""
