"""`flaneur watch`: cameras around the clock."""
