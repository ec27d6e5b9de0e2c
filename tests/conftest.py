"""What all tests share."""

import os

from hypothesis import settings

# No test times anything: the first example of a law may load a library.
settings.register_profile("flaneur", deadline=None)
settings.load_profile("flaneur")

# Whatever the language of the machine that tests: commands speak English where a test says nothing else.
os.environ["LC_ALL"] = "C.UTF-8"
