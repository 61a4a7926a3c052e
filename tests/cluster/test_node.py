"""Real sockets on loopback: joining, dying, leaving, keys, strangers."""

import asyncio
import base64
import socket
import time

import pytest

from hwagent.cluster.settings import is_loopback
from hwagent.cluster.transport import CONNECTIONS_PER_HOST, Bind
from tests.cluster.nodes import Watched, fleet, settings
from tests.loop import in_loop, until

NEW = base64.b64encode(b"n" * 32).decode()


def whole(nodes: list[Watched]) -> bool:
    names = {n.settings.name for n in nodes}
    return all(n.alive() == names for n in nodes)


@in_loop
async def test_members_find_each_other_and_notice_a_death():
    async with fleet(5) as nodes:
        await until(lambda: whole(nodes))
        await nodes[4].close()
        await until(lambda: all(n.state("n4") == "dead" for n in nodes[:4]))
        reason = next(e.data["reason"] for e in nodes[0].seen if e.type == "failed")
        assert "no ack" in reason
        nodes[4] = Watched(settings("n4", "127.0.0.5", seeds=(nodes[1].address,)))
        await nodes[4].start()
        await until(lambda: whole(nodes))


@in_loop
async def test_who_leaves_has_left_everywhere():
    async with fleet(3) as nodes:
        await until(lambda: whole(nodes))
        await nodes[2].leave()
        await nodes[2].close()
        await until(lambda: all(n.state("n2") == "left" for n in nodes[:2]))
        assert not nodes[0].has("failed", "n2")


@in_loop
async def test_status_is_known_everywhere_with_its_age():
    async with fleet(3) as nodes:
        nodes[2].publish({"health": "degraded"})

        def told() -> bool:
            boards = [n.core.swim.statuses.get("n2") for n in nodes[:2]]
            return all(b is not None and b.values() == {"health": "degraded"} for b in boards)

        await until(told)
        board = nodes[0].core.swim.statuses.get("n2")
        assert 0 <= board.age(nodes[0].now()) < 60


@in_loop
async def test_a_name_is_a_seed_too_and_a_wrong_one_is_an_error():
    async with fleet(1) as nodes:
        node = Watched(settings("late", seeds=("nowhere.invalid",)))
        await node.start()
        try:
            port = nodes[0].address.rpartition(":")[2]
            with pytest.raises(OSError, match="nowhere"):
                await node.join(["nowhere.invalid"])
            assert await node.join([f"localhost:{port}"]) > 0
            await until(lambda: whole([*nodes, node]))
        finally:
            await node.close()


@in_loop
async def test_keys_change_while_the_fleet_runs():
    async with fleet(3) as nodes:
        await until(lambda: whole(nodes))
        old = nodes[0].settings.keyring.primary.text
        for what, key, keys in (
            ("add", NEW, (old, NEW)),
            ("use", NEW, (NEW, old)),
            ("remove", old, (NEW,)),
        ):
            ring = nodes[1].settings.keyring
            nodes[1].change_keys(lambda w=what, k=key, r=ring: getattr(r, w)(k))
            await until(lambda k=keys: all(n.settings.keyring.texts() == k for n in nodes))
        seen = [len(n.seen) for n in nodes]
        nodes[0].publish({"after": True})
        await until(lambda: all(len(n.seen) > s for n, s in zip(nodes[1:], seen[1:])))
        assert whole(nodes)


@in_loop
async def test_a_member_is_reached_over_its_second_network():
    binds = [(Bind("a", f"127.0.1.{i}", 0), Bind("b", f"127.0.2.{i}", 0)) for i in range(1, 5)]
    nodes: list[Watched] = []
    try:
        for i, pair in enumerate(binds):
            seeds = (nodes[0].address,) if nodes else ()
            nodes.append(Watched(settings(f"n{i}", binds=pair, seeds=seeds)))
            await nodes[i].start()
        await until(lambda: whole(nodes))
        for node in nodes:  # the first network dies
            open = node.transport._open.pop("a")
            asyncio.get_running_loop().remove_reader(open.udp)
            open.udp.close()
            open.tcp.close()
        await until(lambda: all(n.has("network_degraded", n.settings.name) for n in nodes))
        assert whole(nodes)
        assert not any(e.type == "failed" for n in nodes for e in n.seen)
    finally:
        for node in nodes:
            await node.close()


