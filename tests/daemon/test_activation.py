"""An agent that is given its query socket, as `hwagent.socket` does: it outlives the agent."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hwagent.cli.client import UnixConnection
from hwagent.testing.server import Server
from tests.agents import LONG, RunningAgent
from tests.waiting import wait_for

#: Passes a socket on as sd_listen_fds(3) wants it; the first argument is its number.
_PASS = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec 3<&"$0"; exec "$@"'


class Activated(RunningAgent):
    """An agent whose socket is made, and kept, by somebody else."""

    def __init__(self, place: Path, server: Server) -> None:
        super().__init__(place, server)
        (place / "run").mkdir()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        self.listener.listen()

    def start(self) -> None:
        """Starts the agent; nobody waits for its first round."""
        self.configure()
        argv = ["bash", "-c", _PASS, str(self.listener.fileno()), sys.executable, "-m"]
        argv += ["hwagent.cli", "run", "--root", str(self.server.tree.path)]
        argv += ["--config", str(self.place / "hwagent.yaml")]
        argv += ["--runtime-directory", str(self.place / "run")]
        argv += ["--state-directory", str(self.place / "lib")]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                argv, stdout=log, stderr=log, pass_fds=[self.listener.fileno()]
            )


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Activated]:
    server = Server.build(tmp_path / "host", name="sim", disks=[{"name": "sda"}])
    agent = Activated(tmp_path / "place", server)
    yield agent
    agent.stop()
    agent.listener.close()


def test_a_query_waits_for_an_agent_that_is_not_there_yet(agent):
    for _ in range(2):  # the second time as after an upgrade
        query = UnixConnection(agent.socket, LONG)
        query.request("GET", "/v1/status")
        agent.start()
        answer = query.getresponse()
        assert answer.status == 200
        answer.read()
        query.close()
        wait_for(agent.ready, LONG, agent.log.read_text)
        agent.stop()
    assert Path(agent.socket).is_socket(), "who made it takes it away"
