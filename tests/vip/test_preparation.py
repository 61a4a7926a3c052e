"""Addresses with services: announced only once the agent has said that they run."""

import json
import mmap
import os
import socket
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hwagent.gate.deadlines import SLOTS, boot_ns
from hwagent.vip.announcements import TIMES
from hwagent.vip.effects import AddAddress
from hwagent.vip.protocol import Vip
from tests.vip.lab import VIP, Agent, Lab, lab
from tests.vip.test_machine import BOTH, ETH0, A, Host
from tests.waiting import wait_for

__all__ = ["lab"]
IP = "10.0.0.10"
TIMEOUT, COOLDOWN = 10.0, 30.0


class Served(Host):
    """A machine with one address that has services, in a group or not."""

    def __init__(self, group: str = "") -> None:
        super().__init__()
        self.group = group
        self.plan_served()

    def plan_served(self, timeout: float = TIMEOUT) -> None:
        vip = Vip(A, BOTH, self.group, start_timeout=timeout, cooldown=COOLDOWN)
        self.machine.plan(self.now, [vip])
        self.settle()

    def ready(self, epoch: int | None = None, problem: str = "") -> None:
        self.machine.ready(self.now, A, self.epoch if epoch is None else epoch, problem)
        self.settle()

    def grant(self, epoch: int) -> None:
        self.machine.grant(IP, epoch)
        self.settle()

    def revoke(self) -> None:
        self.machine.revoke(IP, "moved")
        self.settle()

    @property
    def epoch(self) -> int:
        (ward,) = self.machine.wards()
        return ward.epoch


def test_prepared_before_it_is_set_and_announced() -> None:
    host = Served()
    host.fit(600)
    assert host.state() == ("preparing", "its services are being started")
    assert host.done == []
    assert host.machine.unready() == {IP}
    assert [(r.type, r.epoch) for r in host.reports] == [("preparing", host.epoch)]
    host.ready()
    assert host.ours == [ETH0]
    assert host.announced() == [ETH0]
    assert host.machine.unready() == set()
    assert host.reports[-1].epoch == host.epoch > 0


def test_each_stay_is_prepared_anew_with_a_higher_epoch() -> None:
    host = Served()
    epochs = []
    for _ in range(3):
        host.fit(600)
        assert host.state()[0] == "preparing"
        epochs.append(host.epoch)
        host.ready()
        host.unfit("x")
        assert host.ours == []
    assert epochs == sorted(set(epochs))


def test_a_word_about_another_stay_counts_for_nothing() -> None:
    host = Served("web")
    host.grant(7)
    host.revoke()
    host.grant(9)
    host.ready(7)
    assert host.state()[0] == "preparing"
    host.ready(9)
    assert host.ours == [ETH0]


def test_not_ready_in_time_it_is_left_to_others_for_a_while() -> None:
    host = Served("web")
    host.grant(7)
    assert host.machine.able(host.now) == {"web": [IP]}
    host.wait(TIMEOUT + 0.1)
    assert host.machine.able(host.now) == {}
    why = "its services were not ready within 10 s; tried again 30 s later"
    assert host.state() == ("released", why)
    host.ready(7)
    assert host.ours == []
    host.revoke()
    assert host.state() == ("released", why)
    host.wait(COOLDOWN)
    assert host.machine.able(host.now) == {"web": [IP]}


def test_the_agent_may_say_at_once_that_they_do_not_start() -> None:
    host = Served("web")
    host.grant(7)
    host.ready(problem="db.service: failed")
    assert host.machine.able(host.now) == {}
    assert "db.service: failed" in host.state()[1]


def test_without_a_group_it_is_tried_again_after_the_cool_down() -> None:
    host = Served()
    host.fit(600)
    host.ready(problem="no")
    assert host.state()[0] == "released"
    host.wait(COOLDOWN + 0.1)
    assert host.state()[0] == "preparing"


def test_a_higher_epoch_of_the_same_stay_drops_nothing() -> None:
    host = Served("web")
    host.grant(7)
    host.ready()
    host.grant(8)
    assert host.ours == [ETH0]
    assert host.machine.unready() == set()


def test_an_interface_that_is_changed_needs_no_new_start() -> None:
    host = Served()
    host.fit(600)
    host.ready()
    host.link("eth0", False)
    assert host.state()[0] == "held"


def test_services_that_come_with_a_plan_drop_nothing() -> None:
    host = Host(A)
    host.fit(600)
    vip = Vip(A, BOTH, start_timeout=TIMEOUT, cooldown=COOLDOWN)
    host.machine.plan(host.now, [vip])
    host.settle()
    assert host.ours == [ETH0]
    assert sum(isinstance(effect, AddAddress) for effect in host.done) == 1


