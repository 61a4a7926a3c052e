"""Hostile packets at a living agent and its holder: nothing ends, changes, grows or moves.

HWAGENT_HOSTILE=1000000 sets how many; the run of the issue is a million.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hwagent.cli.client import request
from tests.fleet.lab import VIP, Fleet, Host, fleet
from tests.fleet.systems import Hwagent
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root"),
    pytest.mark.timeout(3600),
]
COUNT = int(os.environ.get("HWAGENT_HOSTILE", "6000"))
#: Bytes by which a process may differ between two looks at it.
FLAT = 8 << 20
KEY = base64.b64encode(b"k" * 32).decode()
#: What strangers say, besides nothing: to the port for streams, and as datagrams longer than any of
#: ours.
_CALL = """
import contextlib, socket, sys
host, times = sys.argv[1:]
words = [b"", b"GET / HTTP/1.0", b"\\xff" * 60000, b"\\0\\0\\1\\0" + b"\\x91" * 256]
for said in words * int(times):
    with contextlib.suppress(ConnectionError), socket.create_connection((host, 7956), 60) as s:
        s.sendall(said)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for port in (7956, 7947):
            s.sendto(said, (host, port))
"""


class Sealed(Hwagent):
    """Three agents that demand a key."""

    def _cluster(self, host: Host) -> dict[str, Any]:
        path = self.place / "keys"
        path.write_text(KEY + "\n")
        path.chmod(0o600)
        return {**super()._cluster(host), "encryption": "required", "key_file": str(path)}


@pytest.fixture
def sealed(tmp_path: Path) -> Iterator[Sealed]:
    with fleet(3) as made:
        system = Sealed(made, tmp_path, 0.1)
        for host in made.hosts:
            system.start(host)
        yield system


def attacker(made: Fleet, target: Host) -> subprocess.Popen[str]:
    others = [h.address for h in made.hosts if h is not target]
    name, mac = f"h{target.number}p0", target.macs()[0]
    return made.start(made.switch, "-m", "tests.fleet.attacker", name, mac, target.address, *others)


def sizes(system: Sealed, host: Host) -> dict[str, tuple[int, int]]:
    """Process and resident bytes of those who read the network."""
    found = {}
    for role in ("agent", "holder"):
        [number] = system.processes(host, role)
        found[role] = number, psutil.Process(number).memory_info().rss
    return found


def beliefs(system: Sealed, host: Host) -> Any:
    """What must not change: who is there and where, and who holds what since which epoch."""
    status = system.status(host)
    [vip] = status["vips"]
    kept = ("name", "status", "addresses", "labels", "incarnation")
    return (
        [{k: m[k] for k in kept} for m in status["members"]],
        {k: vip[k] for k in ("state", "epoch", "holder", "since")},
    )


def alive(system: Sealed, host: Host) -> list[str]:
    members = system.status(host)["members"]
    return [m["name"] for m in members if m["status"] == "alive"]


def call(made: Fleet, target: Host) -> None:
    """Strangers' connections, and datagrams longer than any packet of ours."""
    argv = ["ip", "netns", "exec", made.client, sys.executable, "-c", _CALL, target.address]
    subprocess.run([*argv, str(max(1, COUNT // 2000))], check=True)


def test_hostile_packets_do_nothing_to_a_living_agent_and_holder(sealed: Sealed) -> None:
    made = sealed.fleet
    sealed.ready()
    owner = made.owner()
    wait_for(lambda: len(alive(sealed, owner)) == 3, 120, "three members")
    strangers = attacker(made, owner)
    assert strangers.stdin is not None
    assert strangers.stdout is not None
    before, seen_sizes, sent = beliefs(sealed, owner), [], 0
    with made.probing() as seen:
        for _ in range(4):
            print(COUNT // 4, file=strangers.stdin, flush=True)
            call(made, owner)
            sent += sum(json.loads(strangers.stdout.readline()).values())
            seen_sizes.append(sizes(sealed, owner))
    assert sent == COUNT // 4 * 4
    for role in ("agent", "holder"):
        (first, least), *_, (last, most) = [found[role] for found in seen_sizes]
        assert first == last, f"the {role} is another process now"
        assert most - least < FLAT, f"the {role} grew: {[s[role] for s in seen_sizes]}"
    assert beliefs(sealed, owner) == before, sealed.cli(owner, "history", f"vip:{VIP}/24").stdout
    assert {host for _, host in seen["owners"]} == {owner.number}
    assert seen["overlaps"] == 0
    metrics = request(sealed.socket(owner), "GET", "/metrics")[1].decode()
    for reason in ("forged", "key", "label", "version", "short", "foreign", "unsealed"):
        assert f'event="{reason}"' in metrics
    print(json.dumps({"packets": sent, "sizes": seen_sizes, "outage_ms": seen["outage_ms"]}))