@in_loop
async def test_strangers_on_the_sockets_change_nothing():
    async with fleet(2) as nodes:
        await until(lambda: whole(nodes))
        host, port = nodes[0].address.split(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for packet in (b"", b"hello", b"hg\x01\x00" + b"x" * 60_000, b"\0" * 1400):
                stranger.sendto(packet, (host, int(port)))
        await until(lambda: nodes[0].counters()["short"] >= 2)
        idle = [await asyncio.open_connection(host, int(port)) for _ in range(3)]
        reader, writer = await asyncio.open_connection(host, int(port))
        assert len(await reader.readexactly(8)) == 8
        writer.write(b"\xff\xff\xff\xff" + b"x" * 100)
        assert await reader.read() == b"", "cut off"
        for _, w in [*idle, (reader, writer)]:
            w.close()
        assert nodes[0].counters()["oversize"] == 1
        assert whole(nodes)


@in_loop
async def test_one_host_cannot_take_all_connections():
    async with fleet(1) as nodes:
        host, port = nodes[0].address.split(":")
        opened = [
            await asyncio.open_connection(host, int(port)) for _ in range(CONNECTIONS_PER_HOST + 5)
        ]
        await until(lambda: nodes[0].counters()["connections_refused"] >= 5)
        for _, writer in opened:
            writer.close()


@in_loop
async def test_checklist_27_a_jump_of_the_wall_clock_has_no_effect(monkeypatch):
    async with fleet(3) as nodes:
        await until(lambda: whole(nodes))
        real = time.time
        for jump in (3600, -3600):
            monkeypatch.setattr(time, "time", lambda jump=jump: real() + jump)
            before = [n.core.swim.prober._next for n in nodes]
            await until(
                lambda b=before: all(n.core.swim.prober._next > x + 1 for n, x in zip(nodes, b))
            )
        assert not any(e.type in ("suspected", "failed", "stalled") for n in nodes for e in n.seen)


@pytest.mark.parametrize("encryption", ["required", "accept", "send"])
def test_without_a_key_nothing_but_loopback_is_gossiped_on(encryption):
    off = settings("a", binds=(Bind("", "192.0.2.1", 7956),), key="", encryption=encryption)
    with pytest.raises(ValueError, match="loopback only"):
        Watched(off)
    Watched(settings("a", binds=off.binds, key="", encryption="none"))
    Watched(settings("a", binds=off.binds, encryption=encryption))


@in_loop
async def test_ipv6_works_too():
    nodes: list[Watched] = []
    try:
        for i in range(2):
            seeds = (f"[::1]:{nodes[0].address.rpartition(':')[2]}",) if nodes else ()
            nodes.append(Watched(settings(f"n{i}", "::1", seeds=seeds)))
            await nodes[i].start()
        await until(lambda: whole(nodes))
    finally:
        for node in nodes:
            await node.close()


@in_loop
async def test_a_turn_that_fails_is_not_the_last_one(monkeypatch):
    async with fleet(2) as nodes:
        await until(lambda: whole(nodes))
        core = nodes[0].core

        def broken(now: float) -> list[object]:
            monkeypatch.undo()
            raise RuntimeError("a fault")

        monkeypatch.setattr(core, "tick", broken)
        await until(lambda: "tick" not in vars(core))
        before = core.swim.prober._next
        await until(lambda: core.swim.prober._next > before)


@in_loop
async def test_without_a_key_loopback_works():
    async with fleet(2, key="") as nodes:
        await until(lambda: whole(nodes))


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_that_is_everybodys_is_not_advertised(host):
    with pytest.raises(ValueError, match="advertise"):
        Watched(settings("a", binds=(Bind("", host, 7956),)))
    Watched(settings("a", binds=(Bind("", host, 7956, "192.0.2.1"),)))


def test_loopback_is_known():
    assert is_loopback("127.3.4.5")
    assert is_loopback("::1")
    assert not is_loopback("10.0.0.1")
