"""Which versions hosts speak, as the switch sees it: for each line on standard input a line of
JSON, of each sender the versions in the heads of its gossip and in its messages of the lease."""

import json
import socket
import sys
from collections import defaultdict

import msgspec

from hwagent.seal.sealer import HEAD, MAGIC, SEAL

LEASE_PORT = 7947
#: Packets of ours in one look.
LOOK = 600
#: What is not said by then is not said, in seconds.
PATIENCE = 30.0
#: All protocols: the bridge takes packets before those who wait for one protocol see them.
_ETH_P_ALL, _IPV4 = 0x0003, b"\x08\x00"


def main() -> None:
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    raw.settimeout(PATIENCE)
    print("ready", flush=True)
    while sys.stdin.readline():
        found: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        for _ in range(LOOK):
            sender, port, data = _ours(raw)
            if port == LEASE_PORT:
                found[sender]["lease"].add(msgspec.msgpack.decode(data[HEAD.size : -SEAL])[1])
            else:
                found[sender]["gossip"].add(data[2])
        said = {h: {k: sorted(v) for k, v in kinds.items()} for h, kinds in found.items()}
        print(json.dumps(said), flush=True)


def _ours(raw: socket.socket) -> tuple[str, int, bytes]:
    """Sender, port and payload of the next packet of ours by UDP that has a payload."""
    while True:
        frame = raw.recv(65535)
        data = frame[42:]  # Ethernet, IPv4 without options, UDP
        udp = frame[12:14] == _IPV4 and frame[23] == socket.IPPROTO_UDP
        if udp and data[:2] == MAGIC and len(data) > HEAD.size + SEAL:
            return socket.inet_ntoa(frame[26:30]), int.from_bytes(frame[36:38], "big"), data


main()
