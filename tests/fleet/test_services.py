"""Three whole agents with a service where the address is: seen from outside and by its hooks."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.agents import LONG
from tests.fleet.lab import VIP, Host, fleet
from tests.fleet.systems import Hwagent
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft(8)"
)
#: So long the start takes, in seconds: an answer before its end is not mistaken for one after it.
LASTS = 0.5
_HOOK = """#!{python} -IS
import os, subprocess, sys, time
os.chdir("{place}")
def note(what):
    shown = subprocess.run(["ip", "-o", "addr", "show"], capture_output=True, text=True).stdout
    step, epoch = os.environ["HWAGENT_STEP"], os.environ["HWAGENT_EPOCH"]
    with open("log", "a") as log:
        print(step, what, epoch, int(" {vip}/" in shown), time.monotonic(), file=log)
    return step
step = note("begins")
time.sleep({lasts} if step == "start" else 0)
while os.path.exists("wait-" + step):
    time.sleep(0.05)
note("ends")
sys.exit("broken on purpose" if os.path.exists("fail-" + step) else 0)
"""


class Line(NamedTuple):
    """What a hook wrote: step, begins or ends, epoch, whether the address was there, and when."""

    step: str
    what: str
    epoch: int
    present: bool
    at: float


class Served(Hwagent):
    """The whole agent, with a hook for the start and the stop on each host, and a ready check."""

    def start(self, host: Host) -> None:
        place = self.desk(host)
        place.mkdir(parents=True, exist_ok=True)
        (place / "ready").touch()
        hook = place / "hook"
        hook.write_text(_HOOK.format(python=sys.executable, place=place, vip=VIP, lasts=LASTS))
        hook.chmod(0o755)
        super().start(host)

    def config(self, host: Host) -> dict[str, Any]:
        config, hook = super().config(host), [str(self.desk(host) / "hook")]
        config["fitness"]["ttl"] = "120s"  # a busy machine takes its time to restart an agent
        config["groups"][0]["services"] = {
            "run": [{"start": hook, "stop": hook}],
            "start_timeout": "20s",
            "cooldown": "60s",
            "ready": {
                "type": "file", "target": str(self.desk(host) / "ready"),
                "interval": "100ms", "rise": 1, "fall": 1,
            },
        }  # fmt: skip
        return config

    def desk(self, host: Host) -> Path:
        return self.place / f"desk{host.number}"

    def log(self, host: Host) -> list[Line]:
        file = self.desk(host) / "log"
        rows = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [Line(r[0], r[1], int(r[2]), r[3] != "0", float(r[4])) for r in rows]

    def vip(self, host: Host) -> Any:
        done = self.cli(host, "vip", "list", "-o", "json")
        assert done.stdout, done.stderr
        [vip] = json.loads(done.stdout)["vips"]
        return vip

    def mend(self) -> None:
        """All hosts are well again, and may take the address."""
        for host in self.fleet.hosts:
            for name in ("wait-start", "fail-start", "wait-stop", "fail-stop"):
                (self.desk(host) / name).unlink(missing_ok=True)
            (self.desk(host) / "ready").touch()
        self.ready()
        for host in self.fleet.hosts:
            self.cli(host, "vip", "take")
            wait_for(lambda host=host: not self.vip(host)["unready"], 60, "ready")  # type: ignore[misc]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with fleet(3) as made:
        system = Served(made, tmp_path_factory.mktemp("fleet"), 0.1)
        for host in made.hosts:
            system.start(host)
        yield system


def roles(system: Served) -> tuple[Host, Host, Host]:
    """The owner, and the two others."""
    system.mend()
    owner = system.fleet.owner()
    one, other = (host for host in system.fleet.hosts if host is not owner)
    return owner, one, other


def bears(host: Host) -> bool:
    return VIP in host.ip("addr show")


def move(system: Served, owner: Host, to: Host) -> None:
    done = system.cli(owner, "vip", "move", VIP, f"h{to.number}")
    assert done.returncode == 0, done.stderr


def test_hooks_run_before_the_first_answer_and_after_the_last(three: Served) -> None:
    owner, heir, _ = roles(three)
    before = three.log(owner)[-1]
    with three.fleet.probing() as seen:
        move(three, owner, heir)
        wait_for(lambda: bears(heir) and last(three, owner) == ("stop", "ends"), 60, "moved")
        wait_for(lambda: three.vip(heir)["state"] == "held", 60, "held")
    begins, ends = three.log(heir)[-2:]
    stop, stopped = three.log(owner)[-2:]
    assert [begins[:2], ends[:2]] == [("start", "begins"), ("start", "ends")]
    assert not any(line.present for line in (begins, ends, stop, stopped))
    assert before.epoch == stop.epoch < ends.epoch == three.vip(heir)["epoch"]
    first = {host: seen["began"] + at for at, host in reversed(seen["owners"])}
    assert first[heir.number] > begins.at + LASTS / 2
    assert seen["overlaps"] == 0
    assert seen["outage_ms"] > LASTS * 1000


def test_an_agent_that_is_killed_and_comes_back_touches_nothing(three: Served) -> None:
    owner, _, _ = roles(three)
    lines = three.log(owner)
    with three.fleet.probing() as seen:
        three.signal(owner, "agent", signal.SIGKILL)
        Hwagent.start(three, owner)
        wait_for(lambda: (three.status(owner) or {}).get("ready"), 120, "the agent")
        wait_for(lambda: three.vip(owner)["state"] == "held", LONG, lambda: str(three.vip(owner)))
    assert {host for _, host in seen["owners"]} == {owner.number}
    assert three.log(owner) == lines


def test_an_agent_lost_while_it_prepares_leaves_the_address_to_others(three: Served) -> None:
    owner, heir, _ = roles(three)
    (three.desk(heir) / "wait-start").touch()
    move(three, owner, heir)
    wait_for(lambda: last(three, heir) == ("start", "begins"), 60, "preparing")
    epoch = three.log(heir)[-1].epoch
    three.signal(heir, "agent", signal.SIGKILL)
    taken = three.fleet.owner()
    assert taken is not heir
    assert three.vip(taken)["epoch"] > epoch
    assert "ends" not in [line.what for line in three.log(heir) if line.epoch == epoch]
    Hwagent.start(three, heir)
    wait_for(lambda: last(three, heir) == ("stop", "ends"), 120, "what was begun is stopped")


def test_a_start_that_fails_goes_on_to_the_next_and_does_not_come_back(three: Served) -> None:
    owner, heir, _ = roles(three)
    (three.desk(heir) / "fail-start").touch()
    three.cli(owner, "vip", "move", VIP, f"h{heir.number}")  # refused, if it failed that soon
    wait_for(lambda: last(three, heir) == ("stop", "ends"), 60, "cleaned up")
    assert three.fleet.owner() is not heir
    assert not any(line.present for line in three.log(heir)[-4:])
    vip = three.vip(heir)
    assert "broken on purpose" in vip["reason"]
    assert "tried again 60 s later" in vip["reason"]


def test_a_host_that_is_not_ready_takes_nothing_over(three: Served) -> None:
    owner, one, other = roles(three)
    (three.desk(one) / "ready").unlink()
    wait_for(lambda: three.vip(one)["unready"], 60, "not ready")
    assert "not ready: No such file" in three.cli(one, "vip", "list").stdout
    (three.desk(owner) / "ready").unlink()  # of no importance to who has it
    lines = three.log(one)
    three.signal(owner, "holder", signal.SIGKILL)
    wait_for(lambda: three.fleet.owner() is other, 60, "taken over")
    assert three.log(one) == lines


def last(system: Served, host: Host) -> tuple[str, str]:
    """The last thing that a hook wrote."""
    lines = system.log(host)
    return lines[-1][:2] if lines else ("", "")
