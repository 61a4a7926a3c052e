"""Sends what no member would: in the switch's namespace, to one host, under anybody's address.

    python -m tests.fleet.attacker PORT MAC ADDRESS MEMBER... ; then a number of packets a line

It records what really goes to the host and says it again, cut, changed, as another version, under
other keys and labels, and adds noise, bombs, and lies about members and leases. A line of JSON says
how many of each kind were sent.
"""

import base64
import json
import random
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable

import msgspec

from hwagent.cluster.codec import encode
from hwagent.cluster.compound import pack
from hwagent.cluster.messages import Alive, Dead, Endpoint, Suspect
from hwagent.lease import messages as lease
from hwagent.seal.channel import Channel
from hwagent.seal.keyring import Keyring
from hwagent.seal.sealer import HEAD, MAGIC, POLICIES, Sealer

LEASE = 7947
#: Packets that are recorded first, and that are sent in a second at most: what comes faster than
#: the host can read is dropped by its kernel, which is no trial of ours.
RECORDED, RATE = 300, 5000
_ETH_P_ALL = 0x0003
_BOMB = b"\xdd\xff\xff\xff\xff" * 200


class Attacker:
    """One attacker of one host."""

    def __init__(self, port: str, mac: str, host: str, members: list[str]) -> None:
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self.raw.bind((port, 0))
        self.mac = bytes.fromhex(mac.replace(":", ""))
        self.host = socket.inet_aton(host)
        self.members = members
        self.rng = random.Random(4)
        self.recorded = self._record()
        self.outsiders = [
            self._outsider(b"w" * 32, "", "required"),
            self._outsider(b"k" * 32, "other", "required"),
            self._outsider(b"", "", "none"),
        ]
        self.kinds: dict[str, Callable[[int, bytes], bytes]] = {
            "noise": lambda port, p: self.rng.randbytes(self.rng.randrange(1400)),
            "noise with our head": lambda port, p: p[: HEAD.size] + self.rng.randbytes(200),
            "cut": lambda port, p: p[: self.rng.randrange(len(p))],
            "replayed": lambda port, p: p,
            "changed": lambda port, p: self._changed(p),
            "of the future": lambda port, p: p[:2] + bytes([self.rng.randrange(2, 256)]) + p[3:],
            "lie": self._lie,
            "bomb": lambda port, p: p[:48] + _BOMB,
            "long": lambda port, p: (p + self.rng.randbytes(1400))[:1470],
        }

    def send(self, count: int) -> Counter[str]:
        """So many packets; how many of each kind."""
        sent: Counter[str] = Counter()
        begin = time.monotonic()
        for number in range(count):
            port, packet = self.rng.choice(self.recorded)
            kind = self.rng.choice(list(self.kinds))
            self.raw.send(self._frame(port, self.kinds[kind](port, packet)))
            sent[kind] += 1
            if number % 100 == 0:
                time.sleep(max(0.0, begin + number / RATE - time.monotonic()))
        return sent

    def _record(self) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        while len(found) < RECORDED:
            frame = self.raw.recv(65535)
            udp = frame[12:14] == b"\x08\x00" and frame[23] == socket.IPPROTO_UDP
            if udp and frame[30:34] == self.host and frame[42:44] == MAGIC:
                found.append((int.from_bytes(frame[36:38], "big"), frame[42:]))
        return found

    def _outsider(self, key: bytes, label: str, policy: str) -> Channel:
        ring = Keyring([base64.b64encode(key).decode()] if key else [])
        sealer = Sealer(ring, label, POLICIES[policy])
        return Channel(0, sealer, lambda: self.rng.getrandbits(64))

    def _lie(self, port: int, packet: bytes) -> bytes:
        """To the receiver's present session, as every packet names it in the clear."""
        session = HEAD.unpack_from(packet)[-1]
        said = self._of_leases() if port == LEASE else pack([self.rng.choice(self._of_members())])
        return self.rng.choice(self.outsiders).seal(0, ("", 0), said, guess=session)

    def _of_members(self) -> list[bytes]:
        return [
            encode(Dead("h2", 2**40, "h1")),
            encode(Suspect("h3", 2**40, "h1")),
            encode(Alive("h1", 2**40, (Endpoint("", "6.6.6.6", 666),), 666)),
            msgspec.msgpack.encode([5, "a", 1, [["", "h", 1]] * 200, 1]),
        ]

    def _of_leases(self) -> bytes:
        name = f"h{self.rng.randrange(1, 4)}"
        common = {"group": "web", "owner": name, "nonce": self.rng.randrange(1, 2**60)}
        claim = lease.Claim("10.9.0.100", 2**60, True)
        return lease.encode(
            self.rng.choice([
                lease.Release(**common, seq=lease.FINAL, claims=None),
                lease.Heartbeat(**common, seq=2**60, sets=(0, 1), lease=300, digest=1,
                                claims=(claim,)),
                lease.Ack(group="web", voter=name, nonce=1, owner=1, seq=1, sets=(0, 1), clock=1),
            ])
        )  # fmt: skip

    def _changed(self, packet: bytes) -> bytes:
        data = bytearray(packet)
        data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        return bytes(data)

    def _frame(self, port: int, payload: bytes) -> bytes:
        """From a member's address or from anywhere; without a UDP checksum, as RFC 768 allows."""
        anywhere = f"66.{self.rng.randrange(256)}.{self.rng.randrange(256)}.6"
        source = self.rng.choice([*self.members, anywhere])
        udp = struct.pack("!HHHH", port, port, 8 + len(payload), 0)
        size = 20 + len(udp) + len(payload)
        head = struct.pack("!BBHHHBBH", 0x45, 0, size, 0, 0, 64, socket.IPPROTO_UDP, 0)
        addresses = socket.inet_aton(source) + self.host
        total = sum(struct.unpack("!10H", head + addresses))
        total = (total & 0xFFFF) + (total >> 16)
        ip = head[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + addresses
        return self.mac + b"\x02" * 6 + b"\x08\x00" + ip + udp + payload


def main() -> None:
    port, mac, host, *members = sys.argv[1:]
    print("ready", flush=True)
    attacker = Attacker(port, mac, host, members)
    while line := sys.stdin.readline():
        print(json.dumps(attacker.send(int(line))), flush=True)


main()
