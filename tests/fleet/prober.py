"""What a client sees of virtual IPs: ``prober.py ADDRESSES INTERFACE OWN [SECONDS]`` asks every
millisecond, or every so many seconds, in two ways, and keeps the books. Of several addresses it
asks one after the other.

By a plain socket, as a client does, through its neighbour table: the longest silence is the outage.
And by a frame to all hosts with the address as destination: every host that bears the address and
lets it through answers, so two answers to one question are two owners.

Lines on standard input, each answered by one line of JSON with a value for each address: ``ask``
asks once, by the frame, and tells which hosts answered; ``start`` probes until ``stop``: it says so
once each address was asked, and at the end tells what was seen.
"""

import json
import os
import select
import socket
import struct
import sys
import time
from itertools import pairwise
from typing import Any

PORT = 9999
EVERY = float(sys.argv[4]) if len(sys.argv) > 4 else 0.001
#: The loop gives up this much of a round after the last question, for answers under way.
LINGER = 0.1


class Prober:
    """One round's books."""

    def __init__(self, vips: list[str], interface: str) -> None:
        self.vips = vips
        self.client = self._bound()
        self.caller = self._bound()
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.raw.bind((interface, 0))
        self.own = socket.gethostbyname(sys.argv[3])
        self.headers = [self._header(vip) for vip in vips]

    def _bound(self) -> socket.socket:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((sys.argv[3], 0))
        s.setblocking(False)
        return s

    def _header(self, vip: str) -> bytes:
        mac = self.raw.getsockname()[4]
        ethernet = b"\xff" * 6 + mac + b"\x08\x00"
        addresses = socket.inet_aton(self.own) + socket.inet_aton(vip)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 36, 0, 0, 64, 17, 0) + addresses
        total = sum(struct.unpack("!10H", ip))
        total = (total & 0xFFFF) + (total >> 16)
        ip = ip[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + ip[12:]
        udp = struct.pack("!HHHH", self.caller.getsockname()[1], PORT, 16, 0)
        return ethernet + ip + udp

    def round(self, stop: int) -> dict[str, Any]:
        """Asks until the file ``stop`` can be read; returns what was seen of each address."""
        sent: list[float] = []
        answers: list[tuple[int, int, float]] = []
        callers: dict[int, set[int]] = {}
        begin = due = time.monotonic()
        end = 0.0
        while not end or time.monotonic() < end:
            now = time.monotonic()
            if now >= due and not end:
                sent.append(now)
                self._ask(len(sent) - 1)
                if len(sent) == len(self.vips):
                    print('"probing"', flush=True)
                due = max(due + EVERY, now)
            ready, _, _ = select.select(
                [self.client, self.caller, stop], [], [], max(0.0, due - now) if not end else 0.01
            )
            if stop in ready and not end:
                sys.stdin.readline()
                end = time.monotonic() + LINGER
            self._take(self.client, lambda host, n: answers.append((n, host, time.monotonic())))
            self._take(self.caller, lambda host, n: callers.setdefault(n, set()).add(host))
        answered = {n: host for n, host, _ in answers}
        return {
            vip: summary(begin, sent, answered, callers, range(first, len(sent), len(self.vips)))
            for first, vip in enumerate(self.vips)
        }

    def ask(self) -> dict[str, list[int]]:
        """Hosts that answer one question to all."""
        hosts: list[set[int]] = [set() for _ in self.vips]
        self._take(self.caller, lambda host, n: None)
        for n, header in enumerate(self.headers):
            self.raw.send(header + struct.pack("!Q", n))
        while select.select([self.caller], [], [], LINGER)[0]:
            self._take(self.caller, lambda host, n: hosts[n % len(hosts)].add(host))
        return {vip: sorted(found) for vip, found in zip(self.vips, hosts, strict=True)}

    def _ask(self, n: int) -> None:
        which, number = n % len(self.vips), struct.pack("!Q", n)
        for send in (
            lambda: self.client.sendto(number, (self.vips[which], PORT)),
            lambda: self.raw.send(self.headers[which] + number),
        ):
            try:
                send()
            except OSError:
                continue  # no neighbour answers for it: that is the outage

    def _take(self, s: socket.socket, note: Any) -> None:
        while True:
            try:
                data = s.recv(100)
            except OSError:
                return
            if len(data) == 9:
                note(data[0], struct.unpack("!Q", data[1:])[0])


def summary(
    begin: float,
    sent: list[float],
    answered: dict[int, int],
    callers: dict[int, set[int]],
    numbers: range,
) -> dict[str, Any]:
    """Of the questions with these numbers: the longest silence between two that were answered, in
    milliseconds, how many silences, and who answered from when on; ``prober_stall_ms`` is the
    prober's own longest silence, ``began`` its start by CLOCK_MONOTONIC."""
    changes: list[list[float]] = []
    for n in numbers:
        if n in answered and (not changes or changes[-1][1] != answered[n]):
            changes.append([round(sent[n] - begin, 3), answered[n]])
    silences = _silences([(sent[n], n in answered) for n in numbers])
    gaps = [b - a for a, b in pairwise(sent)]
    return {
        "began": begin,
        "sent": len(numbers),
        "answered": sum(n in answered for n in numbers),
        "outage_ms": round(max(silences, default=0.0) * 1000, 1),
        "silences": len(silences),
        "owners": changes,
        "overlaps": sum(len(callers.get(n, ())) > 1 for n in numbers),
        "prober_stall_ms": round(max(gaps, default=0.0) * 1000, 1),
    }


def _silences(asked: list[tuple[float, bool]]) -> list[float]:
    """How long each was: from the first question of a row without answer to the next answered."""
    found, start = [], None
    for at, well in asked:
        if well and start is not None:
            found.append(at - start)
        start = None if well else at if start is None else start
    return found if start is None else [*found, asked[-1][0] - start]


def main() -> None:
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(20))
    prober = Prober(sys.argv[1].split(","), sys.argv[2])
    print("ready", flush=True)
    while line := sys.stdin.readline():
        answer = prober.ask() if line.strip() == "ask" else prober.round(sys.stdin.fileno())
        print(json.dumps(answer), flush=True)


main()
