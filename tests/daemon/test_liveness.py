"""What the agent tells the service manager: after full rounds only, and what matters."""

import asyncio
import os
import socket
from typing import Any

import pytest

from hwagent.daemon.liveness import live, summary
from hwagent.model import Component, Health
from hwagent.net.manager import Manager
from tests.loop import LONG, in_loop

STATUS: dict[str, Any] = {
    "ready": True, "health": "ok", "components": [], "vips": [], "problems": [],
}  # fmt: skip


def manager(ear: socket.socket, watchdog: float) -> Manager:
    limit = str(round(watchdog * 1e6))
    given = {"NOTIFY_SOCKET": ear.getsockname(), "WATCHDOG_USEC": limit}
    return Manager({**given, "WATCHDOG_PID": str(os.getpid())})


def part(id: str, health: str, reason: str = "") -> Component:
    kind = id.partition(":")[0]
    return Component(
        id=id, kind=kind, health=Health(health), reason=reason, attributes={}, metrics={}
    )


@in_loop
async def test_the_watchdog_is_fed_after_a_round_and_not_while_one_hangs(ear: socket.socket):
    loop, rounds, hangs = asyncio.get_running_loop(), [0], asyncio.Event()

    async def turn() -> None:
        rounds[0] += 1
        if rounds[0] == 3:
            hangs.set()
            await asyncio.Event().wait()

    telling = asyncio.create_task(live(manager(ear, 0.03), turn, lambda: STATUS))
    async with asyncio.timeout(LONG):
        await hangs.wait()
        said = [(await loop.sock_recv(ear, 4096)).decode() for _ in range(3)]
    assert [text.partition("\n")[0] for text in said] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
    with pytest.raises(BlockingIOError):
        ear.recv(4096)
    telling.cancel()


@in_loop
async def test_where_nobody_listens_no_round_is_made_for_it():
    async def turn() -> None:
        raise AssertionError

    await live(Manager({}), turn, lambda: STATUS)


def test_the_status_says_what_matters_first():
    sick = [part("disk:a", "degraded", "slow"), part("psu:b", "failed", "no power")]
    vips = [{"state": "held"}, {"state": "free"}]
    components = [*sick, part("nic:c", "ok")]
    told = summary(
        {**STATUS, "health": "failed", "components": components, "vips": vips,
         "problems": ["journal: disk full", "more"]}
    )  # fmt: skip
    assert told == (
        "failed: 2 of 3 components not ok; psu:b: no power; 1 of 2 virtual IPs held; "
        "journal: disk full"
    )


def test_a_host_that_is_well_and_holds_nothing_is_told_in_few_words():
    assert (
        summary({**STATUS, "components": [part("nic:c", "ok")]}) == "ok: 0 of 1 components not ok"
    )


def test_before_the_first_round_nothing_is_called_well():
    assert summary({**STATUS, "ready": False}) == "the first round is under way"


def test_a_status_is_one_line():
    told = summary({**STATUS, "problems": ["one\ntwo"]})
    assert "\n" not in told
