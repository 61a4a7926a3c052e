"""Switches over the wire: honest ones say what their recordings say, others delay no other one."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hwagent.config import load_config
from hwagent.config.switches import Switch, Traps
from hwagent.config.units import Duration
from hwagent.model import Sample
from hwagent.snmp.access import access
from hwagent.snmp.decode import printed, recording
from hwagent.snmp.makers import shipped_makers
from hwagent.snmp.messages import FromPoller, Polled
from hwagent.snmp.names import OBJECTS
from hwagent.snmp.poller import Poller
from hwagent.snmp.pollers import Pollers
from hwagent.snmp.printed import parse_printed
from hwagent.snmp.session import Session
from hwagent.snmp.wire import Unanswered
from tests.cli.running import cli
from tests.corpus.facts_snmp import observed_in
from tests.corpus.host_tree import CORPORA
from tests.corpus.test_facts_snmp import FACTS, same
from tests.snmp.agents import AUTH, PRIVACY, USER, Answers, Liar, snmpsim, table
from tests.snmp.virtual import in_virtual_time
from tests.snmp.walks import entity, recorded, sensor
from tests.snmp.walks import port as port_of
from tests.snmp.walks import recording as made

RECORDINGS = sorted((CORPORA / "snmp").glob("*.snmp*"))
OPER = OBJECTS["ifOperStatus"]
#: What a small switch answers.
SMALL = {
    (*OBJECTS["sysUpTime"], 0): 1000,
    (*OBJECTS["sysName"], 0): b"small",
    **{(*OBJECTS["ifDescr"], n): f"e{n}".encode() for n in range(1, 5)},
    **{(*OBJECTS["ifType"], n): 6 for n in range(1, 5)},
    **{(*OBJECTS["ifAdminStatus"], n): 1 for n in range(1, 5)},
    **{(*OPER, n): 1 for n in range(1, 5)},
}
#: Another, for snmpsim.
MADE = made(
    {
        **{"sysDescr.0": "made up", "sysName.0": "one", "sysUpTime.0": 1000},
        **port_of(1, "e1", ifInOctets=7),
        **port_of(2, "e2", up=False),
        **entity(1, 3, "box"),
        **entity(2, 8, "inlet", 1),
        **sensor(2, 8, 31),
    }
)


class Heard:
    """What pollers tell, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool, list[Sample], str]] = []

    def __call__(self, message: FromPoller) -> None:
        if isinstance(message, Polled):
            self.told.append((message.name, message.answered, message.samples, message.why))


def secret(place: Path, name: str, text: str) -> str:
    file = place / name
    file.write_text(text + "\n")
    return str(file)


def switch(place: Path, port: int, community: str = "public", **more: Any) -> Switch:
    options = {"timeout": Duration(0.3), "interval": Duration(5), **more}
    options.setdefault("community_file", secret(place, "community", community))
    return Switch(name=options.pop("name", "sw1"), address="127.0.0.1", port=port, **options)


def signed(place: Path, port: int, **more: Any) -> Switch:
    files = {
        "auth_file": secret(place, "auth", more.pop("auth_key", AUTH)),
        "privacy_file": secret(place, "privacy", more.pop("privacy_key", PRIVACY)),
    }
    return switch(place, port, version="3", user=USER, **files, **more)


async def once(of: Switch, stations: Iterable[str] = ()) -> tuple[str, bool, list[Sample], str]:
    """What one round of a switch tells; it is asked for some addresses behind its ports."""
    heard = Heard()
    session = Session(access(of), float(of.timeout))
    poller = Poller(of, session, shipped_makers(), heard)
    poller.locate(sorted(stations))
    await poller.round()
    return heard.told[0]


async def patiently(of: Switch, stations: Iterable[str] = ()) -> list[Sample]:
    """Its components, once it answers: agents take a while to start."""
    async with asyncio.timeout(250):
        while True:
            _, _, samples, _ = await once(of, stations)
            if samples:
                return samples


