"""The holder's sockets to the voters of one group: UDP, one for each of its own addresses.

Every packet is sealed by the cluster's keys, but for those to oneself. These take the way through
the kernel too, from and to the address that the voter set names: a copy of this host elsewhere
does not bear it, and so does not hear its own vote.
"""

import select
import socket
from collections import Counter
from collections.abc import Iterator, Mapping

from hwagent.lease.messages import Malformed, Message, decode, encode
from hwagent.seal.channel import Channel

from .protocol import Parcel, clock

#: Packets read from one socket in one turn; the rest waits for the next.
_READS = 256
#: Longest packet: a list of all claims of a host goes in fragments.
_SIZE = 65535
_OWN = b"\0"
_FREEBIND, _FREEBIND6 = 15, 78
#: Network control (RFC 4594, CS6), and the kernel's own queues: before what the host carries.
_TOS, _PRIORITY = 0xC0, 6


class Wire:
    """One host's end in one group. Raises OSError if a socket cannot be had."""

    def __init__(
        self, own: tuple[str, ...], port: int, channel: Channel, poll: select.epoll
    ) -> None:
        self.counters: Counter[str] = Counter()
        self.channel = channel
        self._own = own
        self._port = port
        self._poll = poll
        self._networks: dict[str, int] = {}
        self._echoes: list[int] = []
        self._sockets = [_bound(address, port) for address in own]
        self._by_number = {s.fileno(): s for s in self._sockets}
        for s in self._sockets:
            poll.register(s, select.EPOLLIN)

    def dropped(self) -> Counter[str]:
        """Packets that were dropped, or could not be sent, by reason."""
        return self.counters + self.channel.counters

    def rekey(self, channel: Channel) -> None:
        """Other keys from now on."""
        self.counters += self.channel.counters
        self.channel = channel

    def meet(self, peers: Mapping[str, tuple[str, ...]]) -> None:
        """Takes the addresses of all others: the first of each is on the network of our first."""
        self._networks = {a: n for addresses in peers.values() for n, a in enumerate(addresses)}

    def reads(self, number: int) -> bool:
        """Whether a file descriptor is one of ours."""
        return number in self._by_number

    def send(self, to: str, message: Message) -> None:
        """Sends, or not: there may be no way. Nothing here waits."""
        payload = encode(message)
        if to in self._own:
            s = self._sockets[self._own.index(to)]
            self._put(s, to, _OWN + payload)
            self._echoes.append(s.fileno())
        else:
            packet = self.channel.seal(clock(), (to, self._port), payload)
            self._put(self._socket(to), to, packet)

    def receive(self, number: int) -> Iterator[tuple[str, Message]]:
        """Source and message of what has come in, one after the other."""
        s = self._by_number[number]
        for _ in range(_READS):
            try:
                packet, (host, port, *_) = s.recvfrom(_SIZE)
            except OSError:
                return
            payload = self._open(s, host, port, packet)
            if payload is None:
                continue
            try:
                yield host, decode(payload)
            except Malformed:
                self.counters["malformed"] += 1

    def echoes(self) -> list[int]:
        """File descriptors to which this host itself has sent since the last call."""
        found, self._echoes = self._echoes, []
        return found

    def parcels(self, addresses: Mapping[str, tuple[str, ...]], message: Message) -> list[Parcel]:
        """A message to all others for somebody else to send; to those who are known only."""
        payload = encode(message)
        found = []
        for address in (a for many in addresses.values() for a in many if a not in self._own):
            packet = self.channel.seal_only((address, self._port), payload)
            if packet is not None:
                source = self._own[self._network(address)]
                found.append(Parcel(address, self._port, source, packet))
        return found

    def close(self) -> None:
        """Ends the conversation."""
        for s in self._sockets:
            self._poll.unregister(s)
            s.close()

    def _open(self, s: socket.socket, host: str, port: int, packet: bytes) -> bytes | None:
        if host in self._own:
            # nobody else can send from our port; from elsewhere the kernel lets no such packet in
            return packet[1:] if port == self._port and packet[:1] == _OWN else None
        member = host in self._networks
        received = self.channel.open(clock(), (host, port), packet, member)
        for reply in received.replies:
            self._put(s, host, reply)
        if received.payload is not None and not member:
            self.counters["stranger"] += 1
            return None
        return received.payload

    def _socket(self, to: str) -> socket.socket:
        return self._sockets[self._network(to)]

    def _network(self, to: str) -> int:
        number = self._networks.get(to, 0)
        return number if number < len(self._sockets) else 0

    def _put(self, s: socket.socket, to: str, packet: bytes) -> None:
        try:
            s.sendto(packet, (to, self._port))
        except OSError:
            self.counters["unsent"] += 1


def _bound(address: str, port: int) -> socket.socket:
    """A socket that is bound, whether the address is there already or not."""
    six = ":" in address
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    s.setblocking(False)
    try:
        if six:
            s.setsockopt(socket.IPPROTO_IPV6, _FREEBIND6, 1)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _TOS)
        else:
            s.setsockopt(socket.IPPROTO_IP, _FREEBIND, 1)
            s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _TOS)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, _PRIORITY)
        s.bind((address, port))
    except OSError:
        s.close()
        raise
    return s
