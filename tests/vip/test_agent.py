"""The whole way: a real agent with all its processes, in a network namespace of its own."""

import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from hwagent.cli.client import request
from hwagent.collect.registry import COLLECTORS
from tests.agents import RunningAgent
from tests.vip.lab import VIP, Lab, Monitor, lab
from tests.vip.test_rival import claim
from tests.waiting import wait_for

__all__ = ["lab"]
pytestmark = pytest.mark.root
OTHER = "10.0.0.11/24"
LIVE: Any = SimpleNamespace(tree=SimpleNamespace(path="/"))


class Host:
    """An agent on the live host, in the lab's namespace, with a service that is a file."""

    def __init__(self, lab: Lab, place: Path, ttl: str = "60s") -> None:
        self.lab = lab
        lab.path = place / "agent/run/holder.sock"
        self.service = place / "service"
        self.service.touch()
        few = {name: {"enabled": name in ("link", "service")} for name in COLLECTORS}
        check = {"name": "db", "type": "file", "target": str(self.service), "interval": "100ms"}
        enter = ["ip", "netns", "exec", lab.host]
        self.agent = RunningAgent(
            place / "agent",
            LIVE,
            enter,
            mode="act",
            collectors=few,
            services=[check | {"rise": 1, "fall": 1}],
            fitness={"ttl": ttl},
            vips=[vip(VIP)],
        )

    def held(self, address: str = VIP) -> None:
        """Waits until an address is held, and the agent knows."""
        wait_for(lambda: self.lab.where(address) != [], what=f"{address} held")
        wait_for(lambda: self.vip(address)["state"] == "held", what="the status")

    def gone(self, address: str = VIP) -> None:
        """Waits until the address is gone."""
        wait_for(lambda: self.lab.where(address) == [], what=f"{address} gone")

    def vip(self, address: str = VIP) -> Any:
        """The address in the agent's status."""
        return next(v for v in self.agent.status()["vips"] if v["address"] == address)

    def child(self, module: str) -> psutil.Process:
        """The process that runs a module."""
        found = [p for p in self.agent.family() if p.cmdline()[1:3] == ["-m", module]]
        assert len(found) == 1, found
        return found[0]

    def reload(self, **config: Any) -> None:
        """A new configuration, applied."""
        self.agent.configure(**config)
        status, answer = self.agent.post("reload")
        assert status == 200, answer


def vip(address: str, *interfaces: str) -> dict[str, Any]:
    """An address of the configuration."""
    return {"address": address, "interfaces": list(interfaces or ("eth0", "eth1"))}


@pytest.fixture
def host(lab: Lab, tmp_path: Path) -> Iterator[Host]:
    """Started, and ended in order with nothing left over."""
    made = Host(lab, tmp_path)
    with made.agent:
        made.held()
        yield made
    assert lab.where() == [], "an agent that ends takes its holder along"


@pytest.fixture
def mortal(lab: Lab, tmp_path: Path) -> Iterator[Host]:
    """One whose word counts for a short time only."""
    made = Host(lab, tmp_path, ttl="3s")
    with made.agent:
        made.held()
        yield made


def test_from_the_cable_to_the_status(host: Host) -> None:
    host.lab.cable(1, plugged=False)
    host.lab.cable(0, plugged=False)
    host.gone()
    wait_for(lambda: host.vip()["reason"] == "no carrier on eth0, eth1", what="the reason")
    host.lab.cable(1, plugged=True)
    host.held()
    assert host.vip()["interface"] == "eth1"


def test_a_service_that_is_down_takes_the_address_away(host: Host) -> None:
    host.service.unlink()
    host.gone()
    wait_for(lambda: host.vip()["reason"] == "unfit: ServiceDown on service:db", what="reason")
    host.service.touch()
    host.held()


def test_a_host_in_maintenance_holds_nothing(host: Host) -> None:
    assert host.agent.cli("maintenance", "on", "--reason", "new fans").returncode == 0
    host.gone()
    wait_for(lambda: "maintenance: new fans" in host.vip()["reason"], what="the reason")
    assert host.agent.cli("maintenance", "off").returncode == 0
    host.held()