def plain(samples: list[Sample]) -> dict[str, tuple[dict[str, Any], dict[str, Any], str]]:
    """Components without what only a poll or only a recording has."""
    found = {}
    for s in samples:
        own = ("oids", "address", "interval", "name")
        attributes = {k: v for k, v in s.attributes.items() if k not in own}
        metrics = {k: v for k, v in s.metrics.items() if k != "answer_seconds"}
        found[s.id] = (attributes, metrics, s.unreadable)
    return found


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """One snmpsim that plays all recordings, printed walks among them, and a made-up one."""
    work = tmp_path_factory.mktemp("snmpsim")
    played = work / "recordings"
    played.mkdir()
    (played / "made.snmprec").write_bytes(MADE)
    for path in RECORDINGS:
        data = path.read_bytes()
        if path.suffix == ".snmpwalk":
            data = recorded(parse_printed(data))
        (played / f"{path.stem}.snmprec").write_bytes(data)
    with snmpsim(played, work) as port:
        yield port, work


@pytest.mark.skipif(not RECORDINGS, reason="../shared/corpora is absent")
@pytest.mark.parametrize("path", RECORDINGS, ids=lambda p: p.stem)
def test_over_the_wire_a_switch_says_what_its_recording_says(
    simulated: tuple[int, Path], path: Path
) -> None:
    port, work = simulated
    decoded = (printed if path.suffix == ".snmpwalk" else recording)(path.read_bytes())
    name = decoded[0].id.partition(":")[2]
    of = switch(work, port, path.stem, name=name, timeout=Duration(5), interval=Duration(60))
    stations = {mac for s in decoded for mac in s.attributes.get("stations", ())}
    polled = asyncio.run(patiently(of, stations))
    assert plain(polled) == plain(decoded)
    # what the index says of the file, but for the number of its lines: we do not ask for all
    said = [f for f in FACTS if f.file == f"snmp/{path.name}" and f.field != "oid_count"]
    seen = [(f, observed_in(polled, f.component, f.field, f.value)) for f in said]
    assert [(str(f), s) for f, s in seen if not same(f, s)] == []
    assert said


def test_version_1_and_version_3_say_the_same_as_2c(simulated: tuple[int, Path]) -> None:
    port, work = simulated
    slow = {"timeout": Duration(5), "interval": Duration(60), "name": "one"}
    asked = asyncio.run(patiently(switch(work, port, "made", **slow)))
    old = asyncio.run(patiently(switch(work, port, "made", version="1", **slow)))
    safe = asyncio.run(patiently(signed(work, port, context="made", **slow)))
    assert {"port:one/e1", "port:one/e2", "sensor:one/inlet"} <= plain(asked).keys()
    assert plain(asked) == plain(safe) == plain(old)


def test_snmpd_by_sha2_and_aes(tmp_path: Path, net_snmp: int) -> None:
    samples = asyncio.run(patiently(signed(tmp_path, net_snmp)))
    loopback = {s.id: s for s in samples}["port:sw1/lo"]
    assert loopback.metrics["carrier"] == 1
    assert loopback.attributes["type"] == "softwareLoopback"


@pytest.mark.parametrize("wrong", ["auth_key", "privacy_key"])
def test_a_wrong_key_is_told_and_not_shown(tmp_path: Path, net_snmp: int, wrong: str) -> None:
    asyncio.run(patiently(signed(tmp_path, net_snmp)))
    of = signed(tmp_path, net_snmp, timeout=Duration(0.1), **{wrong: "quite another one"})
    name, answered, samples, why = asyncio.run(once(of))
    assert (name, answered, samples) == ("sw1", False, [])
    assert why
    assert "another" not in why
    assert "another" not in repr(access(of))


@asynccontextmanager
async def liar(answers: Answers) -> Any:
    agent = Liar(answers)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: agent, ("127.0.0.1", 0))
    try:
        yield agent, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def test_a_small_switch(tmp_path: Path) -> None:
    async def run() -> None:
        async with liar(table(SMALL)) as (_, port):
            _, answered, samples, why = await once(switch(tmp_path, port))
        assert (answered, why) == (True, "")
        assert [s.id for s in samples if s.kind == "port"] == [
            f"port:sw1/e{n}" for n in range(1, 5)
        ]

    asyncio.run(run())


