"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# A machine may be as slow as it likes: no test asks how long an example takes.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
