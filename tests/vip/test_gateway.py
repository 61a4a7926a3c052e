"""The gateway where one voter is enough: what its answers mean, and a real one."""

from collections.abc import Iterator

import pytest

from hwagent.vip.gateway import Gateway
from tests.vip.lab import VIP, Agent, Lab, lab
from tests.waiting import wait_for

__all__ = ["lab"]
GATEWAYS = {"10.0.0.1": "10.0.0.1/24", "fd00::1": "fd00::1/64"}


class Ping:
    """Questions by number; the test answers."""

    def __init__(self) -> None:
        self.asked = 0
        self.closed = False
        self._answers: list[int] = []

    def ask(self) -> int:
        self.asked += 1
        return self.asked

    def answers(self) -> Iterator[int]:
        found, self._answers = self._answers, []
        yield from found

    def answer(self, *numbers: int) -> None:
        self._answers += numbers

    def close(self) -> None:
        self.closed = True


def test_an_answer_counts_from_when_it_was_asked_for() -> None:
    ping = Ping()
    gateway = Gateway(ping, 0.1, 0.3)
    assert not gateway.answers(0.0)
    gateway.knock(0.0)
    assert gateway.due() == 0.1
    ping.answer(1)
    gateway.knock(0.25)
    assert gateway.answers(0.29)
    assert not gateway.answers(0.31)


def test_a_late_answer_and_one_to_nobodys_question_count_for_nothing() -> None:
    ping = Ping()
    gateway = Gateway(ping, 0.1, 0.3)
    gateway.knock(0.0)
    ping.answer(1, 7)
    gateway.knock(0.4)
    assert not gateway.answers(0.4)


def test_an_older_answer_takes_nothing_from_a_newer_one() -> None:
    ping = Ping()
    gateway = Gateway(ping, 0.1, 0.3)
    for now in (0.0, 0.1, 0.2):
        gateway.knock(now)
    ping.answer(3, 1)
    gateway.knock(0.25)
    assert gateway.answers(0.49)


def two(agent: Agent, gateway: str, six: bool) -> None:
    """A group of two, of which the other is not there."""
    own, other = ("fd00::2", "fd00::3") if six else ("10.0.0.2", "10.0.0.3")
    times = {"interval": 0.1, "lease": 0.3, "longest": 0.5, "rate": 0.0005, "slew": 0.1}
    group = {"name": "web", "voters": {"h1": [own], "h2": [other]}, "port": 7947, **times}
    group |= {"quorum": "any", "gateway": gateway}
    vip = {"address": VIP, "interfaces": ["eth0"], "group": "web"}
    agent.send("plan", vips=[vip], host="h1", groups=[group])
    agent.fit()


def state(agent: Agent) -> str:
    return str(agent.vip().get("state"))


def lacks(agent: Agent) -> list[str]:
    agent.read()
    return [text for text in agent.status.get("lacks", ()) if "gateway" in text]


@pytest.mark.root
@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_host_alone_holds_what_it_has_while_the_gateway_answers(lab: Lab, gateway: str) -> None:
    six = ":" in gateway
    lab.ip(f"addr add {'fd00::2/64' if six else '10.0.0.2/24'} dev eth0" + " nodad" * six)
    lab.holder()
    agent = lab.agent()
    two(agent, gateway, six)
    wait_for(lambda: lacks(agent), 60, "the gateway missed")
    assert lacks(agent) == [f"an answer of {gateway}, the gateway of group web"]
    assert state(agent) == "released"
    lab.ip(f"addr add {GATEWAYS[gateway]} dev br0" + " nodad" * six, lab.switch)
    wait_for(lambda: state(agent) == "held", 60, "held")
    assert lacks(agent) == []
    lab.ip(f"addr del {GATEWAYS[gateway]} dev br0", lab.switch)
    wait_for(lambda: state(agent) == "released", 60, "released")
    assert lab.where() == []
    wait_for(lambda: "this host may be cut off" in agent.vip()["reason"], 60, "the reason")
    two(agent, "", six)
    wait_for(lambda: state(agent) == "held", 60, "held without a gateway")


@pytest.mark.root
def test_a_group_that_cannot_work_leaves_those_after_it(lab: Lab) -> None:
    lab.ip("addr add 10.0.0.2/24 dev eth0")
    lab.holder()
    agent = lab.agent()
    times = {"interval": 0.1, "longest": 0.5, "rate": 0.0005, "slew": 0.1}
    own = {"voters": {"h1": ["10.0.0.2"]}, **times}
    broken = {"name": "a", "port": 7948, "lease": 0.9, **own}
    good = {"name": "web", "port": 7947, "lease": 0.3, **own}
    vip = {"address": VIP, "interfaces": ["eth0"], "group": "web"}
    agent.send("plan", vips=[vip], host="h1", groups=[broken, good])
    agent.fit()
    wait_for(lambda: state(agent) == "held", 60, "held")
    (refused,) = agent.happened("refused")
    assert "lease" in refused["reason"]