def test_one_that_is_silent_is_unanswered_after_a_few_tries(tmp_path: Path) -> None:
    async def run() -> None:
        async with liar(table(SMALL)) as (agent, port):
            agent.silent = True
            of = switch(tmp_path, port, timeout=Duration(0.1))
            assert (await once(of))[:2] == ("sw1", False)
            assert 1 < agent.asked <= 4

    in_virtual_time(run())


@pytest.mark.parametrize("most", [5, 1])
def test_one_with_room_for_few_values_is_asked_for_few_at_a_time(tmp_path: Path, most: int) -> None:
    async def run() -> None:
        async with liar(table(SMALL)) as (agent, port):
            agent.most = most
            session = Session(access(switch(tmp_path, port)), 0.3)
            wanted = list(SMALL)
            assert await session.get(wanted) == SMALL
            assert await session.present([OPER, (1, 9)]) == [OPER]

    asyncio.run(run())


def test_one_that_has_no_room_for_anything_is_unanswered_and_ends_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with liar(table(SMALL)) as (agent, port):
            agent.most = 0
            _, answered, samples, why = await once(switch(tmp_path, port))
            assert (answered, samples) == (False, [])
            assert "too big" in why

    asyncio.run(run())


def test_one_that_is_slow_is_left_a_pause_after_each_answer(tmp_path: Path) -> None:
    async def run() -> None:
        async with liar(table(SMALL)) as (agent, port):
            times: list[float] = []
            loop = asyncio.get_running_loop()
            honest = agent.answers
            agent.answers = lambda n, r: times.append(loop.time()) or honest(n, r)  # type: ignore
            session = Session(access(switch(tmp_path, port)), 0.3, pause=0.5)
            for _ in range(3):
                await session.get([OPER])
            assert all(later - before >= 0.5 for before, later in pairwise(times))

    in_virtual_time(run())


