"""Who answers for virtual IPs on the wire, where it is not as it should be: components."""

from collections.abc import Iterable, Mapping
from typing import Any

from hwagent.model import Metric, Sample, counter, gauge

from .inventory import Job

#: Metrics of kind ``vip``; the holder hears them (hwagent/vip/rival.py).
VIP_METRICS: tuple[Metric, ...] = (
    gauge(
        "duplicate",
        "1 while another machine answers for an address that is held here",
        source="RFC 5227, 2.4",
    ),
    counter("duplicates", "announcements of others since the holder's start", source="RFC 5227"),
    gauge("answering", "machines that answer for an address which another host holds"),
    gauge("present", "always 1"),
    gauge("probe_stuck", "always 0: the holder tells it by itself"),
)
VIP_ATTRIBUTES = ("address", "interface", "rival", "macs")
JOB: Job = ("holder", "rivals")


class Rivals:
    """Remembers which addresses were odd once: afterwards they are told as calm."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def samples(self, vips: Iterable[Mapping[str, Any]]) -> list[Sample]:
        """What the holder's status says of them."""
        found = []
        for vip in vips:
            answering = vip.get("answering")
            if vip.get("duplicates") or (answering is not None and len(answering) != 1):
                self._known.add(vip["address"])
            if vip["address"] in self._known:
                found.append(_sample(vip))
        return found


def _sample(vip: Mapping[str, Any]) -> Sample:
    rival, answering = vip.get("duplicate", ""), vip.get("answering")
    metrics = {"duplicate": int(bool(rival)), "duplicates": vip.get("duplicates", 0)}
    if answering is not None:
        metrics["answering"] = len(answering)
    return Sample(
        id=f"vip:{vip['address'].partition('/')[0]}",
        kind="vip",
        attributes={
            "address": vip["address"],
            "interface": vip["interface"],
            "rival": rival,
            "macs": " and ".join(answering or ()),
        },
        metrics=metrics,
        unreadable=vip["reason"] if vip["state"] == "unknown" else "",
    )
