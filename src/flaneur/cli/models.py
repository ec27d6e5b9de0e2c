"""`flaneur models`: which detectors there are, and fetching one on demand."""