def test_an_agent_killed_and_back_in_time_costs_nothing(host: Host) -> None:
    monitor = Monitor(host.lab)
    holder = host.child("hwagent.vip")
    host.agent.kill()
    host.agent.start()
    host.held()
    assert holder.is_running()
    assert "holder ended" not in host.agent.log.read_text(), "none is started beside it"
    assert monitor.deleted(VIP) == 0
    holder.terminate()  # it is not this agent's child; one that is follows it
    wait_for(lambda: monitor.deleted(VIP) == 1, what="given up")
    host.held()


def test_an_agent_killed_for_good_loses_the_address_and_leaves_nobody(mortal: Host) -> None:
    host, family = mortal, mortal.agent.family()
    host.agent.kill()
    host.gone()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []
    host.agent.start()
    host.held()


def test_a_frozen_agent_loses_the_address_until_it_thaws(mortal: Host) -> None:
    assert mortal.agent.process is not None
    mortal.agent.process.send_signal(signal.SIGSTOP)
    try:
        mortal.gone()
    finally:
        mortal.agent.process.send_signal(signal.SIGCONT)
    mortal.held()


def test_a_killed_holder_loses_the_address_and_gets_it_back(host: Host) -> None:
    monitor = Monitor(host.lab)
    holder = host.child("hwagent.vip")
    wait_for(lambda: host.lab.guarded(holder.pid, others=1), what="guarded")
    holder.kill()
    wait_for(lambda: monitor.deleted(VIP) == 1, what="taken away")
    host.held()


def test_a_killed_guardian_comes_back(host: Host) -> None:
    monitor = Monitor(host.lab)
    guardian, holder = host.child("hwagent.vip.guardian"), host.child("hwagent.vip")
    guardian.kill()
    guardian.wait()
    wait_for(lambda: not host.lab.guarded(holder.pid, others=1), what="unguarded")
    wait_for(lambda: host.lab.guarded(holder.pid, others=1), what="another guardian")
    assert monitor.deleted(VIP) == 0
    holder.kill()
    wait_for(lambda: monitor.deleted(VIP) == 1, what="taken away")
    host.held()


def test_workers_that_die_cost_nothing(host: Host) -> None:
    monitor = Monitor(host.lab)
    spared = {host.child(m).pid for m in ("hwagent.vip", "hwagent.vip.guardian", "hwagent.cli")}
    for process in host.agent.family():
        if process.pid not in spared:
            process.kill()
    host.service.unlink()
    wait_for(lambda: monitor.deleted(VIP) == 1, 60, "the agent at work, and unfit")
    host.service.touch()
    host.held()


def test_a_reload_adds_and_removes_and_drops_nothing_else(host: Host) -> None:
    monitor = Monitor(host.lab)
    host.reload(vips=[vip(OTHER), vip(VIP, "eth1", "eth0")])
    host.held(OTHER)
    host.agent.configure(vips=[{"address": "nonsense"}])
    status, answer = host.agent.post("reload")
    assert status != 200, answer
    host.held(OTHER)
    host.reload(vips=[vip(VIP)])
    host.gone(OTHER)
    assert monitor.deleted(VIP) == 0


def test_the_first_address_may_come_with_a_reload(lab: Lab, tmp_path: Path) -> None:
    host = Host(lab, tmp_path)
    host.agent.config["vips"] = []
    with host.agent:
        host.reload(vips=[vip(VIP)])
        host.held()


def test_another_machine_that_answers_is_an_alert_and_a_metric(host: Host) -> None:
    component = "vip:10.0.0.10"

    def alerted() -> bool:
        claim(host.lab, VIP, "02:00:00:00:00:05")
        return ("VipDuplicate", component) in host.agent.alerts()

    wait_for(alerted, 60, what="the alert")
    assert "02:00:00:00:00:05, no host of its group" in host.vip()["reason"]
    assert host.vip()["state"] == "held"
    assert VIP in host.agent.alerts()["VipDuplicate", component]["summary"]
    assert "also answered for by" in host.agent.cli("vip", "list").stdout
    text = request(host.agent.socket, "GET", "/metrics")[1].decode()
    told = [line for line in text.splitlines() if line.startswith("hwagent_vip_dup")]
    assert f'hwagent_vip_duplicate{{component="{component}",address="{VIP}"}} 1' in told
