"""Another host polls a switch: what went on before is known there, and nothing is called well, gone
or down that is not."""

import asyncio
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hwagent.daemon.remembered import DAY, PIECE, PIECES_MAX, Remembered, joined, pieces
from hwagent.model import Sample
from tests.snmp.virtual import in_virtual_time
from tests.snmp.watched import Host, minutes, small, watched


def poller_of(hosts: list[Host], name: str) -> tuple[Host, Host]:
    """Who polls a switch, and the other one."""
    [one] = [h for h in hosts if h.component(f"switch:{name}").metrics["polled_here"] == 1]
    return one, next(h for h in hosts if h is not one)


def test_who_takes_over_knows_what_went_on_before(tmp_path: Path) -> None:
    async def run() -> None:
        sw = small("e1", "e2", "e3", "e4", "never")
        sw.set(ifOperStatus_5=2)
        async with watched(tmp_path, {"sw": sw}, ("h1", "h2")) as hosts:
            await minutes(15)
            first, second = poller_of(hosts, "sw")
            sw.set(ifOperStatus_4=2, ifHighSpeed_3=1000)
            await minutes(5)
            before = {("PortDown", "port:sw/e4"), ("PortSlow", "port:sw/e3")}
            assert first.alerts() == before
            assert second.alerts() == set()
            first.die()
            sw.set(ifOperStatus_2=2)  # while nobody looks
            await asyncio.sleep(5)
            assert ("PortDown", "port:sw/e4") in second.alerts()  # two hosts agree
            assert ("PortDown", "port:sw/e2") not in second.alerts()  # one look
            await minutes(2)
            assert second.alerts() == before | {("PortDown", "port:sw/e2")}

    in_virtual_time(run())


def test_one_that_was_away_for_a_moment_knows_it_too(tmp_path: Path) -> None:
    """As when the agent is upgraded: it has forgotten all, and polls again at once."""

    async def run() -> None:
        sw = small()
        async with watched(tmp_path, {"sw": sw}, ("h1", "h2")) as hosts:
            await minutes(15)
            first, second = poller_of(hosts, "sw")
            sw.set(ifOperStatus_4=2)
            await minutes(3)
            first.die()
            await minutes(1)
            again = first.born_again()
            await minutes(1)
            assert poller_of([again, second], "sw") == (again, second)
            assert again.alerts() == {("PortDown", "port:sw/e4")}
            assert second.switches.values().keys() == {"watch:sw", "switches"}  # it is handed on

    in_virtual_time(run())


def test_a_start_while_nobody_looks_is_told_by_the_next(tmp_path: Path) -> None:
    async def run() -> None:
        sw = small()
        async with watched(tmp_path, {"sw": sw}, ("h1", "h2")) as hosts:
            await minutes(15)
            first, second = poller_of(hosts, "sw")
            first.die()
            sw.restart()
            await minutes(3)
            assert second.alerts() == {("SwitchRestarted", "switch:sw")}

    in_virtual_time(run())


def port(name: str, **metrics: float) -> Sample:
    return Sample(id=f"port:sw/{name}", kind="port", metrics=metrics)


def test_a_link_that_was_lost_a_day_ago_is_forgotten_wherever_that_is_known() -> None:
    one, other = Remembered("sw"), Remembered("sw")
    one.take(0.0, [port("a", carrier=1), port("b", carrier=1)])
    [lost, _] = one.take(60.0, [port("a", carrier=0), port("b", carrier=1)])
    assert lost.metrics["had_link"] == 1
    text = one.text()
    one.take(3600.0, [port("a", carrier=0), port("b", carrier=1)])
    assert one.text() == text  # nothing has to be told while nothing happens
    assert other.merge(7200.0, text, later=True) == {"a": True, "b": False}
    [known] = other.take(7300.0, [port("a", carrier=0)])
    assert known.metrics["had_link"] == 1
    [old] = other.take(DAY + 120, [port("a", carrier=0)])
    assert "had_link" not in old.metrics
    assert not Remembered("sw").merge(2 * DAY, text, later=True).get("a")


def test_a_port_that_is_no_more_is_forgotten_after_a_day() -> None:
    one = Remembered("sw")
    one.take(0.0, [port("a", carrier=1), port("b", carrier=1)])
    one.take(60.0, [port("b", carrier=1)])
    assert one.lost() == ["a"]
    one.take(DAY + 120, [port("b", carrier=1)])
    assert one.lost() == []
    assert Remembered("sw").merge(DAY + 120, one.text(), later=True) == {"b": False}


def test_it_fits_into_the_status_of_a_host() -> None:
    ports = [port(f"Ethernet{n}/1", carrier=1, speed_bits_per_second=10**10) for n in range(1000)]
    large = Remembered("sw")
    large.take(0.0, ports)
    told = pieces("sw", large.text())
    assert 1 < len(told) <= PIECES_MAX
    assert all(len(str(piece)) <= PIECE for piece in told.values())
    assert len(Remembered("sw").merge(0.0, joined("sw", told), later=True)) == 1000
    small = Remembered("sw")
    small.take(0.0, ports[:48])
    assert len(small.text()) < 300


@settings(deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin1")))
def test_whatever_another_host_tells_is_no_reason_to_fail(text: str) -> None:
    assert Remembered("sw").merge(0.0, text, later=True) == {}
