"""Traps and informs, sent by net-snmp: those of our switches lead to a look at once, others not."""

import asyncio
import shutil
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hwagent.config.switches import Switch, Traps
from hwagent.config.units import Duration
from hwagent.snmp.access import access
from hwagent.snmp.ber import OCTETS, SEQUENCE, packed, packed_number, packed_oid
from hwagent.snmp.dialects import User, dialect
from hwagent.snmp.makers import shipped_makers
from hwagent.snmp.messages import Dropped, FromPoller, Polled, Trapped
from hwagent.snmp.names import OBJECTS
from hwagent.snmp.pdu import INFORM
from hwagent.snmp.pollers import Pollers
from hwagent.snmp.session import Session
from hwagent.snmp.traps import RATE, Friend, Reception
from hwagent.snmp.usm import Clock
from tests.loop import in_loop, until
from tests.snmp.agents import AUTH, PRIVACY, USER, free_port, table
from tests.snmp.test_session import OPER, SMALL, liar, signed, switch

pytestmark = pytest.mark.skipif(not shutil.which("snmptrap"), reason="snmptrap is not installed")
LINK_DOWN = ("1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.1.2", "i", "2")
COLD_START = ("1.3.6.1.6.3.1.1.5.1",)


class Desk:
    """What pollers tell, and the port that they hear traps at."""

    def __init__(self) -> None:
        self.port = free_port()
        self.told: list[FromPoller] = []

    def of(self, kind: type) -> list[Any]:
        return [m for m in self.told if isinstance(m, kind)]

    @property
    def polls(self) -> int:
        return len(self.of(Polled))

    @property
    def dropped(self) -> dict[str, int]:
        return dict(self.of(Dropped)[-1].reasons) if self.of(Dropped) else {}

    async def send(self, *options: str, inform: bool = False, patience: int = 4) -> int:
        """Lets net-snmp send a trap; its exit status. An inform is waited for so many seconds."""
        waits = ("-r", "0", "-t", str(patience))
        command = ["snmpinform" if inform else "snmptrap", *waits, *options]
        command = [self._place if word == "HERE" else word for word in command]
        process = await asyncio.create_subprocess_exec(
            *command, stderr=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
        )
        return await process.wait()

    @property
    def _place(self) -> str:
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def desk(*switches: Switch) -> Any:
    """Pollers that have read all switches once."""
    found = Desk()
    pollers = Pollers(switches, shipped_makers(), found.told.append)
    running = asyncio.create_task(pollers.run(Traps(bind=f"127.0.0.1:{found.port}")))
    try:
        await until(lambda: {m.name for m in found.of(Polled)} == {s.name for s in switches})
        yield found
    finally:
        running.cancel()
        await asyncio.wait([running])


def plain(community: str = "public", version: str = "2c") -> tuple[str, ...]:
    return ("-v", version, "-c", community, "HERE")


@in_loop
async def test_a_link_that_goes_down_is_seen_at_once(tmp_path: Path) -> None:
    values = dict(SMALL)
    async with (
        liar(lambda names, repeat: table(values)(names, repeat)) as (agent, port),
        desk(switch(tmp_path, port, interval=Duration(3600))) as heard,
    ):
        values[(*OPER, 2)] = 2
        before = agent.asked
        assert await heard.send(*plain(), "", *LINK_DOWN) == 0
        await until(lambda: heard.polls == 2)
        assert agent.asked - before == 2  # is it the same start, and the states of that port
        ports = {s.id: s for s in heard.of(Polled)[-1].samples}
        assert ports["port:sw1/e2"].metrics["carrier"] == 0
        assert "port:sw1/e1" not in ports  # which is as it was
        [trapped] = heard.of(Trapped)
        assert trapped == Trapped("sw1", LINK_DOWN[0])


@in_loop
async def test_an_inform_is_acknowledged(tmp_path: Path) -> None:
    async with (
        liar(table(SMALL)) as (_, port),
        desk(switch(tmp_path, port, interval=Duration(3600))) as heard,
    ):
        assert await heard.send(*plain(), "", *LINK_DOWN, inform=True) == 0
        await until(lambda: heard.polls == 2)


@in_loop
async def test_a_trap_of_version_1_is_heard(tmp_path: Path) -> None:
    async with (
        liar(table(SMALL)) as (_, port),
        desk(switch(tmp_path, port, interval=Duration(3600))) as heard,
    ):
        maker, generic = ("1.3.6.1.4.1.9", "127.0.0.1"), ("2", "0", "")
        assert await heard.send(*plain(version="1"), *maker, *generic, *LINK_DOWN[1:]) == 0
        await until(lambda: heard.polls == 2)


@in_loop
async def test_a_start_is_read_whole(tmp_path: Path) -> None:
    values = dict(SMALL)
    async with (
        liar(lambda names, repeat: table(values)(names, repeat)) as (_, port),
        desk(switch(tmp_path, port, interval=Duration(3))) as heard,
    ):
        values[(*OBJECTS["sysUpTime"], 0)] = 5
        values[(*OBJECTS["ifDescr"], 1)] = b"uplink"
        await heard.send(*plain(), "", *COLD_START)
        await until(lambda: "port:sw1/uplink" in {s.id for s in heard.of(Polled)[-1].samples})


