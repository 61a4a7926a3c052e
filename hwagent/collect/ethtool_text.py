"""What ethtool prints about a port: ``ethtool IF``, ``ethtool -S IF`` and ``ethtool -i IF``.

Only named fields are taken; ethtool writes errors of single requests between them, which are kept
as attribute ``messages``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hwagent.model import Sample, Value, counter, gauge, state

from .gather import NUMBER_MAX

_TEXT_MAX = 200
_LINES_MAX = 20_000
_MESSAGES_MAX = 20
_MODE = re.compile(r"\b([0-9]{2,7})base[^/\s]*/(?:Half|Full)")
_SPEED = re.compile(r"([0-9]{1,8}) ?Mb/s")
_NAME = re.compile(r"^(?:# ethtool (?:-\S+ )?|(?:Settings|.* parameters) for )(\S{1,64}?):?$")
_FIELD = re.compile(r"^\s*([A-Za-z][^:]{0,60}):(?:\s(.*))?$")
_STATISTIC = re.compile(r"^\s+(\S[^:]{0,100}): (-?[0-9]{1,39})$")
_ERROR = re.compile(r"^(?:netlink error|Cannot get|No data|ERROR|no stats)\b.*", re.IGNORECASE)

SETTINGS_ATTRIBUTES = ("port", "transceiver", "messages")
DRIVER_ATTRIBUTES: Mapping[str, str] = {
    "driver": "driver",
    "version": "driver_version",
    "firmware-version": "firmware",
    "bus-info": "bus",
}

#: The same fact has another name in every driver (``link_down_events_phy`` is mlx5's,
#: ``port.rx_dropped`` is i40e's and ice's), and some drivers tell it twice: the largest counts.
STATISTICS: Mapping[str, str] = {
    "driver_rx_packets": r"rx_packets",
    "driver_tx_packets": r"tx_packets",
    "driver_rx_errors": r"rx_errors",
    "driver_tx_errors": r"tx_errors",
    "driver_rx_missed": r"rx_missed(?:_errors)?",
    "driver_rx_dropped": r"rx_dropped",
    "driver_port_rx_dropped": r"port\.rx_dropped",
    "driver_rx_no_buffer": r"rx_out_of_buffer|rx_no_buffer_count|rx_no_dma_resources",
    "driver_crc_errors": r"(?:port\.)?(?:rx_crc_errors|rx_fcs_errors)(?:_phy|\.nic)?",
    "driver_align_errors": r"(?:rx_)?align_errors",
    "driver_symbol_errors": r"rx_symbol_err(?:or)?s?(?:_phy)?|rx_pcs_symbol_err_phy",
    "driver_fec_uncorrectable": r"(?:rx_)?fec_uncorrectable_(?:errors|blocks)(?:_phy|\.nic)?"
    r"|rx_corrupted_fec_blocks|fec_uncorr_blk_cnt",
    "driver_link_downs": r"link_down_events_phy|link_down_events?|link_failures",
    "driver_queue_drops": r"(?:rx|tx)[_-]?(?:queue[_-])?[0-9]+[_.](?:drops|dropped|xdp_drops)",
}
#: Each queue has its own: these are added up.
_PER_QUEUE = "driver_queue_drops"
_STATISTICS = {metric: re.compile(pattern) for metric, pattern in STATISTICS.items()}

METRICS = (
    gauge("carrier", "1 if there is a link", source="ethtool(8)"),
    gauge("speed_bits_per_second", "speed of the link; absent if not known", "bit/s"),
    gauge(
        "negotiable_speed_bits_per_second",
        "fastest speed that this port and its partner both offer; absent without negotiation",
        "bit/s",
        "ethtool(8)",
    ),
    gauge("autonegotiation", "1 if speed and duplex are negotiated", source="ethtool(8)"),
    state("duplex", "full, half or unknown", source="ethtool(8)"),
    *(counter(m, "as the driver's own statistics say", "", "ethtool(8) -S") for m in STATISTICS),
)


@dataclass
class Port:
    """What was found out about one port."""

    name: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Value] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    known: bool = False

    def sample(self) -> Sample:
        """As a sample of kind nic."""
        return Sample(
            id=f"nic:{self.name or 'port'}",
            kind="nic",
            attributes=self.attributes,
            metrics=self.metrics,
            problems=self.problems,
            unreadable="" if self.known else "no output of ethtool about a port",
        )

    def speed(self, megabits: int | None) -> None:
        """Sets the speed in Mbit/s; None is unknown."""
        if megabits:
            self.metrics["speed_bits_per_second"] = megabits * 1_000_000

    def negotiable(self, own: Iterable[int], partner: Iterable[int]) -> None:
        """Sets the fastest speed (Mbit/s) that both sides offer."""
        if both := set(own) & set(partner):
            self.metrics["negotiable_speed_bits_per_second"] = max(both) * 1_000_000

    def statistics(self, found: Iterable[tuple[str, int]]) -> None:
        """Takes our counters from the driver's own."""
        for name, value in found:
            metric = next((m for m, p in _STATISTICS.items() if p.fullmatch(name)), "")
            if metric and not 0 <= value <= NUMBER_MAX:
                self.problems[metric] = f"{name}: absurd value"
            elif metric:
                before = self.metrics.get(metric, 0)
                known = before if isinstance(before, int) else 0
                self.metrics[metric] = known + value if metric == _PER_QUEUE else max(known, value)


