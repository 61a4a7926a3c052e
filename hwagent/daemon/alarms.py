"""What the holder says of the voters and of this host's clock that somebody has to see to.

It happens in a moment and is over: counted, it can be an alert for a while.
"""

from collections.abc import Mapping

from hwagent.model import Metric, Sample, counter, gauge

from .inventory import Job

JOB: Job = ("holder", "lease")
LEASE_METRICS: tuple[Metric, ...] = (
    counter("clones", "times that two hosts answered as one voter", source="LEASE.md"),
    counter("clock_stops", "times that this host's clock stood still", source="LEASE.md"),
    gauge("present", "always 1"),
    gauge("probe_stuck", "always 0: the holder tells it by itself"),
)
LEASE_ATTRIBUTES = ("cloned",)
#: Which events are counted as what.
_COUNTED: Mapping[str, str] = {"cloned": "clones", "clock": "clock_stops"}


class Alarms:
    """Counts since the agent's start."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(_COUNTED.values(), 0)
        self._cloned = ""

    def happened(self, type: str, reason: str) -> bool:
        """Takes an event of the holder; true if it is counted."""
        if type not in _COUNTED:
            return False
        self._counts[_COUNTED[type]] += 1
        self._cloned = reason if type == "cloned" else self._cloned
        return True

    def sample(self) -> Sample:
        """The component that alerts speak of."""
        return Sample(
            id="lease:voters",
            kind="lease",
            attributes={"cloned": self._cloned},
            metrics=dict(self._counts),
        )
