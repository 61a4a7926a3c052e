"""Virtual IPs that have not the one owner that they should, as components: nobody, or two."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from hwagent.config import Group
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
    gauge("owned", "0 while no host of its group holds it, as the voter here knows"),
    gauge("present", "always 1"),
    gauge("probe_stuck", "always 0: the holder tells it by itself"),
)
VIP_ATTRIBUTES = ("address", "interface", "rival", "macs", "why")
JOB: Job = ("holder", "rivals")


def voting(groups: Iterable[Group], host: str, there: Collection[str] | None) -> set[str]:
    """Groups in which a host has a vote and knows who holds what: ``there`` are the members that it
    hears, if it can tell. One that is cut off from the others does not know what they hold."""
    found = set()
    for group in groups:
        heard = group.voters if there is None else {host, *there} & group.voters.keys()
        if host in group.voters and 2 * len(heard) > len(group.voters):
            found.add(group.name)
    return found


class Rivals:
    """Remembers which addresses were odd once: afterwards they are told as calm."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def samples(self, vips: Iterable[Mapping[str, Any]], voting: Collection[str]) -> list[Sample]:
        """What the holder's status says of them; ``voting`` are groups in which it has a vote."""
        found = []
        for vip in vips:
            answering, votes = vip.get("answering"), vip["group"] in voting
            odd = bool(vip.get("duplicates")) or (answering is not None and len(answering) != 1)
            if odd or (votes and not _owned(vip)):
                self._known.add(vip["address"])
            if vip["address"] in self._known:
                found.append(_sample(vip, votes))
        return found


def _owned(vip: Mapping[str, Any]) -> bool:
    """Whether it is held somewhere, or that is not known."""
    return bool(vip["holder"]) or vip["state"] in ("held", "preparing", "unknown")


def _sample(vip: Mapping[str, Any], votes: bool) -> Sample:
    rival, answering = vip.get("duplicate", ""), vip.get("answering")
    metrics = {"duplicate": int(bool(rival)), "duplicates": vip.get("duplicates", 0)}
    if answering is not None:
        metrics["answering"] = len(answering)
    if votes:
        metrics["owned"] = int(_owned(vip))
    return Sample(
        id=f"vip:{vip['address'].partition('/')[0]}",
        kind="vip",
        attributes={
            "address": vip["address"],
            "interface": vip["interface"],
            "rival": rival,
            "macs": " and ".join(answering or ()),
            "why": "" if _owned(vip) else vip["reason"],
        },
        metrics=metrics,
        unreadable=vip["reason"] if vip["state"] == "unknown" else "",
    )