@in_loop
async def test_traps_of_strangers_change_nothing(tmp_path: Path) -> None:
    async with liar(table(SMALL)) as (agent, port):
        of = switch(tmp_path, port, interval=Duration(3600))
        async with desk(of) as heard:
            before = agent.asked
            await heard.send(*plain("private"), "", *LINK_DOWN)
            await until(lambda: heard.dropped == {"wrong community": 1})
            await heard.send("--clientaddr=127.0.0.9", *plain(), "", *LINK_DOWN)
            await until(lambda: heard.dropped.get("unknown source") == 1)
            unheard = await heard.send(*plain("private"), "", *LINK_DOWN, inform=True, patience=1)
            assert unheard != 0
            assert (agent.asked, heard.polls, heard.of(Trapped)) == (before, 1, [])


class Sender:
    """A user of a switch, as net-snmp needs to be told of it."""

    def __init__(self, engine: bytes, boots: int, seconds: int) -> None:
        self.engine, self.boots, self.seconds = engine.hex(), boots, max(1, seconds)

    def options(self, **other: Any) -> tuple[str, ...]:
        """Options of a trap of this switch, but for some."""
        of = {"engine": self.engine, "boots": self.boots, "seconds": self.seconds, "user": USER,
              "auth": AUTH, "privacy": PRIVACY, "level": "authPriv", **other}  # fmt: skip
        return (
            *("-v", "3", "-l", of["level"], "-u", of["user"], "-a", "SHA-256", "-A", of["auth"]),
            *("-x", "AES", "-X", of["privacy"], "-e", f"0x{of['engine']}"),
            *("-Z", f"{of['boots']},{of['seconds']}", "HERE"),
        )


async def sender(of: Switch) -> Sender:
    """What a switch's engine tells of itself."""
    session = Session(access(of), 5)
    found = await session.get([(*OBJECTS[n], 0) for n in ("snmpEngineBoots", "snmpEngineTime")])
    boots, seconds = found.values()
    session.close()
    assert isinstance(session.dialect, User)
    assert session.dialect.clock is not None
    assert isinstance(boots, int)
    assert isinstance(seconds, int)
    return Sender(session.dialect.clock.engine, boots, seconds)


def test_traps_of_version_3_are_believed_only_from_the_engine_that_is_polled(
    tmp_path: Path, net_snmp: int
) -> None:
    asyncio.run(_believed(signed(tmp_path, net_snmp, interval=Duration(3600))))


async def _believed(of: Switch) -> None:
    async with desk(of) as heard:
        who = await sender(of)
        forged = {
            "wrong user": {"user": "somebody"},
            "wrong key": {"auth": "another long key"},
            "wrong engine": {"engine": "80001f8880aabbccddeeff0011"},
            "old": {"seconds": who.seconds + 10_000},
        }
        for why, wrong in forged.items():
            await heard.send(*who.options(**wrong), "", *LINK_DOWN)
            await until(lambda why=why: heard.dropped.get(why) == 1, f"{why}: {heard.told}")
        await heard.send(*who.options(level="authNoPriv"), "", *LINK_DOWN)
        await until(lambda: heard.dropped["wrong key"] == 2)
        assert (heard.polls, heard.of(Trapped)) == (1, [])
        await heard.send(*who.options(), "", *LINK_DOWN)
        await until(lambda: heard.polls == 2)
        assert heard.of(Trapped) == [Trapped("sw1", LINK_DOWN[0])]


def test_informs_of_version_3_find_our_engine_and_are_acknowledged(
    tmp_path: Path, net_snmp: int
) -> None:
    asyncio.run(_acknowledged(signed(tmp_path, net_snmp, interval=Duration(3600))))


async def _acknowledged(of: Switch) -> None:
    options = ("-v", "3", "-l", "authPriv", "-u", USER, "-a", "SHA-256", "-A", AUTH, "-x", "AES")
    async with desk(of) as heard:
        wrong = ("-X", "not the key", "HERE", "", *LINK_DOWN)
        assert await heard.send(*options, *wrong, inform=True, patience=1)
        assert heard.polls == 1
        assert await heard.send(*options, "-X", PRIVACY, "HERE", "", *LINK_DOWN, inform=True) == 0
        await until(lambda: heard.polls == 2)
        assert [t.oid for t in heard.of(Trapped)] == [LINK_DOWN[0]]


def test_a_datagram_that_comes_again_is_acknowledged_and_counts_no_more(tmp_path: Path) -> None:
    of = access(switch(tmp_path, 9))
    friend = Friend("sw1", ("192.0.2.1",), lambda: "", of, dialect(of))
    reception = Reception(Clock(b"own"), [friend])
    pair = packed(SEQUENCE, packed_oid((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)), packed_oid((1, 3, 6)))
    numbers = (packed_number(7), packed_number(0), packed_number(0))
    inform = packed(INFORM, *numbers, packed(SEQUENCE, pair))
    community = (packed_number(1), packed(OCTETS, b"public"))
    data = packed(SEQUENCE, *community, inform)
    first, again = (reception.receive(1.0, data, "192.0.2.1") for _ in range(2))
    assert (first.name, first.why) == ("sw1", "")
    assert (again.name, again.why, again.reply) == ("", "repeated", first.reply)
    for _ in range(2 * RATE):
        reception.receive(1.5, b"0", "192.0.2.1")
    assert reception.dropped["too many"] >= RATE  # and costs no more than that
    assert reception.receive(9.0, data[:-1], "192.0.2.1").why == "damaged"
