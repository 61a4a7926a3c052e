"""What each network card hangs on: the neighbours that lldpd hears, where it runs.

Live by ``lldpcli -f json0 show neighbors``; in captures from ``commands/lldpcli``.
"""

from collections.abc import Mapping
from shutil import which
from typing import Any, ClassVar

from hwagent.model import Metric, Sample, gauge

from .base import Collector
from .document import load
from .interface import interfaces, place
from .lldp_output import Neighbour, from_json, from_keyvalue
from .root import Missing, Root, Unreadable, command_file

_COMMAND = "lldpcli"
_ARGUMENTS = ["lldpcli", "-f", "json0", "show", "neighbors", "details"]
METRICS: tuple[Metric, ...] = (
    gauge("neighbours", "devices that it hears, by LLDP or CDP", "", "IEEE 802.1AB"),
)


class LldpCollector(Collector):
    """Neighbours of each network card, one look for all. The socket of lldpd is root's."""

    name: ClassVar = "lldp"
    kinds: ClassVar = {"nic": METRICS}
    attributes: ClassVar = {"nic": ("neighbour_names", "bus", "virtual_function")}
    interval: ClassVar = 30.0
    privileged: ClassVar = True

    def targets(self, root: Root) -> list[str]:
        """One for all cards; none where lldpd's command is not installed."""
        there = which(_COMMAND) if root.live else root.exists(command_file(_COMMAND))
        return [""] if there else []

    def collect(self, root: Root, target: str) -> list[Sample]:
        """A sample of each card; nothing where lldpd does not run. Raises Unreadable if what it
        says cannot be understood."""
        try:
            output = root.command(_COMMAND, _ARGUMENTS, deadline=10.0)
        except Missing:
            return []
        if output.status != 0:  # the socket is not there
            return []
        try:
            heard = from_json(load(output.stdout))
        except ValueError as e:
            raise Unreadable(_COMMAND, str(e)) from None
        cards = interfaces(root, "nic")
        quiet: dict[str, list[Neighbour]] = {name: [] for name in cards}
        for name, neighbour in heard:
            if name in quiet:
                quiet[name].append(neighbour)
        return [neighbours_of(name, found, place(root, name)) for name, found in quiet.items()]


def decode(data: bytes) -> list[Sample]:
    """One captured output of lldpcli or lldpctl, in any of its machine-readable forms. Never
    raises."""
    content = data.decode("utf-8", "replace").strip()
    try:
        lines = content and content[0] not in "{["
        heard = from_keyvalue(content) if lines else from_json(load(data))
    except ValueError as e:
        return [Sample(id="nic:unknown", kind="nic", unreadable=f"lldp: {e}")]
    by: dict[str, list[Neighbour]] = {}
    for name, neighbour in heard:
        by.setdefault(name, []).append(neighbour)
    return [neighbours_of(name, neighbours) for name, neighbours in by.items()]


def neighbours_of(name: str, neighbours: list[Neighbour], where: Mapping[str, Any] = {}) -> Sample:
    """The sample of a card; ``where`` are attributes that say what it is."""
    names = [n["system"] or n["chassis"] or n["port"] for n in neighbours]
    return Sample(
        id=f"nic:{name}",
        kind="nic",
        attributes={
            **where,
            "name": name,
            "neighbours": neighbours,
            "neighbour_names": ", ".join(names),
        },
        metrics={"neighbours": len(neighbours)},
    )


COLLECTOR = LldpCollector
