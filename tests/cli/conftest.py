"""One agent for all that only looks, on a server with a lost power supply."""

from collections.abc import Iterator

import pytest

from hwagent.testing.server import Server
from tests.agents import RunningAgent
from tests.waiting import wait_for

SENSORS = {"temp1": {"label": "Package id 0", "value": 52.0, "max": 80.0, "crit": 95.0}}
PARTS = {
    "name": "sim",
    "disks": [{"name": "sda"}, {"name": "sdb"}, {"name": "sdc"}],
    "arrays": [
        {
            "name": "md0",
            "size": 2_000_000_000,
            "members": [{"device": "sda1", "slot": 0}, {"device": "sdb1", "slot": 1}],
        }
    ],
    "nics": [{"name": "eno1"}, {"name": "eno2"}],
    "psus": [{"name": "PSU1"}, {"name": "PSU2"}],
    "chips": [{"name": "coretemp", "device": "coretemp.0", "sensors": SENSORS}],
}


@pytest.fixture(scope="session")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    """An agent that has seen PSU2 go."""
    place = tmp_path_factory.mktemp("sick")
    server = Server.build(place / "host", **PARTS)
    with RunningAgent(place / "agent", server) as agent:
        server.set("psu:PSU2", online=False)
        agent.wait_alert("PsuOffline")
        wait_for(lambda: agent.get("/v1/history?types=alert")["records"])
        yield agent


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    """An agent on a healthy server, for one module to change as it likes."""
    place = tmp_path_factory.mktemp("agent")
    server = Server.build(place / "host", **PARTS)
    with RunningAgent(place / "agent", server) as running:
        yield running
