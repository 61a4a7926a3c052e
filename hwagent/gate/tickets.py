"""The gate of nftables, as the holder opens it: by frames on the loopback interface.

An element of an nftables set times out relative to the moment at which the packet path takes it, so
that a process that stands still before it sends would open the gate too late. Therefore no frame
opens anything without a ticket:

1. The holder sends a frame with a number. The kernel's rules on ``lo`` note the number for TICKET
   milliseconds, then let the frame go on, back to the holder.
2. Only then the holder reads the clock: the ticket, noted before, ends TICKET after that at the
   latest.
3. It sends, with the number, how long an address may pass: what is left from the end of the ticket
   on. A frame whose ticket has ended opens nothing, however long the holder stood still, and one
   that is in time opens no longer than to the deadline.

What is left of the imprecision goes to the safe side: times are rounded down to one of ``TIMES``,
and TICK is taken off for a tick of the kernel that comes late. The kernel counts ticks, which stand
still while the host is suspended, and the deadlines do not: that is the window of this gate.

Frames go through a packet socket, so that nobody without CAP_NET_RAW can send them.
"""

import socket
import struct
from bisect import bisect_right

from .deadlines import boot_ns

#: Ethernet type of the frames that get a ticket: IEEE 802, local experimental.
ETHERTYPE = 0x88B5
#: IP protocol of those that open an address: RFC 3692, experimentation. They never go further.
PROTOCOL = 253
#: Milliseconds for which a ticket counts: two ticks at least, for kernels with 100 a second.
TICKET = 20
#: Milliseconds by which a tick of the kernel may be late: the longest tick that there is.
TICK = 10
#: Milliseconds for which an address may pass; the code of each, in the frame's TTL, is its place
#: here and one. Eight to an octave: what is lost by rounding down is an eighth at most.
TIMES = tuple(base * n for base in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
              for n in range(8, 16) if base * n >= TICK)  # fmt: skip
#: The code that shuts an address, and ends the ticket.
SHUT = 0
#: What is said of this gate where the eBPF one cannot be had.
WINDOW = (
    f"shuts up to {TICKET + TICK} ms and an eighth of its time early, and late by as long as the"
    " host was suspended"
)
_IPV4, _IPV6 = 0x0800, 0x86DD
#: Nanoseconds for which a ticket is used again.
_USABLE = TICKET * 1_000_000 // 4
#: Nanoseconds after which a ticket that has not come is given up.
_PATIENCE = TICKET * 1_000_000
_READS = 64


def code(left: int) -> int:
    """The code of a time, in nanoseconds, rounded down; SHUT if it is too short for any."""
    return bisect_right(TIMES, left // 1_000_000)


class Tickets:
    """Opens addresses by tickets. Raises OSError when made; later ``problem`` says what fails."""

    def __init__(self) -> None:
        self.problem = ""
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_PACKET, kind, 0)
        self._socket.bind(("lo", ETHERTYPE))
        self._wanted: dict[str, int] = {}
        self._number = 0
        self._asked = self._granted = -_PATIENCE

    def fileno(self) -> int:
        """File descriptor to poll."""
        return self._socket.fileno()

    def open_until(self, address: str, deadline: int) -> None:
        """Lets packets of an address pass until a nanosecond of CLOCK_BOOTTIME; 0 shuts it."""
        if not deadline:
            return self._shut(address)
        self._wanted[address] = deadline
        now = boot_ns()
        if now - self._granted < _USABLE:
            self._spend()
        elif now - self._asked > _PATIENCE:
            self._ask(now)
            self.receive()
        return None

    def receive(self) -> None:
        """Takes a ticket that has come, and opens what has waited for it."""
        frame = b""
        for _ in range(_READS):
            try:
                frame = self._socket.recv(64)
            except OSError:
                break
            if frame[6:12] == self._ticket():
                self._granted, self._asked = boot_ns(), -_PATIENCE
        if boot_ns() - self._granted < _USABLE:
            self._spend()

    def close(self) -> None:
        """Gives the socket back; what is open ends by itself."""
        self._socket.close()

    def _ask(self, now: int) -> None:
        self._number, self._asked = self._number + 1, now
        self._send(ETHERTYPE, b"")

    def _spend(self) -> None:
        end = self._granted + (TICKET + TICK) * 1_000_000
        for address, deadline in self._wanted.items():
            if time := code(deadline - end):
                self._open(address, time)
        self._wanted.clear()

    def _shut(self, address: str) -> None:
        """The ticket ends too: no frame that the kernel has not come to yet opens it again."""
        self._wanted.pop(address, None)
        self._open(address, SHUT)
        self._granted = -_PATIENCE

    def _open(self, address: str, code: int) -> None:
        if ":" in address:
            head = struct.pack("!IHBB16x", 6 << 28, 0, PROTOCOL, code)
            return self._send(_IPV6, head + socket.inet_pton(socket.AF_INET6, address))
        head = struct.pack("!BBHHHBBH4x", 0x45, 0, 20, 0, 0, code, PROTOCOL, 0)
        return self._send(_IPV4, head + socket.inet_pton(socket.AF_INET, address))

    def _send(self, kind: int, payload: bytes) -> None:
        frame = bytes(6) + self._ticket() + struct.pack("!H", kind) + payload
        try:
            self._socket.sendto(frame, ("lo", kind))
        except OSError as e:
            self.problem = f"the gate's way through lo: {e.strerror}"
        else:
            self.problem = ""

    def _ticket(self) -> bytes:
        return self._number.to_bytes(6, "big")
