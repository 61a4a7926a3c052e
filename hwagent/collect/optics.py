"""Pluggable modules: light, current, temperature and voltage, with the module's own limits.

Live by the kernel's module memory, or ``ethtool -m`` where the driver only gives single pages; in
captures from ``commands/ethtool-m-IF``, printed or as hex dump. A module without diagnostics
(copper) has no such metrics.
"""

import errno
from typing import ClassVar

from hwagent.model import Sample

from .base import Collector
from .ethtool_ioctl import Ethtool, Unsupported
from .interface import INTERFACES_MAX, interfaces, place
from .module import ATTRIBUTES, METRICS, Module
from .module_eeprom import parse_dump, read_eeprom
from .module_text import read_text
from .root import Missing, Root, Unreadable

_COMMAND = "ethtool-m-"
#: What drivers say when no module is plugged in.
_EMPTY_CAGE = (errno.ENODEV, errno.ENOENT, errno.ENXIO, errno.EINVAL, errno.ENOMEDIUM)


class OpticsCollector(Collector):
    """One target per cage: a module whose bus hangs holds up only itself.

    The interval is long: ixgbe shows latency spikes while a module is read (SIGNALS 15), and
    flags are cleared by reading. Reading module memory needs CAP_NET_ADMIN.
    """

    name = "optics"
    kinds: ClassVar = {"nic": METRICS}
    attributes: ClassVar = {"nic": (*ATTRIBUTES, "bus", "virtual_function")}
    interval = 300.0
    privileged = True

    def targets(self, root: Root) -> list[str]:
        """Hardware interfaces, or those of which a capture holds output. Raises Unreadable."""
        if root.live:
            names = interfaces(root, "nic")
            return [n for n in names if root.exists(f"sys/class/net/{n}/device")]
        commands = root.names("commands")[: 4 * INTERFACES_MAX]
        return [n.removeprefix(_COMMAND) for n in commands if n.startswith(_COMMAND)]

    def collect(self, root: Root, target: str) -> list[Sample]:
        """One module; nothing if there is none. Raises Unreadable if its memory fails."""
        there = root.exists(f"sys/class/net/{target}")
        if root.live and not there:
            return []
        memory = _memory(target) if root.live else b""
        if memory is None:
            return []
        module = read_eeprom(memory) if memory else _printed(root, target)
        if module is None:
            return []
        why = "" if module.known else "module memory not understood"
        if there:
            module.attributes.update(place(root, target))
        return [module.sample(target, why)]


def decode(data: bytes) -> list[Sample]:
    """One output of ``ethtool -m``: printed, hex dump, or raw bytes."""
    module = _module(data)
    return [module.sample("module", "" if module.known else "no output of ethtool -m")]


def _module(data: bytes) -> Module:
    text = data.decode("utf-8", "replace")
    if dump := parse_dump(text):
        return read_eeprom(dump)
    module = read_text(text)
    return module if module.known else read_eeprom(data[: 1 << 16])


def _memory(name: str) -> bytes | None:
    """Module memory of a live interface; empty if the driver gives none this way, None if the
    cage is empty."""
    try:
        with Ethtool(name) as ethtool:
            return ethtool.module()
    except Unsupported:
        return b""
    except OSError as e:
        if e.errno in _EMPTY_CAGE:
            return None
        raise Unreadable(name, f"module: {e.strerror}") from None


def _printed(root: Root, name: str) -> Module | None:
    """Module as ethtool prints it; None if there is no ethtool or it has nothing to print."""
    try:
        output = root.command(f"{_COMMAND}{name}", ["ethtool", "-m", name], deadline=15.0)
    except Missing:
        return None
    # ethtool fails alike for copper ports, empty cages and drivers without support
    return _module(output.stdout) if output.status == 0 else None


COLLECTOR = OpticsCollector
