"""What goes wrong on the owner of an address, and how it is put right again."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.fleet.lab import VIP, Host
from tests.fleet.systems import System

Step = Callable[[System, Host], None]


class Fault(NamedTuple):
    """One fault: what is done to the owner, what undoes it, how long the prober looks on, whether
    the address has to leave the owner, and the role whose processes it concerns."""

    name: str
    inject: Step
    restore: Step
    seconds: float = 1.5
    moves: bool = True
    second_path: bool = False
    role: str = "all"


def _crash(system: System, owner: Host) -> None:
    """The host is gone: no link, and nothing runs."""
    owner.cable(plugged=False)
    owner.cable(plugged=False, port=1)
    system.signal(owner, "all", signal.SIGKILL)


def _revive(system: System, owner: Host) -> None:
    owner.revive()
    system.start(owner)


def _restart(system: System, owner: Host) -> None:
    system.signal(owner, "all", signal.SIGKILL)
    _revive(system, owner)


def _signal(role: str, number: signal.Signals) -> Step:
    return lambda system, owner: system.signal(owner, role, number)


def _nft(owner: Host, rule: str) -> None:
    """Drops what the rule says of the packets that leave the host, at the switch's port."""
    port = f"h{owner.number}p0"
    hook = f"type filter hook ingress device {port} priority 0"
    text = f"table netdev lab {{\n chain {port} {{\n {hook};\n {rule} drop\n }}\n}}\n"
    argv = ["ip", "netns", "exec", owner.fleet.switch, "nft", "-f", "-"]
    subprocess.run(argv, input=text, text=True, check=True)


def _mute(system: System, owner: Host) -> None:
    _nft(owner, "")


def _lose(system: System, owner: Host) -> None:
    for host in owner.fleet.hosts:
        _nft(host, "numgen random mod 100 < 20")


def _unmute(system: System, owner: Host) -> None:
    argv = ["ip", "netns", "exec", owner.fleet.switch, "nft", "delete", "table", "netdev", "lab"]
    subprocess.run(argv, check=True)


_BURN = "import os\np = os.getppid()\nwhile os.getppid() == p: pass"
_busy: list["subprocess.Popen[bytes]"] = []


def _load(*argv: str, count: int) -> Step:
    """So many processes, on no host in particular: all share the machine's cores and memory."""

    def step(system: System, owner: Host) -> None:
        for _ in range(count):
            _busy.append(subprocess.Popen([sys.executable, *argv]))

    return step


def _rest(system: System, owner: Host) -> None:
    while _busy:
        process = _busy.pop()
        process.kill()
        process.wait()


@contextmanager
def load(processes: int) -> Iterator[None]:
    """So many processes that never rest, while the block runs."""
    busy = [subprocess.Popen([sys.executable, "-c", _BURN]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def _pull(system: System, owner: Host) -> None:
    """The cable by which the address is reached."""
    owner.cable(plugged=False, port=int(VIP in owner.ip("addr show dev eth1")))


def _plug(system: System, owner: Host) -> None:
    owner.cable(plugged=True)
    owner.cable(plugged=True, port=1)


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("host crashed", _crash, _revive),
        Fault("holder killed", _signal("holder", signal.SIGKILL), _restart),
        Fault("holder frozen", _signal("holder", signal.SIGSTOP), _restart),
        # longer than an agent's word counts (fitness.ttl)
        Fault("agent killed", _signal("agent", signal.SIGKILL), _restart, 9.0, role="agent"),
        Fault("agent frozen", _signal("agent", signal.SIGSTOP), _restart, 9.0, role="agent"),
        Fault("cable pulled", _pull, _plug),
        Fault("cable pulled, second path", _pull, _plug, moves=False, second_path=True),
        Fault(
            "planned move",
            lambda system, owner: system.move(owner),
            lambda system, owner: system.moved(owner),
        ),
        Fault("port mute one way", _mute, _unmute, 2.0),
        Fault("20 % loss", _lose, _unmute, 5.0, moves=False),
        Fault("40 busy processes", _load("-c", _BURN, count=40), _rest, 10.0, moves=False),
        Fault("memory eaten", _load("-m", "tests.fleet.hog", count=4), _rest, 10.0, moves=False),
    )
}
