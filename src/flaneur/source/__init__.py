"""Video files to frames, over PyAV."""
