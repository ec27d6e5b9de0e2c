"""The site file: what to measure and where, read from TOML; unknown keys are errors."""
