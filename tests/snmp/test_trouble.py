"""Switches that are dead, slow, lying or restarting, up to the alerts: no other one is delayed, and
nobody is told what is not true."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from hwagent.model import Health
from hwagent.snmp.names import OBJECTS
from hwagent.snmp.oid import Oid
from tests.snmp.device import Device
from tests.snmp.virtual import in_virtual_time
from tests.snmp.watched import Host, large, minutes, small, watched


def punctual(host: Host, *names: str) -> None:
    """Each round of these came back when it would have if nothing else was polled."""
    for name in names:
        times = host.polls(name)
        assert len(times) > 10
        assert all(29 < after - before < 31 for before, after in pairwise(times))


@pytest.mark.parametrize("make", [small, large])
def test_one_that_takes_two_seconds_an_answer_is_slow_and_not_down(
    tmp_path: Path, make: Callable[[], Device]
) -> None:
    async def run() -> None:
        slow = make()
        port = "port:slow/" + ("e2" if make is small else "Ethernet2")
        slow.delay = 2.0
        async with watched(tmp_path, {"a": small(), "slow": slow, "z": small()}) as [host]:
            await minutes(6)
            assert host.component(port).health is Health.OK
            first = len(host.told)
            slow.port(99, "new")
            await minutes(14)  # what it is made of is read again, for minutes
            assert host.component("port:slow/new").health is Health.OK
            punctual(host, "a", "z")
            of_slow = [m for _, m in host.told[first:] if m.name == "slow"]
            assert len(of_slow) > 15
            assert all(m.answered and not m.why for m in of_slow)  # it was never in doubt
            assert host.alerts() <= {("SwitchSlow", "switch:slow")}
            assert bool(host.alerts()) is (make is large)  # whose rounds are late
            slow.set(ifOperStatus_2=2)
            await minutes(4)
            assert ("PortDown", port) in host.alerts()

    in_virtual_time(run())


def test_dead_ones_are_told_once_and_delay_no_other(tmp_path: Path) -> None:
    async def run() -> None:
        dead = {f"dead{n}": small() for n in range(20)}
        for device in dead.values():
            device.silent = True
        async with watched(tmp_path, {"a": small(), **dead, "z": small()}) as [host]:
            await minutes(8)
            punctual(host, "a", "z")
            wanted = [("SwitchUnreachable", f"switch:{name}") for name in dead]
            assert sorted((f.rule, f.component) for f in host.fired) == sorted(wanted)

    in_virtual_time(run())


def cut(device: Device) -> None:
    device.alter = lambda data: data[:-7]


def other_request(device: Device) -> None:
    device.other_request = 1


def circles(device: Device) -> None:
    """In the middle of a column it goes back to its begin, as GETNEXT of broken agents does."""
    honest, at = device.after, (*OBJECTS["ifOperStatus"], 2)

    def after(before: Oid) -> Oid | None:
        return (*OBJECTS["ifOperStatus"], 1) if before == at else honest(before)

    device.after = after


def stuck(device: Device) -> None:
    """Behind each state of a port stands the same one."""
    honest, column = device.after, OBJECTS["ifOperStatus"]
    device.after = lambda before: before if before[:-1] == column else honest(before)


def wrong_types(device: Device) -> None:
    device.set(ifOperStatus_1=b"\xff", ifAdminStatus_2="up", ifInErrors_3=b"many",
               ifHCInOctets_1=(1, 3), ifHighSpeed_4="fast", sysUpTime_0="yesterday")  # fmt: skip


def mad_numbers(device: Device) -> None:
    device.set(ifOperStatus_1=77, ifAdminStatus_2=-4, ifHighSpeed_4=-1)


def half_a_table(device: Device) -> None:
    """The tables end early, as of an agent whose parts answer late."""
    honest, last = device.after, 2

    def after(before: Oid) -> Oid | None:
        found = honest(before)
        while found and found[:8] == OBJECTS["ifDescr"][:8] and found[-1] > last:
            found = honest(found)
        return found

    device.after = after


def no_ports(device: Device) -> None:
    """The part of its agent that knows of the ports is dead."""
    for at in [at for at in device.values if at[:7] == OBJECTS["ifDescr"][:7]]:
        device.put(at, None)


LIES = [cut, other_request, circles, stuck, wrong_types, mad_numbers, half_a_table, no_ports]
#: Of these there is no answer that can be used.
MUTE = (cut, other_request)


@pytest.mark.parametrize("lie", LIES)
def test_one_that_begins_to_lie_makes_itself_unknown_and_no_false_alert(
    tmp_path: Path, lie: Callable[[Device], None]
) -> None:
    async def run() -> None:
        liar = small()
        honest = (liar.after, liar.alter, dict(liar.values))
        async with watched(tmp_path, {"a": small(), "liar": liar, "z": small()}) as [host]:
            await minutes(5)
            lie(liar)
            await minutes(1.5 if lie is half_a_table else 12)
            punctual(host, "a", "z")
            ports = [host.component(f"port:liar/e{n}") for n in range(1, 5)]
            assert any(p.health is Health.UNKNOWN for p in ports)
            assert all(p.health in (Health.UNKNOWN, Health.OK) for p in ports)
            liar.after, liar.alter, liar.values, liar.other_request = *honest, 0
            liar.put((1, 3, 6, 1, 9), 1)  # so that it is sorted anew
            await minutes(3)
            assert {p.health for p in ports_of(host, "liar")} == {Health.OK}
            wanted = {("SwitchUnreachable", "switch:liar")} if lie in MUTE else set()
            assert host.alerts() == wanted
            if lie in MUTE:
                [told] = [f for f in host.fired if f.rule == "SwitchUnreachable"]
                assert told.at < 5 * 60 + 200

    in_virtual_time(run())


def ports_of(host: Host, name: str) -> list:
    return [c for c in host.core.components() if c.id.startswith(f"port:{name}/")]


def test_one_that_starts_anew_is_told_as_that_and_as_nothing_else(tmp_path: Path) -> None:
    """Power is lost for three minutes. Then its ports have other numbers, counters begin at 0, its
    second card comes late, and ports come up one after the other."""

    async def run() -> None:
        names = [f"e{n}" for n in range(1, 9)]
        sw = small(*names)
        async with watched(tmp_path, {"a": small(), "sw": sw, "z": small()}) as [host]:
            await minutes(6)
            sw.silent = True
            await minutes(3)
            for at in [at for at in sw.values if at[:7] != OBJECTS["sysDescr"][:7]]:
                sw.put(at, None)
            again = {"ifInErrors": 0, "ifHCInOctets": 100}
            for index, name in enumerate(names[:4], 101):
                sw.port(index, name, up=False, **again)
            sw.restart()
            sw.silent = False
            await minutes(0.7)
            for index in range(101, 105):
                sw.set(**{f"ifOperStatus_{index}": 1})
            await minutes(4)  # the second card, whose ports stand in front now
            for index, name in enumerate(names[4:], 11):
                sw.port(index, name, up=False, **again)
            await minutes(0.7)
            for index in range(11, 15):
                sw.set(**{f"ifOperStatus_{index}": 1})
            await minutes(11)
            punctual(host, "a", "z")
            assert host.alerts() == {
                ("SwitchUnreachable", "switch:sw"),
                ("SwitchRestarted", "switch:sw"),
            }
            assert len(host.fired) == 2
            assert {p.health for p in ports_of(host, "sw")} == {Health.OK}
            assert host.component("port:sw/e7").attributes["index"] == 13

    in_virtual_time(run())


def test_a_start_between_two_rounds_is_seen_and_no_port_is_taken_for_another(
    tmp_path: Path,
) -> None:
    """It starts within seconds, and the numbers of two ports, one of them without a link and with
    many errors, are those of others."""

    async def run() -> None:
        sw = small("e1", "e2", "e3", "e4")
        sw.set(ifOperStatus_4=2, ifInErrors_4=5000)
        async with watched(tmp_path, {"sw": sw}) as [host]:
            await minutes(3.2)
            for index, name in ((1, "e4"), (4, "e1")):
                sw.port(index, name, up=name != "e4", ifInErrors=0 if name == "e1" else 5000)
            sw.restart()
            await minutes(3)
            assert host.alerts() == {("SwitchRestarted", "switch:sw")}
            assert host.component("port:sw/e1").metrics["carrier"] == 1
            sw.restart()  # twice within a minute: its clock is behind what it should be, not back
            await minutes(0.6)
            before = sw.asked
            sw.restart()
            sw.set(ifDescr_2="other", ifName_2="other")
            await minutes(1.1)
            assert sw.asked > before
            assert "port:sw/other" in {c.id for c in host.core.components()}

    in_virtual_time(run())


def test_a_card_that_fails_while_the_switch_is_up_is_told_within_minutes(tmp_path: Path) -> None:
    async def run() -> None:
        sw = small("e1", "e2", "f1")
        async with watched(tmp_path, {"sw": sw}) as [host]:
            await minutes(3)
            for at in [at for at in sw.values if at[:6] == (1, 3, 6, 1, 2, 1) and at[-1] == 3]:
                sw.put(at, None)
            await minutes(1)
            assert host.component("port:sw/f1").health is Health.UNKNOWN
            assert host.fired == []
            await minutes(2)
            assert host.alerts() == {("PortVanished", "port:sw/f1")}

    in_virtual_time(run())