class Stays(RuleBasedStateMachine):
    """Grants, losses, words of the agent about any stay, cables and time, in any order."""

    @initialize(group=st.sampled_from(["", "web"]))
    def start(self, group: str) -> None:
        self.host = Served(group)
        self.granted = 0
        self.told: set[int] = set()
        self.since = self.host.now

    @rule(fit=st.booleans())
    def word(self, fit: bool) -> None:
        if fit:
            self.host.fit(600)
        else:
            self.host.unfit("x")

    @rule(step=st.integers(1, 3))
    def grant(self, step: int) -> None:
        self.granted += step
        if self.host.group:
            self.host.grant(self.granted)

    @rule()
    def revoke(self) -> None:
        if self.host.group:
            self.host.revoke()

    @rule(back=st.integers(0, 2), problem=st.sampled_from(["", "no"]))
    def answer(self, back: int, problem: str) -> None:
        before, epoch = self.host.state()[0], self.host.epoch - back
        self.host.ready(epoch, problem)
        if not problem and not back and before == "preparing":
            assert self.host.state()[0] == "held"
            self.told.add(epoch)

    @rule(name=st.sampled_from(BOTH), up=st.booleans())
    def link(self, name: str, up: bool) -> None:
        self.host.link(name, up)

    @rule(seconds=st.floats(0.01, 40))
    def wait(self, seconds: float) -> None:
        before = self.host.state()[0]
        self.host.wait(seconds)
        if before == "preparing" and seconds > TIMEOUT:
            assert self.host.state()[0] != "held", "held though nobody said that all runs"

    @invariant()
    def never(self) -> None:
        if not hasattr(self, "host"):
            return
        if self.host.ours:
            assert self.host.machine.unready() == set()
            assert self.told, "held before the services ran"
        else:
            assert self.host.machine.unready() == {IP}, "open without an address"

    def teardown(self) -> None:
        self.host.link("eth1", True)
        self.host.fit(10_000)
        self.host.wait(COOLDOWN + TIMEOUT + 1)
        self.host.wait(COOLDOWN + 1)
        if self.host.state()[0] != "preparing":
            self.granted += 1
            if self.host.group:
                self.host.revoke()
                self.host.grant(self.granted)
        if self.host.state()[0] == "preparing":
            self.host.ready()
        assert self.host.state()[0] in ("held", "released")


TestStays = Stays.TestCase
TestStays.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


class Gate:
    """What a guardian would bring: a mapping of deadlines, read here as the kernel reads it."""

    def __init__(self, agent: Agent) -> None:
        file = os.memfd_create("gate")
        os.ftruncate(file, SLOTS * 8)
        line = json.dumps({"message": "gate", "slots": {IP: 3}}).encode() + b"\n"
        socket.send_fds(agent.socket, [line], [file])
        self._slots = memoryview(mmap.mmap(file, SLOTS * 8)).cast("Q")
        os.close(file)

    def open(self) -> bool:
        """Whether a packet of the address would pass now."""
        return self._slots[3] > boot_ns()


def alone(agent: Agent, group: bool = True, **more: Any) -> None:
    """An address with services, in a group whose only voter this host is, or in none."""
    vip = {"address": VIP, "interfaces": ["eth0"], "start_timeout": 60, "cooldown": 1, **more}
    voters = {"h1": ["127.0.0.1"]}
    times = {"interval": 0.1, "lease": 0.3, "longest": 0.5, "rate": 0.0005, "slew": 0.1}
    plan = {"name": "web", "voters": voters, "port": 7947, **times}
    groups = [plan] if group else []
    agent.send("plan", vips=[vip | ({"group": "web"} if group else {})], host="h1", groups=groups)
    agent.fit()


def preparing(agent: Agent, than: int = 0) -> int:
    """Waits until a stay with a higher epoch is prepared; its epoch."""

    def there() -> bool:
        vip = agent.vip()
        return vip.get("state") == "preparing" and vip["epoch"] > than

    wait_for(there, 60, lambda: f"preparing: {agent.vip()}")
    return int(agent.vip()["epoch"])


def ready(agent: Agent, epoch: int, problem: str = "", until: float = 1e9) -> None:
    agent.send("ready", address=VIP, epoch=epoch, until=until, problem=problem)
    agent.pong()


@pytest.mark.root
@pytest.mark.parametrize("group", [True, False])
def test_nothing_is_set_announced_or_let_through_before_the_word(lab: Lab, group: bool) -> None:
    lab.holder()
    sniffer, agent, guardian = lab.sniff(), lab.agent(), lab.agent()
    gate = Gate(guardian)
    alone(agent, group)
    epoch = preparing(agent)
    ready(agent, epoch - 1)
    ready(agent, epoch, until=1.0)
    assert agent.vip()["state"] == "preparing"
    assert lab.where() == []
    assert not gate.open()
    assert not sniffer.announced("sw0", 1)
    ready(agent, epoch)
    wait_for(lambda: agent.vip()["state"] == "held", 60, "held")
    assert lab.where() == ["eth0"]
    assert gate.open()
    wait_for(lambda: len(sniffer.announced("sw0", 1)) == len(TIMES), 60, "announced in full")
    assert agent.vip()["epoch"] == epoch
    agent.send("release", address=VIP)
    wait_for(lambda: lab.where() == [], 60, "withdrawn")
    assert not gate.open()


@pytest.mark.root
def test_the_holder_gives_up_in_time_and_tries_again_with_a_higher_epoch(lab: Lab) -> None:
    lab.holder()
    agent = lab.agent()
    alone(agent, start_timeout=0.5)
    first = preparing(agent)
    wait_for(lambda: "not ready within 0.5 s" in agent.vip()["reason"], 60, "the reason")
    assert preparing(agent, than=first) > first
    assert lab.where() == []


@pytest.mark.root
def test_an_agent_that_goes_after_its_word_costs_nothing(lab: Lab) -> None:
    lab.holder()
    agent, other = lab.agent(), lab.agent()
    alone(agent)
    ready(agent, preparing(agent))
    wait_for(lambda: other.vip().get("state") == "held", 60, "held")
    agent.socket.close()
    other.events.clear()
    wait_for(lambda: other.pong() or True, 60)
    alone(other)  # the next agent, with the same plan
    other.pong()
    assert other.vip()["state"] == "held"
    assert other.happened("released") == other.happened("preparing") == []
    assert lab.where() == ["eth0"]
