"""The watcher: real events become triggers, lost ones and dead watchers are made up for."""

import asyncio
import os
import select
import signal
import struct
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.collect.device_events import device_triggers
from hwagent.collect.link_events import LinkState, parse_link
from hwagent.collect.md_events import MdEvents
from hwagent.collect.root import Root
from hwagent.collect.trigger import Debounce, Trigger, after_loss
from hwagent.collect.watching import Watch
from hwagent.net.netlink import messages
from hwagent.testing.tree import Tree
from tests.veth import namespace

_DEADLINE = 30.0


def test_triggers_of_one_collector_within_the_delay_become_one() -> None:
    debounce = Debounce(0.05)
    debounce.add(10.0, Trigger("nic", "", "first"))
    debounce.add(10.04, Trigger("nic", "", "second"))
    debounce.add(10.04, Trigger("md", "", "other"))
    assert debounce.due(10.04) == []
    assert debounce.next_due() == pytest.approx(10.05)
    assert debounce.due(10.06) == [Trigger("nic", "", "first")]
    assert debounce.due(10.06) == []
    assert debounce.due(10.1) == [Trigger("md", "", "other")]
    assert debounce.next_due() is None


def test_a_stream_of_events_does_not_hold_a_look_off() -> None:
    debounce = Debounce(0.05)
    looks = 0
    for step in range(100):
        debounce.add(step * 0.01, Trigger("nic"))
        looks += len(debounce.due(step * 0.01))
    assert looks >= 15


def test_lost_events_lead_to_a_look_at_all_that_events_tell_of() -> None:
    collectors = {trigger.collector for trigger in after_loss("lost")}
    assert {"nic", "bond", "link", "md", "disk"} <= collectors
    assert "smart" not in collectors


@pytest.mark.parametrize(
    ("subsystem", "name", "collectors"),
    [
        ("block", "sda", {"disk", "md", "multipath"}),
        ("block", "loop3", set()),
        ("net", "eth0", {"nic", "bond", "link"}),
        ("power_supply", "BAT0", {"power_supply"}),
        ("usb", "1-1", set()),
    ],
)
def test_a_device_event_makes_those_look_that_know_the_device(
    subsystem: str, name: str, collectors: set[str]
) -> None:
    assert {t.collector for t in device_triggers(subsystem, name, "add")} == collectors


def test_an_nvme_drive_that_calls_for_attention_has_its_health_read() -> None:
    found = device_triggers("nvme", "nvme0", "change", "0x010001")
    assert ("smart", "nvme0n1") in {(t.collector, t.target) for t in found}


def test_an_interface_that_is_removed_is_looked_at_by_all_that_know_it() -> None:
    found = {(t.collector, t.target) for t in device_triggers("net", "eth0", "remove")}
    assert found >= {("nic", ""), ("ethtool", "eth0"), ("optics", "eth0")}


