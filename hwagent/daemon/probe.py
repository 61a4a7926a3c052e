"""Looks that go wrong are components too: a probe that hangs or fails is a finding."""

from hwagent.model import Metric, Sample, counter, gauge

#: Metrics of kind ``probe``; made by the agent itself, one component per look that went wrong once.
PROBE_METRICS: tuple[Metric, ...] = (
    gauge("stuck", "1 while a look has overrun its deadline and not come back"),
    gauge("failed", "1 if the last look ended with an error"),
    counter("failures", "looks that ended with an error or overran, since the agent's start"),
    gauge("present", "always 1"),
    gauge("probe_stuck", "always 0; see stuck"),
)
PROBE_ATTRIBUTES = ("collector", "target", "error")


def probe_sample(
    collector: str, target: str, *, stuck: str = "", failed: str = "", failures: int = 1
) -> Sample:
    """The sample of one look: ``stuck`` and ``failed`` give the reason, empty if it went well."""
    return Sample(
        id=f"probe:{collector}/{target}" if target else f"probe:{collector}",
        kind="probe",
        attributes={"collector": collector, "target": target, "error": stuck or failed},
        metrics={"stuck": int(bool(stuck)), "failed": int(bool(failed)), "failures": failures},
        unreadable=stuck or failed,
    )
