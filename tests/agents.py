"""A real agent, with all its processes, on a simulated server."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from hwagent.cli.client import NoAgent, request
from hwagent.collect.registry import COLLECTORS
from hwagent.testing.server import Server
from tests.waiting import wait_for

#: How long a machine may take for anything that has much else to do.
LONG = 240.0
#: Looks come often, so that tests need not wait.
FAST = {name: {"interval": "300ms"} for name in COLLECTORS if name != "service"}


class RunningAgent:
    """``with RunningAgent(tmp_path, server, mode="act") as agent: ...``"""

    def __init__(self, place: Path, server: Server, prefix: list[str] | None = None, **config: Any):
        self.place = place
        self.server = server
        self.config = {"host": "sim", "collectors": FAST, **config}
        self.prefix = prefix or []
        self.process: subprocess.Popen[bytes] | None = None
        place.mkdir(exist_ok=True, parents=True)
        self.log = place / "log"

    @property
    def socket(self) -> str:
        """The query socket."""
        return str(self.place / "run" / "hwagent.sock")

    def __enter__(self) -> "RunningAgent":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def configure(self, **config: Any) -> None:
        """Writes the configuration file anew."""
        self.config.update(config)
        (self.place / "hwagent.yaml").write_text(json.dumps(self.config))

    def start(self) -> None:
        """Starts the agent and waits for its first round."""
        self.configure()
        argv = [*self.prefix, sys.executable, "-m", "hwagent.cli", "run"]
        argv += ["--root", str(self.server.tree.path), "--config", str(self.place / "hwagent.yaml")]
        argv += ["--runtime-directory", str(self.place / "run")]
        argv += ["--state-directory", str(self.place / "lib")]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(
            self.ready, LONG, lambda: f"the agent's first round; its log:\n{self.log.read_text()}"
        )

    def ready(self) -> bool:
        """True once the first round is done."""
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bool(self.status()["ready"])
        except NoAgent:
            return False

    def family(self) -> list[psutil.Process]:
        """The agent's process and all its descendants."""
        assert self.process is not None
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def kill(self) -> None:
        """Ends the agent alone, as the kernel's OOM killer would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        """Ends the agent in order; nothing of it is left."""
        if self.process is None or self.process.poll() is not None:
            return
        family = self.family()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0, self.log.read_text()
        self.process = None
        _, alive = psutil.wait_procs(family, timeout=20)
        assert not alive, f"left over: {alive}"

    def get(self, resource: str) -> Any:
        """GETs JSON."""
        status, body = request(self.socket, "GET", resource)
        assert status == 200, body
        return json.loads(body)

    def post(self, command: str, **arguments: Any) -> tuple[int, Any]:
        """A control command: status and answer."""
        status, body = request(self.socket, "POST", f"/v1/control/{command}", arguments)
        return status, json.loads(body)

    def status(self) -> Any:
        """The status."""
        return self.get("/v1/status")

    def cli(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Runs the command line against this agent."""
        return subprocess.run(
            [sys.executable, "-m", "hwagent.cli", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "HWAGENT_SOCKET": self.socket},
            timeout=60,
            check=False,
        )

    def alerts(self) -> dict[tuple[str, str], Any]:
        """Firing alerts by rule and component."""
        return {
            (a["rule"], a["component"]): a
            for a in self.get("/v1/alerts")["alerts"]
            if a["state"] == "firing"
        }

    def wait_alert(self, rule: str, firing: bool = True) -> None:
        """Until a rule fires, or does not any more."""
        wait_for(
            lambda: (rule in {r for r, _ in self.alerts()}) == firing,
            LONG,
            lambda: f"{rule} firing={firing}; firing are {list(self.alerts())}",
        )

    def wait_outcome(self, name: str, result: str) -> Any:
        """Until an action has ended with a result; returns its outcome."""

        def found() -> Any:
            for outcome in self.get("/v1/actions")["actions"]:
                if outcome["action"]["name"] == name and outcome["result"] == result:
                    return outcome
            return None

        return wait_for(found, LONG, lambda: f"{name} {result}: {self.get('/v1/actions')}")
