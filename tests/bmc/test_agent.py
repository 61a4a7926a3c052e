"""A whole agent with a BMC in its configuration."""

from pathlib import Path

import pytest

from hwagent.testing.server import Server
from tests.agents import LONG, RunningAgent
from tests.bmc.eventful import SUPPLY, Eventful
from tests.bmc.simulator import free_port
from tests.bmc.test_redfish_http import MOCKUP, mockup
from tests.bmc.test_redfish_http import Server as Web
from tests.waiting import wait_for


@pytest.mark.skipif(not MOCKUP.is_dir(), reason="../shared/corpora is absent")
def test_its_supplies_are_judged_and_when_it_is_gone_they_are_unknown(tmp_path: Path) -> None:
    bmc = Web(mockup)
    listed = {"name": "r1", "address": "127.0.0.1", "port": bmc.port, "tls": "off"}
    host = Server.build(tmp_path / "host", name="sim", disks=[{"name": "sda"}])
    with RunningAgent(tmp_path / "agent", host, bmcs=[{**listed, "interval": "1s"}]) as agent:
        agent.wait_alert("PsuWarning")
        assert health(agent, "psu:r1/Power_Supply_Bay_1") == "degraded"
        assert health(agent, "fan:r1/Fan_Bay_1") == "ok"
        bmc.close()
        wait_for(lambda: health(agent, "fan:r1/Fan_Bay_1") == "unknown", LONG, "unknown")
        assert health(agent, "probe:bmc/r1") == "unknown"
        assert health(agent, "psu:r1/Power_Supply_Bay_1") == "degraded", "what is known outranks"


@pytest.mark.parametrize("way", ["stream", "push"])
def test_an_event_raises_the_alert_and_another_ends_it_long_before_the_next_poll(
    tmp_path: Path, way: str
) -> None:
    bmc = Eventful(stream=way == "stream", pushes=way == "push")
    listed = {"name": "r1", "address": "127.0.0.1", "port": bmc.port, "tls": "off"}
    events = {"bind": f"127.0.0.1:{free_port(1)}"} if way == "push" else {}
    host = Server.build(tmp_path / "host", name="sim", disks=[{"name": "sda"}])
    with RunningAgent(
        tmp_path / "agent", host, bmcs=[{**listed, "interval": "1h"}], events=events
    ) as agent:
        wait_for(lambda: heard(agent) == way, LONG, way)
        assert health(agent, "psu:r1/PSU_1") == "ok"
        tell = bmc.tell if way == "stream" else bmc.push
        bmc.breaks(SUPPLY)
        tell(SUPPLY)
        wait_for(lambda: health(agent, "psu:r1/PSU_1") == "failed", LONG, "failed")
        bmc.breaks(SUPPLY, {"State": "Enabled", "Health": "OK"})
        tell()
        wait_for(lambda: health(agent, "psu:r1/PSU_1") == "ok", LONG, "ok again")
        wait_for(lambda: metric(agent, "events_heard") == 2, LONG, "both counted")
    assert bmc.subscriptions == {}, "nothing is left at the BMC"
    bmc.close()


def heard(agent: RunningAgent) -> object:
    return metric(agent, "events")


def metric(agent: RunningAgent, name: str) -> object:
    components = agent.get("/v1/components")["components"]
    return next((c["metrics"].get(name) for c in components if c["id"] == "bmc:r1"), None)


def health(agent: RunningAgent, id: str) -> str:
    components = agent.get("/v1/components")["components"]
    return next((str(c["health"]) for c in components if c["id"] == id), "")
