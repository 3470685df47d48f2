"""Settings that every test shares."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples each time, so that a failure on one machine is one on all; no deadlines,
# because a busy machine is no fault of the code.
settings.register_profile(
    "occbench",
    deadline=None,
    derandomize=True,
    max_examples=60,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("occbench")
