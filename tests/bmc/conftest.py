"""What tests of BMCs share."""

import pytest

from hwagent.collect import redfish_ear


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A BMC that could not be heard is tried again soon."""
    monkeypatch.setattr(redfish_ear, "PAUSE", 0.05)
    monkeypatch.setattr(redfish_ear, "PAUSE_MAX", 0.2)
