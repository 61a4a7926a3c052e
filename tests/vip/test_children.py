"""Holder and guardian as children of an agent that is killed: they go on, and then they end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.vip.lab import VIP, Lab, lab, listens, slept
from tests.waiting import wait_for

__all__ = ["lab"]
pytestmark = pytest.mark.root
_PARENT = '"$@" --parent $$ & echo $!; wait'
Start = Callable[..., "Child"]


class Child:
    """A process in the host's namespace, and its parent that does nothing."""

    def __init__(self, lab: Lab, *argv: str) -> None:
        enter = ["ip", "netns", "exec", lab.host, "sh", "-c", _PARENT, "sh", sys.executable, "-m"]
        self.parent: subprocess.Popen[str] = lab.spawn(*enter, *argv)
        assert self.parent.stdout is not None
        self.pid = int(self.parent.stdout.readline())

    def orphan(self) -> None:
        """Kills the parent."""
        self.parent.kill()
        self.parent.wait()

    def alive(self) -> bool:
        """False once it has ended."""
        try:
            return "\nState:\tZ" not in Path(f"/proc/{self.pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):  # gone before, or while it is read
            return False

    def end(self, number: int = signal.SIGKILL) -> None:
        """Ends it, if that is still to be done."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


@pytest.fixture
def start(lab: Lab) -> Iterator[Start]:
    """Starts children that end with the test."""
    made: list[Child] = []

    def start(*argv: str) -> Child:
        made.append(Child(lab, *argv))
        return made[-1]

    yield start
    for child in made:
        child.end()


def test_an_orphaned_holder_ends_when_its_word_has_run_out(lab: Lab, start: Start) -> None:
    holder = start("hwagent.vip", "--socket", str(lab.path))
    wait_for(lambda: listens(lab.path), what="a holder")
    agent = lab.agent()
    agent.plan(VIP)
    agent.fit(ttl=3.0)
    wait_for(lambda: lab.where() == ["eth0"], what="held")
    holder.orphan()
    assert lab.where() == ["eth0"], "the word still counts"
    wait_for(lambda: not holder.alive(), what="its end")
    assert lab.where() == []
    assert not lab.path.exists()


def test_an_orphaned_holder_goes_on_for_an_agent_that_comes_back(lab: Lab, start: Start) -> None:
    holder = start("hwagent.vip", "--socket", str(lab.path))
    wait_for(lambda: listens(lab.path), what="a holder")
    agent = lab.agent()
    agent.plan(VIP)
    agent.fit(ttl=30.0)
    wait_for(lambda: agent.vip().get("state") == "held", what="held")
    holder.orphan()
    agent.fit(ttl=600.0)
    turns = slept(holder.pid)
    wait_for(lambda: slept(holder.pid) > turns + 150, what="the time to end, if it would")
    assert holder.alive()


def test_a_holder_whose_parent_lives_stays_without_a_word(lab: Lab, start: Start) -> None:
    holder = start("hwagent.vip", "--socket", str(lab.path))
    wait_for(lambda: listens(lab.path), what="a holder")
    agent = lab.agent()
    agent.plan(VIP)
    agent.fit(ttl=0.1)
    wait_for(lambda: "run out" in agent.vip().get("reason", ""), what="the word's end")
    assert holder.alive()


def test_an_orphaned_guardian_guards_until_there_is_no_holder(lab: Lab, start: Start) -> None:
    guardian = start("hwagent.vip.guardian", "--holder", str(lab.path))
    holder, _ = lab.held()
    wait_for(lambda: lab.guarded(holder.pid), what="guarded")
    guardian.orphan()
    assert guardian.alive()
    holder.kill()
    wait_for(lambda: lab.where() == [], what="the address gone")
    wait_for(lambda: not guardian.alive(), what="its end")


def test_a_second_guardian_waits_and_follows(lab: Lab, start: Start) -> None:
    first = start("hwagent.vip.guardian", "--holder", str(lab.path))
    holder, _ = lab.held()
    wait_for(lambda: lab.guarded(holder.pid), what="guarded")
    second = start("hwagent.vip.guardian", "--holder", str(lab.path))
    wait_for(lambda: b"hwagent.vip.guardian" in command(second), what="started")
    first.end()
    wait_for(lambda: not first.alive() and lab.guarded(holder.pid), what="guarded by the second")
    holder.kill()
    wait_for(lambda: lab.where() == [], what="the address gone")
    assert second.alive()


def test_a_second_guardian_that_is_orphaned_ends_at_once(lab: Lab, start: Start) -> None:
    first = start("hwagent.vip.guardian", "--holder", str(lab.path))
    holder, _ = lab.held()
    wait_for(lambda: lab.guarded(holder.pid), what="guarded")
    second = start("hwagent.vip.guardian", "--holder", str(lab.path))
    second.orphan()
    wait_for(lambda: not second.alive(), what="its end")
    assert first.alive()


def command(child: Child) -> bytes:
    """The command line of a child."""
    return Path(f"/proc/{child.pid}/cmdline").read_bytes()
