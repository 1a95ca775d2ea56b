"""Settings of all tests."""

from hypothesis import settings

# No test depends on how busy the machine is.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
