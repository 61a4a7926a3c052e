"""Two real agents beside one switch: one of them polls it, the other one when that is gone."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.agents import LONG, RunningAgent
from tests.daemon.fleets import Fleet
from tests.snmp.agents import Liar, table
from tests.snmp.test_session import SMALL
from tests.waiting import wait_for


class Switch(Liar):
    """A small switch that counts by whom it is asked: the ports of the questions."""

    def __init__(self) -> None:
        super().__init__(table(SMALL))
        self.askers: Counter[int] = Counter()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.askers[addr[1]] += 1
        super().datagram_received(data, addr)


@contextmanager
def switch() -> Iterator[tuple[Switch, int]]:
    """It, and its port; it answers in a thread of its own."""
    made, loop = Switch(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    opening = loop.create_datagram_endpoint(lambda: made, ("127.0.0.1", 0))
    thread.start()
    try:
        transport, _ = asyncio.run_coroutine_threadsafe(opening, loop).result(LONG)
        yield made, transport.get_extra_info("sockname")[1]
        loop.call_soon_threadsafe(transport.close)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def poller(agent: RunningAgent) -> str:
    """Who polls the switch, as an agent says."""
    found = [c for c in agent.get("/v1/components")["components"] if c["id"] == "switch:sw1"]
    return str(found[0]["attributes"]["polled_by"]) if found else ""


def ports(agent: RunningAgent) -> int:
    """How many of the switch's ports an agent knows."""
    components = agent.get("/v1/components")["components"]
    return sum(c["id"].startswith("port:sw1/") for c in components)


def asked_by(agent: RunningAgent, askers: Counter[int]) -> int:
    """How many questions came from an agent's processes."""
    own = {
        connection.laddr.port
        for process in agent.family()
        for connection in process.net_connections("udp")
        if connection.laddr
    }
    return sum(count for port, count in askers.items() if port in own)


def test_two_agents_poll_a_switch_once_between_them(tmp_path: Path) -> None:
    community = tmp_path / "community"
    community.write_text("public\n")
    fleet = Fleet(tmp_path, net=9)
    with switch() as (device, port):
        described = {"name": "sw1", "address": "127.0.0.1", "port": port, "interval": "2s"}
        config = {"switches": [{**described, "community_file": str(community)}]}
        try:
            one, other = fleet.add("h1", config), fleet.add("h2", config)
            fleet.wait("h1", h1="alive", h2="alive")
            wait_for(lambda: poller(one) and poller(one) == poller(other), LONG, "one poller")
            name = poller(one)
            polls, rests = fleet.agents[name], other if name == "h1" else one
            wait_for(lambda: ports(polls) == 4 and ports(rests) == 0, LONG, "its ports, once")
            device.askers.clear()
            wait_for(lambda: asked_by(polls, device.askers) >= 3, LONG, "more polls")
            assert asked_by(rests, device.askers) == 0
            polls.kill()
            wait_for(lambda: ports(rests) == 4, LONG, "the other one to take over")
            assert poller(rests) != name
            device.askers.clear()
            wait_for(lambda: asked_by(rests, device.askers) >= 3, LONG, "its polls")
            assert asked_by(rests, device.askers) == device.askers.total()
        finally:
            fleet.stop()
