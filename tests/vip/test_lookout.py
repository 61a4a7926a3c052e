"""Who it is that answers for an address of ours: a host of its group, or nobody we know."""

from collections.abc import Iterator
from typing import cast

import pytest

from hwagent.net.listen import Heard
from hwagent.vip.chamber import Chamber
from hwagent.vip.kernel import Kernel
from hwagent.vip.lookout import INTERVAL, Lookout
from hwagent.vip.machine import Machine
from hwagent.vip.protocol import Vip
from hwagent.vip.rival import SETTLING
from hwagent.vip.ward import Word
from tests.vip.lab import VIP, Lab, lab

__all__ = ["lab"]
MAC = bytes.fromhex("020000000005")


class Ears:
    """A kernel that has heard something, and knows one neighbour."""

    def __init__(self) -> None:
        self.waiting = [Heard("eth0", "10.0.0.10", MAC)]
        self.asked = 0

    def listen(self, wanted: object) -> None:
        """Takes what is asked for."""

    def heard(self) -> Iterator[Heard]:
        """All of it, once."""
        while self.waiting:
            yield self.waiting.pop()

    def neighbour(self, interface: str, address: str) -> bytes:
        """Only 10.0.0.3 is known."""
        self.asked += 1
        return MAC if address == "10.0.0.3" else b""


class Peers:
    """A group of three."""

    def peers(self, address: str) -> dict[str, tuple[str, ...]]:
        """Its hosts."""
        return {"a": ("10.0.0.1",), "b": ("10.1.0.2", "10.0.0.2"), "c": ("10.1.0.3", "10.0.0.3")}


def held() -> Machine:
    """A machine that holds an address since time 0."""

    machine = Machine(0.0)
    machine.plan(0.0, [Vip(VIP, ("eth0",))])
    machine.links({"eth0": True})
    machine.fitness(Word(True, "", 1e9))
    machine.step(0.0)
    machine.news(0.0)
    return machine


def reasons(machine: Machine, now: float) -> list[str]:
    """Of duplicates."""
    return [news.reason for news in machine.news(now) if news.type == "duplicate"]


def test_a_host_of_the_group_is_told_by_name() -> None:
    ears, machine, now = Ears(), held(), SETTLING + 1
    lookout = Lookout(cast(Kernel, ears), machine, cast(Chamber, Peers()))
    lookout.plan([Vip(VIP, ("eth0",))])
    assert lookout.look(now)
    assert reasons(machine, now) == ["also answered for by 02:00:00:00:00:05, host c"]


def test_a_flood_is_looked_at_now_and_then_and_asks_once_who_it_is() -> None:
    ears, machine, now = Ears(), held(), SETTLING + 1
    lookout = Lookout(cast(Kernel, ears), machine, cast(Chamber, Peers()))
    lookout.plan([Vip(VIP, ("eth0",))])
    ears.waiting *= 50
    lookout.look(now)
    assert ears.asked == 5
    ears.waiting = [Heard("eth0", "10.0.0.10", MAC)]
    assert not lookout.look(now + INTERVAL / 2)
    assert ears.waiting


def test_who_speaks_just_after_a_move_is_the_host_before() -> None:
    ears, machine, now = Ears(), held(), SETTLING / 2
    lookout = Lookout(cast(Kernel, ears), machine, cast(Chamber, Peers()))
    lookout.plan([Vip(VIP, ("eth0",))])
    lookout.look(now)
    assert reasons(machine, now) == []


@pytest.mark.root
def test_the_kernel_says_under_which_mac_a_neighbour_is_known(lab: Lab) -> None:
    lab.ip("neigh add 10.0.0.3 lladdr 02:00:00:00:00:05 dev eth0")
    lab.ip("neigh add fd00::3 lladdr 02:00:00:00:00:06 dev eth0")
    code = (
        "from hwagent.net.rtnetlink import Netlink; n = Netlink();"
        "print(*[n.neighbour('eth0', a).hex() or '-' for a in ('10.0.0.3', 'fd00::3', '10.0.0.4')])"
    )
    assert lab.python(code).split() == ["020000000005", "020000000006", "-"]
