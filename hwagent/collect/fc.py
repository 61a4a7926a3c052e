"""Fibre Channel ports of host adapters: link, speed, errors, and the targets that they see.

Sources: drivers/scsi/scsi_transport_fc.c (names of states and speeds, statistics in hexadecimal),
include/scsi/scsi_transport_fc.h.
"""

import re
from typing import ClassVar

from hwagent.model import Sample, counter, gauge, state

from .base import Collector
from .counting import count
from .gather import Gather
from .interface import text_or_empty
from .root import Missing, Root, Unreadable

#: More than any host has; a capture may hold any number of directories.
PORTS_MAX = 256
REMOTE_MAX = 4096
_CLASS = "sys/class/fc_host"
_REMOTE = "sys/class/fc_remote_ports"
_HOST = re.compile(r"host\d{1,6}")
_STATES = frozenset(
    {
        *("Unknown", "Not Present", "Online", "Offline", "Blocked", "Bypassed", "Diagnostics"),
        *("Linkdown", "Error", "Loopback", "Deleted", "Marginal"),
    }
)
_SPEED = re.compile(r"(\d{1,4}) Gbit")
_NO_SPEED = ("unknown", "not negotiated")
_UNSUPPORTED = 2**64 - 1
_STATISTICS = {
    "link_failures": ("link_failure_count", "times that the link failed"),
    "loss_of_sync": ("loss_of_sync_count", "times that synchronisation was lost"),
    "loss_of_signal": ("loss_of_signal_count", "times that the light was lost"),
    "invalid_crc": ("invalid_crc_count", "frames with a wrong checksum"),
    "invalid_tx_words": ("invalid_tx_word_count", "transmission words that were damaged"),
    "error_frames": ("error_frames", "frames with errors"),
    "dumped_frames": ("dumped_frames", "frames lost for lack of buffers"),
    "primitive_errors": ("prim_seq_protocol_err_count", "primitive sequence protocol errors"),
    "nos": ("nos_count", "Not Operational Sequences: the partner or the switch lost the link"),
    "lips": ("lip_count", "initialisations of a loop"),
    "aborts": ("fcp_packet_aborts", "commands that were aborted"),
    "rx_frames": ("rx_frames", "frames received"),
    "tx_frames": ("tx_frames", "frames sent"),
    "rx_words": ("rx_words", "words of 4 bytes received"),
    "tx_words": ("tx_words", "words of 4 bytes sent"),
    "seconds_since_reset": ("seconds_since_last_reset", "how long it has counted"),
}
_SOURCE = "scsi_transport_fc.c"
_ATTRIBUTES = (
    *("port_name", "node_name", "port_id", "port_type", "fabric_name", "symbolic_name"),
    *("supported_classes", "supported_speeds", "dev_loss_tmo"),
)

METRICS = (
    state("port_state", "Online while the link works", _SOURCE),
    gauge("speed_bits_per_second", "speed of the link", "bits per second", _SOURCE),
    gauge("speed_known", "1 while the link has a speed", "", _SOURCE),
    gauge("targets", "targets seen, those that are gone included", "", _SOURCE),
    gauge("targets_online", "targets that answer", "", _SOURCE),
    *(counter(metric, help, "", _SOURCE) for metric, (_, help) in _STATISTICS.items()),
)


class FibreChannel(Collector):
    """Every port of a Fibre Channel adapter, as ``fc_port:host0``."""

    name: ClassVar = "fc"
    kinds: ClassVar = {"fc_port": METRICS}
    attributes: ClassVar = {"fc_port": (*_ATTRIBUTES, "lost_targets")}
    interval: ClassVar = 15.0

    def collect(self, root: Root, target: str) -> list[Sample]:
        """All ports. Raises Unreadable if their list cannot be read."""
        names = [n for n in root.names(_CLASS) if _HOST.fullmatch(n)][:PORTS_MAX]
        return [_read(root, name) for name in names]


def _read(root: Root, name: str) -> Sample:
    g = Gather(f"fc_port:{name}", "fc_port", root, f"{_CLASS}/{name}")
    for attribute in _ATTRIBUTES:
        g.attribute(attribute, attribute)
    g.word("port_state", "port_state", _STATES, required=True)
    _speed(g)
    for metric, (file, _) in _STATISTICS.items():
        if count(g, metric, f"statistics/{file}", base=16) == _UNSUPPORTED:
            g.metrics.pop(metric)
    _targets(g, name.removeprefix("host"))
    return g.sample()


def _speed(g: Gather) -> None:
    """A link that has several speeds is told with the highest; none is not a speed of 0."""
    text = g.word("speed_known", "speed")
    if text is None:
        return
    g.metrics.pop("speed_known")
    found = [_SPEED.fullmatch(part.strip()) for part in text.split(",")]
    speeds = [int(match[1]) for match in found if match]
    if len(speeds) == len(found):
        g.set("speed_bits_per_second", max(speeds) * 10**9)
        g.set("speed_known", 1)
    elif text.lower() in _NO_SPEED:
        g.set("speed_known", 0)
    else:
        g.problem("speed_bits_per_second", f"speed: not a speed: {text[:40]!r}")


def _targets(g: Gather, number: str) -> None:
    """Remote ports ``rport-HOST:CHANNEL-N``: the kernel keeps those that went, as Not Present."""
    try:
        names = [n for n in g.root.names(_REMOTE) if n.startswith(f"rport-{number}:")]
    except Unreadable as e:
        g.problem("targets", str(e))
        return
    states = {}
    for name in names[:REMOTE_MAX]:
        roles = text_or_empty(g.root, f"{_REMOTE}/{name}/roles")
        if "Target" not in roles and roles != "unknown":
            continue
        try:
            states[name] = g.root.text(f"{_REMOTE}/{name}/port_state")
        except Missing:  # the kernel forgot it a moment ago
            continue
        except Unreadable as e:
            g.problem("targets_online", str(e))
    g.set("targets", len(states))
    if "targets_online" not in g.problems:
        g.set("targets_online", sum(s in ("Online", "Marginal") for s in states.values()))
    lost = [n for n, s in states.items() if s not in ("Online", "Marginal")]
    if lost:
        g.attributes["lost_targets"] = lost


COLLECTOR = FibreChannel
