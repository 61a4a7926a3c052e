"""What a NIC's driver tells beyond sysfs: its own error counters, link modes, firmware.

Live by the ethtool ioctl; in captures from ``commands/ethtool-IF``, ``ethtool-S-IF`` and
``ethtool-i-IF``. Source: ethtool(8), include/uapi/linux/ethtool.h.
"""

from typing import ClassVar

from hwagent.model import Sample, gauge

from .base import Collector
from .ethtool_ioctl import Ethtool, Unsupported
from .ethtool_text import DRIVER_ATTRIBUTES, METRICS, SETTINGS_ATTRIBUTES, Port, read_port
from .interface import INTERFACES_MAX, admin_up, interfaces, place
from .root import Missing, Root, Unreadable

_COMMANDS = "commands"


class EthtoolCollector(Collector):
    """One target per interface that is hardware: some drivers ask their firmware for counters."""

    name = "ethtool"
    kinds: ClassVar = {
        "nic": (
            *METRICS,
            gauge("rx_ring", "entries of the receive ring", source="ethtool(8) -g"),
            gauge("rx_ring_max", "entries that the receive ring could have"),
        )
    }
    attributes: ClassVar = {
        "nic": (
            *SETTINGS_ATTRIBUTES,
            *DRIVER_ATTRIBUTES.values(),
            "permanent_address",
            "virtual_function",
        )
    }
    interval = 60.0

    def targets(self, root: Root) -> list[str]:
        """Hardware interfaces, or those of which a capture holds output. Raises Unreadable."""
        if root.live:
            names = interfaces(root, "nic")
            return [n for n in names if root.exists(f"sys/class/net/{n}/device")]
        found = {_interface_of(name) for name in root.names(_COMMANDS)[: 4 * INTERFACES_MAX]}
        return sorted(found - {""})

    def collect(self, root: Root, target: str) -> list[Sample]:
        """One interface; nothing if it is gone. Raises Unreadable if it cannot be asked at all."""
        port = Port(name=target)
        there = root.exists(f"sys/class/net/{target}")
        if root.live and not there:
            return []
        if root.live:
            _ask(root, port)
        else:
            _replay(root, port)
        if there:
            port.attributes.update(place(root, target))
        return [port.sample()] if port.known else []


def decode(data: bytes) -> list[Sample]:
    """One output of ``ethtool IF``, ``ethtool -S IF`` or ``ethtool -i IF``."""
    port = Port()
    read_port(data.decode("utf-8", "replace").replace("\0", ""), port)
    return [port.sample()]


def _interface_of(command: str) -> str:
    """Interface in the name of a command's output; empty for other commands and modules."""
    name = command.removeprefix("ethtool-")
    if name == command or name.startswith("m-"):
        return ""
    return name.removeprefix("S-").removeprefix("i-")


def _replay(root: Root, port: Port) -> None:
    for option in ("i-", "", "S-"):
        try:
            output = root.command(f"ethtool-{option}{port.name}", ["ethtool", port.name])
        except Missing:
            continue
        read_port(output.stdout.decode("utf-8", "replace").replace("\0", ""), port)


def _ask(root: Root, port: Port) -> None:
    with Ethtool(port.name) as ethtool:
        steps = [_driver, _permanent_address, _statistics, _ring]
        if admin_up(root, port.name):
            steps.append(_link)
        for step in steps:
            try:
                step(ethtool, port)
            except Unsupported:
                continue
            except OSError as e:
                raise Unreadable(port.name, f"ethtool: {e.strerror}") from None
            port.known = True


def _driver(ethtool: Ethtool, port: Port) -> None:
    for title, value in ethtool.driver().items():
        if value and value != "N/A":
            port.attributes[DRIVER_ATTRIBUTES[title]] = value


def _permanent_address(ethtool: Ethtool, port: Port) -> None:
    if address := ethtool.permanent_address():
        port.attributes["permanent_address"] = address


def _statistics(ethtool: Ethtool, port: Port) -> None:
    port.statistics(ethtool.statistics())


def _ring(ethtool: Ethtool, port: Port) -> None:
    port.metrics["rx_ring"], port.metrics["rx_ring_max"] = ethtool.ring()


def _link(ethtool: Ethtool, port: Port) -> None:
    """Carrier, speed and duplex are left to sysfs, which reads them more often."""
    link = ethtool.link_settings()
    port.metrics["autonegotiation"] = int(link.autoneg)
    port.attributes["port"] = link.port
    if link.autoneg:
        port.negotiable(link.advertised, link.partner)


COLLECTOR = EthtoolCollector