@pytest.mark.parametrize("lie", ["wrong id", "cut", "noise"])
def test_answers_that_are_none_are_no_answers(tmp_path: Path, lie: str) -> None:
    async def run() -> None:
        async with liar(table(SMALL)) as (agent, port):
            agent.wrong_id = lie == "wrong id"
            agent.change = {"cut": lambda d: d[: len(d) // 2], "noise": lambda d: b"\0" * 40}.get(
                lie, lambda d: d
            )
            of = switch(tmp_path, port, timeout=Duration(0.1))
            _, answered, samples, _ = await once(of)
            assert (answered, samples) == (False, [])

    in_virtual_time(run())


def test_a_table_that_goes_round_in_circles_is_told_and_nothing_of_it_believed(
    tmp_path: Path,
) -> None:
    def circle(names: list[tuple[int, ...]], repeat: int) -> list[tuple[tuple[int, ...], Any]]:
        if not repeat:
            return table(SMALL)(names, 0)
        return [((*oid[:10], 1), 1) for _ in range(repeat) for oid in names]

    async def run() -> None:
        async with liar(circle) as (_, port):
            _, answered, samples, why = await once(switch(tmp_path, port))
        assert answered
        assert samples == []
        assert "circles" in why

    asyncio.run(run())


def test_a_table_without_an_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwagent.snmp.session.ROWS_MAX", 2000)

    def endless(names: list[tuple[int, ...]], repeat: int) -> list[tuple[tuple[int, ...], Any]]:
        if not repeat:
            return table(SMALL)(names, 0)
        columns = {oid: (oid[-1] if len(oid) > 10 else 0) for oid in names}
        return [
            ((*oid[:10], columns[oid] + turn), 1) for turn in range(1, repeat + 1) for oid in names
        ]

    async def run() -> None:
        async with liar(endless) as (_, port):
            _, answered, samples, why = await once(switch(tmp_path, port))
        assert (answered, samples) == (True, [])
        assert "does not end" in why

    in_virtual_time(run())


def test_wrong_types_make_a_port_unknown_and_never_well(tmp_path: Path) -> None:
    wrong = {**SMALL, (*OPER, 2): b"up", (*OBJECTS["ifAdminStatus"], 3): b"\xff"}

    async def run() -> None:
        async with liar(table(wrong)) as (_, port):
            _, _, samples, _ = await once(switch(tmp_path, port))
        by = {s.id: s for s in samples}
        assert by["port:sw1/e2"].unreadable
        assert by["port:sw1/e1"].metrics["carrier"] == 1

    asyncio.run(run())


def test_a_switch_that_answers_late_is_waited_for(tmp_path: Path) -> None:
    async def run() -> None:
        async with liar(table(SMALL)) as (agent, port):
            agent.delay = 0.25
            of = switch(tmp_path, port, timeout=Duration(0.15), interval=Duration(60))
            _, answered, samples, _ = await once(of)
        assert answered
        assert samples

    in_virtual_time(run())


def test_a_restart_and_a_new_port_are_seen_at_once(tmp_path: Path) -> None:
    values = dict(SMALL)

    async def run() -> None:
        heard = Heard()
        async with liar(lambda names, repeat: table(values)(names, repeat)) as (agent, port):
            of = switch(tmp_path, port)
            session = Session(access(of), 0.3)
            poller = Poller(of, session, shipped_makers(), heard)
            await poller.round()
            first = agent.asked
            await poller.round()
            assert agent.asked - first < first / 2  # only states, not what it is made of
            values.update({(*OPER, 5): 2, (*OBJECTS["ifDescr"], 5): b"e5"})
            await poller.round()
            assert "port:sw1/e5" in {s.id for s in heard.told[-1][2]}
            values[(*OBJECTS["ifDescr"], 1)] = b"uplink"
            values[(*OBJECTS["sysUpTime"], 0)] = 5
            await poller.round()
            assert "port:sw1/uplink" in {s.id for s in heard.told[-1][2]}

    asyncio.run(run())


def test_columns_of_unequal_length_side_by_side(tmp_path: Path) -> None:
    values = {(1, 3, 9, 1, n): n for n in range(1, 40)} | {(1, 3, 9, 2, n): n for n in range(1, 4)}
    values |= {(1, 3, 9, 4, 1): 7}

    async def run() -> None:
        async with liar(table(values)) as (_, port):
            session = Session(access(switch(tmp_path, port)), 0.3)
            found = await session.columns([(1, 3, 9, 1), (1, 3, 9, 2), (1, 3, 9, 3), (1, 3, 9, 4)])
        assert found.values == values
        assert found.problems == []

    asyncio.run(run())


def test_a_file_of_a_secret_that_is_missing_is_named(tmp_path: Path) -> None:
    heard = Heard()
    of = switch(tmp_path, 9, community_file=str(tmp_path / "absent"))
    asyncio.run(Pollers([of], shipped_makers(), heard).run(Traps()))
    [(name, answered, _, why)] = heard.told
    assert (name, answered) == ("sw1", False)
    assert "absent" in why


def test_refused_is_told(tmp_path: Path) -> None:
    async def run() -> float:
        session = Session(access(switch(tmp_path, 9)), 0.1)
        began = time.monotonic()
        with pytest.raises(Unanswered):
            await session.get([(1, 3, 6)])
        return time.monotonic() - began

    assert asyncio.run(run()) < 10


def test_no_secret_is_in_anything_that_people_see(tmp_path: Path) -> None:
    """The configuration names files; what is read of them is shown by nothing, not even in a
    traceback."""
    file = tmp_path / "hwagent.yaml"
    place = secret(tmp_path, "auth", AUTH)
    file.write_text(
        f"switches:\n- {{name: sw1, address: 192.0.2.1, version: '3', user: {USER},"
        f" auth_file: {place}, privacy_file: {secret(tmp_path, 'privacy', PRIVACY)}}}\n"
        f"- {{name: sw2, address: 192.0.2.2,"
        f" community_file: {secret(tmp_path, 'community', 'verysecret')}}}\n"
    )
    shown = cli("config", "show", str(file))
    switches = load_config(str(file)).switches
    told = [shown.out, repr(switches), *(f"{access(s)!r} {access(s)}" for s in switches)]
    assert place in shown.out
    assert not [text for text in told for key in (AUTH, PRIVACY, "verysecret") if key in text]
