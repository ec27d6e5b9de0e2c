"""What all tests share."""

from hypothesis import settings

# No test times anything: the first example of a law may load a library.
settings.register_profile("flaneur", deadline=None)
settings.load_profile("flaneur")
