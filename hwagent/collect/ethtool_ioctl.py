"""The ethtool ioctl: driver, statistics, link settings and module memory of a live interface.

Structures are those of include/uapi/linux/ethtool.h. Every call takes the kernel's rtnl lock and
many reach the device: only to be called in a worker process.
"""

import array
import errno
import fcntl
import socket
import struct
from types import TracebackType

_SIOCETHTOOL = 0x8946
_GDRVINFO, _GRINGPARAM, _GSTRINGS, _GSTATS, _GPERMADDR = 0x03, 0x10, 0x1B, 0x1D, 0x20
_GMODULEINFO, _GMODULEEEPROM, _GLINKSETTINGS = 0x42, 0x43, 0x4C
_STRINGS_STATISTICS = 1
_STRING = 32
_STATISTICS_MAX = 65536
_EEPROM_MAX = 1 << 16
#: Link modes of twisted pair by bit: the ports that fall back to a lower speed on a bad cable.
_TWISTED_PAIR = {0: 10, 1: 10, 2: 100, 3: 100, 4: 1000, 5: 1000, 12: 10000, 47: 2500, 48: 5000}
PORTS = {0: "Twisted Pair", 1: "AUI", 2: "MII", 3: "FIBRE", 4: "BNC", 5: "Direct Attach Copper"}


class Unsupported(Exception):
    """The driver does not have this."""


class LinkSettings:
    """Speed (Mbit/s or None), duplex (half, full or empty), port, autoneg, and the speeds in
    Mbit/s that this port and its partner advertise on twisted pair."""

    def __init__(self, reply: bytes, words: int) -> None:
        speed, duplex, port, _, autoneg = struct.unpack_from("=IBBBB", reply, 4)
        self.speed = speed if 0 < speed < 0x7FFFFFFF else None
        self.duplex = {0: "half", 1: "full"}.get(duplex, "")
        self.port = PORTS.get(port, "")
        self.autoneg = bool(autoneg)
        masks = [
            int.from_bytes(reply[48 + 4 * words * i : 48 + 4 * words * (i + 1)], "little")
            for i in range(3)
        ]
        self.advertised = [mbit for bit, mbit in _TWISTED_PAIR.items() if masks[1] >> bit & 1]
        self.partner = [mbit for bit, mbit in _TWISTED_PAIR.items() if masks[2] >> bit & 1]


class Ethtool:
    """One interface. All methods raise Unsupported or OSError (ENODEV, EIO, EPERM)."""

    def __init__(self, name: str) -> None:
        self._name = name.encode()[:15]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def __enter__(self) -> "Ethtool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        self._socket.close()

    def driver(self) -> dict[str, str]:
        """driver, version, firmware-version, bus-info, as ``ethtool -i`` names them."""
        reply = self._call(struct.pack("=I192x", _GDRVINFO))
        names = ("driver", "version", "firmware-version", "bus-info")
        return {n: _text(reply[4 + 32 * i : 36 + 32 * i]) for i, n in enumerate(names)}

    def permanent_address(self) -> str:
        """The burnt-in address; empty if it has none."""
        reply = self._call(struct.pack("=II32x", _GPERMADDR, 32))
        (size,) = struct.unpack_from("=I", reply, 4)
        address = reply[8 : 8 + min(size, 32)]
        return address.hex(":") if any(address) else ""

    def ring(self) -> tuple[int, int]:
        """Receive ring: entries in use, and how many there could be."""
        numbers = struct.unpack("=9I", self._call(struct.pack("=9I", _GRINGPARAM, *[0] * 8)))
        return numbers[5], numbers[1]

    def statistics(self) -> list[tuple[str, int]]:
        """The driver's own counters by their names; a name may come twice."""
        reply = self._call(struct.pack("=I192x", _GDRVINFO))
        (count,) = struct.unpack_from("=I", reply, 180)
        if not 0 < count <= _STATISTICS_MAX:
            raise Unsupported
        # the number may grow between the calls, and the kernel then writes beyond what was asked
        room = 2 * count + 1024
        names = self._call(
            struct.pack("=III", _GSTRINGS, _STRINGS_STATISTICS, count) + bytes(_STRING * room)
        )
        values = self._call(struct.pack("=II", _GSTATS, count) + bytes(8 * room))
        return [
            (
                _text(names[12 + _STRING * i : 12 + _STRING * (i + 1)]),
                struct.unpack_from("=Q", values, 8 + 8 * i)[0],
            )
            for i in range(count)
        ]

    def link_settings(self) -> LinkSettings:
        """Link settings; the kernel first tells how many words its masks have."""
        first = self._call(struct.pack("=I44x", _GLINKSETTINGS))
        (words,) = struct.unpack_from("=b", first, 15)
        if not -64 <= words < 0:
            raise Unsupported
        ask = bytearray(struct.pack("=I44x", _GLINKSETTINGS))
        ask[15] = -words
        return LinkSettings(self._call(bytes(ask) + bytes(12 * -words)), -words)

    def module(self) -> bytes:
        """Memory of the pluggable module, pages after each other, as ``ethtool -m raw on``."""
        info = self._call(struct.pack("=III32x", _GMODULEINFO, 0, 0))
        _, _, size = struct.unpack_from("=III", info)
        if not 0 < size <= _EEPROM_MAX:
            raise Unsupported
        ask = struct.pack("=IIII", _GMODULEEEPROM, 0, 0, size) + bytes(size)
        return self._call(ask)[16:]

    def _call(self, request: bytes) -> bytes:
        buffer = array.array("B", request)
        address, _ = buffer.buffer_info()
        try:
            fcntl.ioctl(self._socket, _SIOCETHTOOL, struct.pack("16sP16x", self._name, address))
        except OSError as e:
            if e.errno == errno.EOPNOTSUPP:
                raise Unsupported from None
            raise
        return buffer.tobytes()


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("ascii", "replace").strip()
