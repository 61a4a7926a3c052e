"""The agent's word to the holder: to one that only listens, and to a real one in a namespace."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hwagent.config import Config, Duration, Vip
from hwagent.config.schema import Fitness
from hwagent.daemon.fitness import Verdict
from hwagent.daemon.holding import Holding
from hwagent.vip.protocol import clock
from tests.loop import in_loop, until
from tests.vip.lab import VIP, Lab, Monitor, lab

__all__ = ["lab"]
FIT = Verdict(True, "")
OTHER = "10.0.0.11/24"


def config(*addresses: str, ttl: float = 5.0) -> Config:
    """Addresses on eth0, else eth1."""
    vips = [Vip(address, ["eth0", "eth1"]) for address in addresses]
    return Config(vips=vips, fitness=Fitness(ttl=Duration(ttl)))


class Ear:
    """A holder that only listens, and ends a connection when told to."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.connections = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        while line := await reader.readline():
            self.heard.append(json.loads(line))

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def say(self, line: bytes) -> None:
        for writer in self._writers:
            writer.write(line)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["message"] == kind]


class Told:
    """What was published."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, Any]] = []

    def __call__(self, kind: str, component: str, data: Any) -> None:
        self.events.append((kind, component, data))


@asynccontextmanager
async def running(path: Path, publish: Callable[..., None] | None = None) -> AsyncIterator[Holding]:
    """Talks to the holder at a path until the end of the block."""
    holding = Holding(str(path), publish or Told())
    task = asyncio.create_task(holding.run())
    try:
        yield holding
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await holding.close()


@asynccontextmanager
async def listening(path: Path) -> AsyncIterator[Ear]:
    """A holder that listens at a path."""
    ear = Ear()
    server = await asyncio.start_unix_server(ear.serve, str(path))
    try:
        yield ear
    finally:
        server.close()
        ear.hang_up()


@in_loop
async def test_the_word_is_said_again_well_before_it_runs_out(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with listening(path) as ear, running(path) as holding:
        holding.configure(config(VIP, ttl=1.0))
        holding.tell(FIT)
        await until(lambda: len(ear.of("fitness")) > 5, "six words")
        words = ear.of("fitness")
        assert all(word["fit"] and word["ttl"] == 1.0 for word in words)
        assert [w["sent"] for w in words] == sorted({w["sent"] for w in words})
        assert len(ear.of("plan")) == 1
        (vip,) = ear.of("plan")[0]["vips"]
        assert (vip["address"], vip["interfaces"]) == (VIP, ["eth0", "eth1"])


@in_loop
async def test_before_the_first_verdict_nothing_is_said_of_fitness(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with listening(path) as ear, running(path) as holding:
        holding.configure(config(VIP, ttl=0.1))
        await until(lambda: ear.of("plan"), "the plan")
        holding.configure(config(VIP, OTHER, ttl=0.1))
        await until(lambda: len(ear.of("plan")) == 2, "the second plan")
        assert ear.of("fitness") == []


@in_loop
async def test_a_new_verdict_does_not_wait_for_its_turn(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with listening(path) as ear, running(path) as holding:
        holding.configure(config(VIP, ttl=3600))
        holding.tell(FIT)
        await until(lambda: ear.of("fitness"), "the first word")
        holding.tell(Verdict(False, "HostOnFire on host:h1"))
        await until(lambda: len(ear.of("fitness")) == 2, "the second word")
        assert not ear.of("fitness")[1]["fit"]
        assert ear.of("fitness")[1]["reason"] == "HostOnFire on host:h1"


@in_loop
async def test_a_reason_of_any_length_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with listening(path) as ear, running(path) as holding:
        holding.configure(config(VIP))
        holding.tell(Verdict(False, "x" * 10_000))
        await until(lambda: ear.of("fitness"), "the word")
        assert ear.of("fitness")[0]["reason"] == "x" * 200


@in_loop
async def test_plan_and_word_are_said_anew_on_a_new_connection(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with listening(path) as ear, running(path) as holding:
        holding.configure(config(VIP))
        holding.tell(FIT)
        await until(lambda: ear.of("fitness"), "the first word")
        assert holding.connected
        ear.heard.clear()
        ear.hang_up()
        await until(lambda: not holding.connected, "noticed")
        assert holding.vips()[0]["state"] == "unknown"
        await until(lambda: ear.of("plan") and ear.of("fitness"), "all said again")
        assert ear.connections == 2


@in_loop
async def test_what_the_holder_refuses_of_the_plan_is_known_until_there_is_another_plan(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s"
    async with listening(path) as ear, running(path) as holding:
        holding.configure(config(VIP))
        await until(lambda: ear.of("plan"), "the plan")
        refused = {"message": "event", "type": "refused", "interface": "", "time": 1.0}
        move = {**refused, "address": VIP, "reason": "not an address of a group in the plan"}
        plan = {**refused, "address": "", "reason": "another voter set must declare"}
        for said in (move, plan):
            ear.say(json.dumps(said).encode() + b"\n")
        await until(lambda: holding.problem, "the refusal")
        assert holding.problem.endswith("another voter set must declare")
        holding.configure(config(VIP, OTHER))
        await until(lambda: len(ear.of("plan")) == 2, "the second plan")
        assert holding.problem == ""


@in_loop
async def test_a_holder_that_talks_nonsense_is_left_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with listening(path) as ear, running(path) as holding:
        holding.configure(config(VIP))
        await until(lambda: ear.connections == 1, "connected")
        ear.say(b"nonsense\n")
        await until(lambda: ear.connections == 2, "connected again")


@in_loop
async def test_it_ends_although_the_holder_ends_in_the_same_moment(tmp_path: Path) -> None:
    path = tmp_path / "s"
    for turns in range(12):  # of the loop, between the two ends
        async with listening(path) as ear:
            holding = Holding(str(path), Told())
            task = asyncio.create_task(holding.run())
            await until(lambda ear=ear: ear.connections == 1, "connected")
            await until(lambda holding=holding: holding.connected, "known")
            ear.hang_up()
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=20)
            assert done, f"it goes on, {turns} turns after the holder ended"
            await holding.close()


@in_loop
async def test_addresses_that_come_with_a_reload_need_not_wait(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with running(path) as holding:
        holding.configure(config())
        holding.tell(FIT)
        await asyncio.sleep(0)  # tries once, and has no reason to hurry
        async with listening(path) as ear:
            holding.configure(config(VIP))
            await until(lambda: ear.of("plan"), "the plan")
            assert ear.of("plan")[0]["vips"][0]["address"] == VIP


@pytest.mark.root
@in_loop
async def test_held_while_told_and_given_up_after_the_time_to_live(lab: Lab) -> None:
    lab.holder()
    told = Told()
    async with running(lab.path, told) as holding:
        holding.configure(config(VIP, ttl=1.0))
        holding.tell(FIT)
        await until(lambda: lab.where() == ["eth0"], "held")
        await until(lambda: [v["state"] for v in holding.vips()] == ["held"], "the status")
        monitor = Monitor(lab)
        end = clock() + 2.5
        await until(lambda: clock() > end, "more than two times to live")
        assert monitor.deleted(VIP) == 0
    await until(lambda: lab.where() == [], "given up when nobody says the word")
    (event,) = [data for kind, id, data in told.events if (kind, id) == ("vip", f"vip:{VIP}")]
    assert (event["type"], event["interface"]) == ("held", "eth0")


@pytest.mark.root
@in_loop
async def test_a_reload_drops_no_address_that_stays(lab: Lab) -> None:
    lab.holder()
    async with running(lab.path) as holding:
        holding.configure(config(VIP))
        holding.tell(FIT)
        await until(lambda: lab.where() == ["eth0"], "held")
        monitor = Monitor(lab)
        holding.configure(config(OTHER, VIP, ttl=7))
        await until(lambda: lab.where(OTHER) == ["eth0"], "the new one held")
        holding.configure(config(VIP, ttl=5))
        await until(lambda: lab.where(OTHER) == [], "the new one gone")
        assert monitor.deleted(VIP) == 0
        assert [v["address"] for v in holding.vips()] == [VIP]


@pytest.mark.root
@in_loop
async def test_an_agent_that_comes_back_in_time_costs_nothing(lab: Lab) -> None:
    lab.holder()
    async with running(lab.path) as holding:
        holding.configure(config(VIP, ttl=600))
        holding.tell(FIT)
        await until(lambda: lab.where() == ["eth0"], "held")
        monitor = Monitor(lab)
    async with running(lab.path) as holding:
        holding.configure(config(VIP, ttl=600))
        await until(lambda: holding.connected and holding.vips()[0]["state"] == "held", "status")
        holding.tell(FIT)
        await until(lambda: lab.where() == ["eth0"], "held")
    assert monitor.deleted(VIP) == 0


@pytest.mark.root
@in_loop
async def test_a_slow_first_round_costs_no_address_that_is_held(lab: Lab) -> None:
    lab.holder()
    async with running(lab.path) as holding:
        holding.configure(config(VIP, ttl=1.0))
        holding.tell(FIT)
        await until(lambda: lab.where() == ["eth0"], "held")
        monitor = Monitor(lab)
    async with running(lab.path) as holding:  # the next one, which has no verdict yet
        holding.configure(config(VIP, ttl=1.0))
        end = clock() + 2.5
        await until(lambda: clock() > end, "more than two times to live")
        assert monitor.deleted(VIP) == 0
        holding.tell(Verdict(False, "HostOnFire on host:h1"))
        await until(lambda: lab.where() == [], "gone with the first verdict")


@pytest.mark.root
@in_loop
async def test_the_agent_before_is_not_believed_for_ever(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.holder()
    async with running(lab.path) as holding:
        holding.configure(config(VIP, ttl=1.0))
        holding.tell(FIT)
        await until(lambda: lab.where() == ["eth0"], "held")
    monkeypatch.setattr("hwagent.daemon.holding.INHERIT", 0.0)
    async with running(lab.path) as holding:
        holding.configure(config(VIP, ttl=1.0))
        await until(lambda: lab.where() == [], "gone")


@pytest.mark.root
@in_loop
async def test_a_holder_that_died_is_told_everything_when_it_is_back(lab: Lab) -> None:
    lab.guardian()
    process = lab.holder()
    async with running(lab.path) as holding:
        holding.configure(config(VIP))
        holding.tell(FIT)
        await until(lambda: lab.where() == ["eth0"] and lab.guarded(process.pid), "held")
        process.kill()
        await until(lambda: lab.where() == [], "taken away")
        await until(lambda: not holding.connected, "noticed")
        lab.holder()
        await until(lambda: lab.where() == ["eth0"], "held again")
