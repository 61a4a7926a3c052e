"""An address that goes to another interface of its host stays this host's all the while."""

import pytest

from tests.vip.lab import VIP, Lab, lab
from tests.vip.test_preparation import Gate
from tests.waiting import wait_for

__all__ = ["lab"]


@pytest.mark.root
def test_the_gate_stays_open_and_the_neighbours_are_told_at_once(lab: Lab) -> None:
    """Shut until the next renewal, it swallowed the announcement too: up to an interval lost."""
    lab.holder()
    sniffer, agent, guardian = lab.sniff(), lab.agent(), lab.agent()
    gate = Gate(guardian)
    times = {"interval": 1.0, "lease": 3.0, "longest": 3.0, "rate": 0.0005, "slew": 0.1}
    group = {"name": "web", "voters": {"h1": ["127.0.0.1"]}, "port": 7947, **times}
    vip = {"address": VIP, "interfaces": ["eth0", "eth1"], "group": "web"}
    agent.send("plan", vips=[vip], host="h1", groups=[group])
    agent.fit()
    wait_for(lambda: lab.where() == ["eth0"] and gate.open(), 60, "held")
    lab.cable(0, plugged=False)
    wait_for(lambda: lab.where() == ["eth1"], 60, "the move")
    assert gate.open()
    wait_for(lambda: sniffer.announced("sw1", 1), 60, "the announcement")
    lab.cable(1, plugged=False)
    wait_for(lambda: lab.where() == [], 60, "the end")
    assert not gate.open()
