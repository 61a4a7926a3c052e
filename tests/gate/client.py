"""Runs in the switch's namespace: asks addresses by UDP, ARP or neighbour solicitation.

A line names the addresses; the answer names those that answered. The last of a line always answers,
and its answer comes last, so nothing has to be waited for in vain.
"""

import select
import socket
import struct
import sys
import time

PORT = 9999


def udp(addresses: list[str]) -> list[str]:
    """Those whose echo answers before the last one's does."""
    answered: list[str] = []
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        s.settimeout(1)
        while addresses[-1] not in answered:
            for address in addresses:
                try:
                    s.sendto(b"x", (address if ":" in address else f"::ffff:{address}", PORT))
                except OSError:
                    continue  # no neighbour answered for it
            try:
                answered.append(s.recvfrom(10)[1][0].removeprefix("::ffff:"))
                while select.select([s], [], [], 0.02)[0]:
                    answered.append(s.recvfrom(10)[1][0].removeprefix("::ffff:"))
            except TimeoutError:
                continue
    return sorted(set(answered))


def arp(addresses: list[str]) -> list[str]:
    """Those for which an ARP reply comes before the last one's."""
    answered: list[str] = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as s:
        s.bind(("br0", 0x0806))
        mac = s.getsockname()[4]
        for address in addresses:
            request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + socket.inet_aton("10.0.0.1")
            request += bytes(6) + socket.inet_aton(address)
            s.send(b"\xff" * 6 + mac + b"\x08\x06" + request)
        end = time.monotonic() + 30
        while addresses[-1] not in answered and time.monotonic() < end:
            if select.select([s], [], [], 0.2)[0]:
                frame = s.recv(100)
                if frame[20:22] == b"\x00\x02":
                    answered.append(socket.inet_ntoa(frame[28:32]))
    return sorted(set(answered))


def main() -> None:
    for line in sys.stdin:
        word, *addresses = line.split()
        print(*(udp if word == "udp" else arp)(addresses), flush=True)


main()
