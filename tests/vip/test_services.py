"""A whole agent with services of an address that is this host's alone."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vip.lab import VIP, Lab, Monitor, lab
from tests.vip.test_agent import OTHER, Host, vip
from tests.vip.test_rival import claim
from tests.waiting import wait_for

__all__ = ["lab"]
pytestmark = pytest.mark.root
_HOOK = """#!{python} -IS
import os, subprocess, sys
shown = subprocess.run(["ip", "-o", "addr", "show"], capture_output=True, text=True).stdout
about = [os.environ["HWAGENT_" + name] for name in ("ADDRESS", "STEP", "EPOCH", "STATE")]
there = " " + about[0] + "/" in shown
with open("{log}", "a") as log:
    print(*about, there, os.environ["HWAGENT_REASON"], file=log)
"""


class Desk:
    """An agent whose address has a hook, and what the hook wrote."""

    def __init__(self, lab: Lab, place: Path) -> None:
        self.log = place / "hooks"
        self.hook = place / "hook"
        self.hook.write_text(_HOOK.format(python=sys.executable, log=self.log))
        self.hook.chmod(0o755)
        self.host = Host(lab, place)
        self.host.agent.config["vips"] = [self.vip(VIP)]

    def vip(self, address: str) -> dict[str, Any]:
        """An address with the hook."""
        words = [str(self.hook)]
        return vip(address) | {"services": {"run": [{"start": words, "stop": words}]}}

    def lines(self) -> list[list[str]]:
        """What hooks wrote: address, step, epoch, state, whether it was there, reason."""
        text = self.log.read_text() if self.log.exists() else ""
        return [line.split(" ", 5) for line in text.splitlines()]

    def steps(self, address: str = VIP) -> list[str]:
        """The steps of one address."""
        return [line[1] for line in self.lines() if line[0] == address.partition("/")[0]]


@pytest.fixture
def desk(lab: Lab, tmp_path: Path) -> Iterator[Desk]:
    """Started, and held."""
    made = Desk(lab, tmp_path)
    with made.host.agent:
        made.host.held()
        yield made


def test_an_agent_that_ends_in_order_stops_what_it_started_last_of_all(desk: Desk) -> None:
    start = desk.lines()[-1]
    assert (start[1], start[3], start[4]) == ("start", "preparing", "False")
    assert int(start[2]) == desk.host.vip()["epoch"] > 1.7e12, "milliseconds, grows over reboots"
    desk.host.agent.stop()
    stop = desk.lines()[-1]
    assert stop[:5] == [start[0], "stop", start[2], "released", "False"]
    assert stop[5] in ("the holder ends", "the agent ends")


def test_unfit_and_fit_again_are_two_stays(desk: Desk) -> None:
    desk.host.service.unlink()
    desk.host.gone()
    wait_for(lambda: desk.steps()[-1] == "stop", 60, "stopped")
    assert "ServiceDown" in desk.lines()[-1][5]
    desk.host.service.touch()
    desk.host.held()
    assert desk.steps()[-3:] == ["start", "stop", "start"]
    assert int(desk.lines()[-1][2]) > int(desk.lines()[-2][2])


def test_whoever_listens_hears_of_the_winner_last(desk: Desk) -> None:
    wait_for(lambda: claim(desk.host.lab, VIP) or desk.steps()[-1] == "repeat", 60, "started again")
    start, repeat = desk.lines()[-2:]
    assert repeat[2:5] == [start[2], "held", "True"]
    assert "also answered for by" in repeat[5]
    assert desk.host.lab.where() != []


def test_a_reload_stops_what_is_not_in_it_any_more_and_touches_nothing_else(desk: Desk) -> None:
    monitor, before = Monitor(desk.host.lab), desk.steps()
    desk.host.reload(vips=[desk.vip(VIP), desk.vip(OTHER)])
    desk.host.held(OTHER)
    assert desk.steps(OTHER)[-1] == "start"
    desk.host.reload(vips=[desk.vip(VIP)])
    wait_for(lambda: desk.steps(OTHER)[-1] == "stop", 60, "stopped")
    assert desk.lines()[-1][4] == "False", "after it was withdrawn"
    assert desk.steps() == before
    assert monitor.deleted(VIP) == 0
    desk.host.reload(vips=[vip(VIP)])
    wait_for(lambda: desk.steps()[-1] == "stop", 60, "stopped under the address, as wanted")
    assert monitor.deleted(VIP) == 0


def test_a_hook_that_anybody_could_have_written_is_told_and_not_run(
    lab: Lab, tmp_path: Path
) -> None:
    desk = Desk(lab, tmp_path)
    desk.hook.chmod(0o777)
    with desk.host.agent:
        wait_for(lambda: "written by others" in desk.host.vip()["reason"], 60, "the reason")
        listed = desk.host.agent.cli("vip", "list").stdout
        assert f"{desk.hook} can be written by others than its owner" in listed
        assert desk.host.agent.status()["problems"]
    assert desk.lines() == []
    assert lab.where() == []
