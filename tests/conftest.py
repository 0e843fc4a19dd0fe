from __future__ import annotations

from hypothesis import HealthCheck, settings

# A slow machine is no failure, neither in what is tested nor in making up what to test it with.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