def read_port(text: str, port: Port) -> None:
    """Reads one output of ethtool, whichever of the three it is, into ``port``."""
    lines = text.splitlines()[:_LINES_MAX]
    if lines and (name := next((m[1] for m in map(_NAME.match, lines[:3]) if m), "")):
        port.name = port.name or name
    if any(line.strip() == "NIC statistics:" for line in lines[:3]):
        port.statistics((m[1], int(m[2])) for m in map(_STATISTIC.match, lines) if m)
        port.known = True
    else:
        _settings(_fields(lines), port)
    messages = [line.strip()[:_TEXT_MAX] for line in lines if _ERROR.match(line)]
    if messages:
        port.attributes["messages"] = messages[:_MESSAGES_MAX]


def _fields(lines: list[str]) -> dict[str, str]:
    """Field to value; lines that continue a list of link modes are added to it."""
    fields: dict[str, str] = {}
    last = ""
    for line in lines:
        if match := _FIELD.match(line):
            last = match[1].strip()
            fields[last] = (match[2] or "").strip()
        elif last and line[:1].isspace():
            fields[last] = f"{fields[last]} {line.strip()}"[:4000]
        else:
            last = ""
    return fields


def _settings(fields: Mapping[str, str], port: Port) -> None:
    for title, name in DRIVER_ATTRIBUTES.items():
        if value := fields.get(title):
            port.attributes[name] = value[:_TEXT_MAX]
    for title, name in (("Port", "port"), ("Transceiver", "transceiver")):
        if value := fields.get(title):
            port.attributes[name] = value[:_TEXT_MAX]
    _switch(port, "carrier", fields.get("Link detected"), "yes", "no")
    _switch(port, "autonegotiation", fields.get("Auto-negotiation"), "on", "off")
    if "Speed" in fields and (match := _SPEED.fullmatch(fields["Speed"])):
        port.speed(int(match[1]))
    duplex = fields.get("Duplex", "").lower()
    if duplex in ("half", "full"):
        port.metrics["duplex"] = duplex
    own, partner = (
        [int(m) for m in _MODE.findall(fields.get(title, ""))]
        for title in ("Advertised link modes", "Link partner advertised link modes")
    )
    port.negotiable(own, partner)
    port.known = port.known or bool(port.metrics) or "driver" in port.attributes


def _switch(port: Port, metric: str, word: str | None, on: str, off: str) -> None:
    """A field with two words; ethtool adds a reason behind the second (``no (No cable)``)."""
    if word is None:
        return
    first = word.split(" ", 1)[0].lower()
    if first in (on, off):
        port.metrics[metric] = int(first == on)
    else:
        port.problems[metric] = f"not a known value: {word[:40]!r}"
