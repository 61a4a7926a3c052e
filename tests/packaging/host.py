"""Agent, holder and helper as processes of their own, with the privileges of their units."""

import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hwagent.cli.client import NoAgent, request
from tests.packaging.units import NOBODY, command, privileges, settings
from tests.vip.lab import VIP, Lab
from tests.waiting import wait_for

#: Whole seconds; a word comes thrice in its time.
WATCHDOG = 3
UNITS = ("hwagent-helper.service", "hwagent-holder.service", "hwagent.service")


class Ear:
    """What a process says to its service manager, which gives it ``WATCHDOG`` seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self.heard: list[dict[str, str]] = []

    def environment(self) -> list[str]:
        """Of the process."""
        return [f"NOTIFY_SOCKET={self._path}", f"WATCHDOG_USEC={WATCHDOG * 1_000_000}"]

    def listen(self) -> list[dict[str, str]]:
        """All that was said until now."""
        with suppress(BlockingIOError):
            while True:
                lines = self._socket.recv(4096).decode().split("\n")
                self.heard.append(dict(line.split("=", 1) for line in lines))
        return self.heard

    def said(self, key: str) -> list[str]:
        """What was said by one key, in order."""
        return [told[key] for told in self.listen() if key in told]

    def wait(self, key: str, words: str = "") -> None:
        """Waits until something with these words is said by a key."""
        wait_for(
            lambda: any(words in value for value in self.said(key)),
            60,
            lambda: f"{key} with {words!r}; it said {self.heard}",
        )

    def close(self) -> None:
        """Hears nothing more."""
        self._socket.close()


class Host:
    """A network namespace in which the three run as the units say."""

    def __init__(self, lab: Lab, place: Path) -> None:
        self.lab = lab
        self.run = place / "run"
        self.state = place / "state"
        self.config = place / "hwagent.yaml"
        vips = [{"address": VIP, "interfaces": ["eth0"]}]
        # No test is about how fast a busy machine starts Python
        config = {"mode": "act", "vips": vips, "fitness": {"ttl": "60s"}}
        self.config.write_text(json.dumps(config))
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.ears = {unit: Ear(place / unit) for unit in UNITS}
        for unit in UNITS:
            (name,) = settings(unit)["RuntimeDirectory"]
            self.directory(self.run / name, 0 if "helper" in unit else NOBODY)
        self.directory(self.state, NOBODY)

    def directory(self, path: Path, owner: int) -> None:
        path.mkdir(parents=True)
        path.chmod(0o750)
        os.chown(path, owner, NOBODY)

    def start(self, unit: str) -> None:
        argv = [*privileges(unit), *command(unit, self.run)]
        if unit == "hwagent.service":
            argv += ["--config", str(self.config), "--state-directory", str(self.state)]
            argv += ["--runtime-directory", str(self.run / "hwagent")]
        else:
            argv = ["nobody" if word == "hwagent" else word for word in argv]
        entered = ["ip", "netns", "exec", self.lab.host, "env", *self.ears[unit].environment()]
        entered += argv
        self.processes[unit] = self.lab.spawn(*entered)

    def status(self) -> dict[str, Any]:
        """The agent's; empty while it does not answer or the first round is under way."""
        try:
            _, body = request(str(self.run / "hwagent/hwagent.sock"), "GET", "/v1/status")
        except NoAgent:
            return {}
        status = json.loads(body)
        return status if status["ready"] else {}

    def vip(self) -> str:
        return next((v["state"] for v in self.status().get("vips", [])), "")

    def kill(self, unit: str) -> None:
        self.processes[unit].send_signal(signal.SIGKILL)
        self.processes[unit].wait()


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that other users get to, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="hwt-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def host(place: Path) -> Iterator[Host]:
    lab = Lab(place)
    host = Host(lab, place)
    try:
        lab.set_up()
        for unit in UNITS:
            host.start(unit)
        wait_for(lambda: host.vip() == "held", 60, lambda: f"an address held: {told(host)}")
        yield host
    finally:
        lab.tear_down()
        for ear in host.ears.values():
            ear.close()


def told(host: Host) -> str:
    ended = {u: p.communicate() for u, p in host.processes.items() if p.poll() is not None}
    return f"{ended or host.status().get('problems')}"