def _link(index: int, *attributes: tuple[int, bytes]) -> bytes:
    body = struct.pack("=BxHiII", 0, 1, index, 0x1003, 0)
    for kind, value in attributes:
        body += struct.pack("=HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)
    return body


def test_reads_what_of_a_link_message_concerns_health() -> None:
    number = struct.Struct("=I").pack
    body = _link(7, (3, b"eth0\0"), (10, number(3)), (16, b"\x06"), (33, b"\x01"), (35, number(9)))
    assert parse_link(body) == LinkState(7, 0x1003, "eth0", 3, 6, 1, 9)


@settings(max_examples=100)
@given(st.binary(max_size=200), st.integers(0, 60))
def test_no_bytes_break_the_reader_of_messages(data: bytes, length: int) -> None:
    framed = struct.pack("=IHHII", length, 16, 0, 0, 0) + data
    for _, _, _, payload in messages(framed):
        parse_link(payload)
    parse_link(data)


async def _triggered(
    found: AsyncIterator[Trigger], collector: str, cause: Callable[[], None]
) -> Trigger:
    """The first trigger of a collector, causing the event again and again until it comes: the
    watcher does not tell when it is ready."""
    waiting = asyncio.ensure_future(_first(found, collector))
    async with asyncio.timeout(_DEADLINE):
        while not waiting.done():
            cause()
            await asyncio.wait([waiting], timeout=0.3)
    return waiting.result()


async def _first(found: AsyncIterator[Trigger], collector: str) -> Trigger:
    while True:
        trigger = await anext(found)
        if trigger.collector == collector:
            return trigger


@pytest.mark.root
@pytest.mark.parametrize("collector", ["nic", "bond", "link"])
def test_a_pulled_cable_triggers_a_look(collector: str) -> None:
    async def scenario() -> Trigger:
        watch = Watch("/", space.enter)
        await watch.start()
        try:
            async with aclosing(watch.triggers()) as found:
                return await _triggered(found, collector, flip)
        finally:
            await watch.close()

    def flip() -> None:
        space.ip("link set veth1 down")
        space.ip("link set veth1 up")

    with namespace() as space:
        assert asyncio.run(scenario()).reason.startswith("veth")


@pytest.mark.root
def test_a_device_event_triggers_a_look() -> None:
    async def scenario() -> Trigger:
        watch = Watch("/", space.enter)
        await watch.start()
        try:
            async with aclosing(watch.triggers()) as found:
                return await _triggered(found, "nic", event)
        finally:
            await watch.close()

    def event() -> None:
        space.run("sh", "-c", "echo change > /sys/class/net/veth0/uevent")

    with namespace() as space:
        assert asyncio.run(scenario()).reason == "net veth0: change"


@contextmanager
def _urgent_file(tree: Tree) -> Iterator[Callable[[], None]]:
    """An md array whose state file signals as the kernel's do: /proc/self/mounts is such a file
    that can be changed here. Yields what changes it."""
    place = tree.path / "place"
    place.mkdir()
    (tree.path / "sys/block/md0/md").mkdir(parents=True)
    (tree.path / "sys/block/md0/md/array_state").symlink_to("/proc/self/mounts")

    def change() -> None:
        subprocess.run(["mount", "-t", "tmpfs", "none", str(place)], check=True)
        subprocess.run(["umount", str(place)], check=True)

    yield change


@pytest.mark.root
def test_a_change_of_an_arrays_state_triggers_a_look(tmp_path: Path) -> None:
    async def scenario(change: Callable[[], None]) -> Trigger:
        watch = Watch(str(tmp_path))
        await watch.start()
        try:
            async with aclosing(watch.triggers()) as found:
                return await _triggered(found, "md", change)
        finally:
            await watch.close()

    with _urgent_file(Tree(tmp_path)) as change:
        assert asyncio.run(scenario(change)).reason == "md0: array_state changed"


@pytest.mark.root
def test_arrays_may_come_later_and_go(tmp_path: Path) -> None:
    tree, poll = Tree(tmp_path), select.poll()
    events = MdEvents(Root(tmp_path), poll)
    events.rescan()
    assert poll.poll(0) == []
    with _urgent_file(tree) as change:
        events.rescan()
        change()
        [(fd, _)] = poll.poll(_DEADLINE * 1000)
        assert fd in events
        assert events.changed(fd) == Trigger("md", "", "md0: array_state changed")
        assert poll.poll(0) == []


def test_an_array_that_is_gone_is_an_event_and_watched_no_more(tmp_path: Path) -> None:
    # reading this file fails once the process has ended, as reading a stopped array's does
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        (tmp_path / "sys/block/md0/md").mkdir(parents=True)
        (tmp_path / "sys/block/md0/md/degraded").symlink_to(f"/proc/{process.pid}/oom_score")
        events = MdEvents(Root(tmp_path), select.poll())
        events.rescan()
        [fd] = [n for n in range(3, 64) if n in events]
        process.communicate()
    assert events.changed(fd) == Trigger("md", "", "md0 is gone")
    assert fd not in events


def test_a_watcher_that_dies_is_started_again_and_made_up_for(tmp_path: Path) -> None:
    async def scenario() -> list[Trigger]:
        watch = Watch(str(tmp_path))
        await watch.start()
        try:
            async with aclosing(watch.triggers()) as found:
                os.kill(_child_of_this_process(), signal.SIGKILL)
                async with asyncio.timeout(_DEADLINE):
                    return [await anext(found) for _ in after_loss("")]
        finally:
            await watch.close()

    found = asyncio.run(scenario())
    assert {t.collector for t in found} == {t.collector for t in after_loss("")}


def test_the_watcher_ends_when_nobody_reads_any_more(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    argv = [*Watch(str(tmp_path)).argv]
    with subprocess.Popen(argv, stdout=writer) as process:
        os.close(writer)
        os.close(reader)
        assert process.wait(_DEADLINE) == 0


def _child_of_this_process() -> int:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
    return next(pid for pid, command in commands.items() if "hwagent.collect.watch" in command)
