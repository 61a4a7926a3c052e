"""Real agents on simulated servers that find each other by gossip over loopback."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwagent.testing.server import Server
from tests.agents import RunningAgent
from tests.waiting import wait_for

KEYS = [base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]
#: As fast as a busy machine can stand.
QUICK = {"probe_interval": "500ms", "probe_timeout": "250ms", "tcp_timeout": "5s"}


class Fleet:
    """Agents by name; each calls the first one. ``net`` is the third octet of their addresses.

    Without a ``port`` the kernel chooses: then an agent is found after a restart by calling others.
    """

    def __init__(self, place: Path, net: int = 4, port: int = 0) -> None:
        self.place = place
        self.net = net
        self.port = port
        self.agents: dict[str, RunningAgent] = {}
        place.mkdir(exist_ok=True, parents=True)
        self.key_file = place / "keys"
        self.key_file.write_text(KEYS[0] + "\n")
        self.key_file.chmod(0o600)

    def add(self, name: str, config: Mapping[str, Any] = {}, **server: Any) -> RunningAgent:
        """Starts an agent; ``config`` joins its configuration, ``server`` is its hardware."""
        number = len(self.agents) + 1
        host = Server.build(self.place / name / "host", name=name, **server)
        cluster = {
            "networks": [{"bind": f"127.0.{self.net}.{number}:{self.port}"}],
            "seeds": [self.address("h1")] if self.agents else [],
            "key_file": str(self.key_file),
            "parameters": QUICK,
            "zone": ["site1", f"rack{number}"],
            **config.get("cluster", {}),
        }
        whole = {**config, "host": name, "cluster": cluster}
        agent = RunningAgent(self.place / name / "agent", host, **whole)
        agent.start()
        self.agents[name] = agent
        return agent

    def stop(self) -> None:
        """Ends all agents."""
        for agent in self.agents.values():
            agent.stop()

    def address(self, name: str) -> str:
        """Where an agent listens."""
        (address,) = [
            a for m in self.agents[name].get("/v1/members")["members"] if m.get("self")
            for a in m["addresses"]
        ]  # fmt: skip
        return f"{address['address']}:{address['port']}"

    def states(self, name: str) -> dict[str, str]:
        """What an agent believes of whom."""
        return {m["name"]: m["status"] for m in self.agents[name].get("/v1/members")["members"]}

    def wait(self, name: str, **states: str) -> None:
        """Until an agent believes that."""
        wait_for(lambda: self.states(name) == states, 60, lambda: f"{name}: {self.states(name)}")
