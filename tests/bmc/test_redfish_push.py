"""BMCs without a stream push to our port: subscriptions are made, renewed and taken back; what is
forged counts for nothing."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hwagent.collect import redfish_listener, redfish_reception
from hwagent.collect.redfish_events import reached_at
from hwagent.collect.redfish_reception import BODY_MAX, BURST, PREFIX
from hwagent.config.bmcs import Events
from hwagent.config.units import Duration
from tests.bmc.eventful import SUBSCRIPTIONS, SUPPLY, Eventful, event, post
from tests.bmc.simulator import free_port
from tests.bmc.test_redfish_stream import Heard, bmc, certificate, ears
from tests.loop import in_loop, until

BODY = json.dumps(event(SUPPLY)).encode()


@pytest.fixture
def server() -> Iterator[Eventful]:
    running = Eventful(stream=False, pushes=True)
    yield running
    running.close()


def at(port: int, **more: str) -> Events:
    return Events(bind=f"127.0.0.1:{port}", **more)


@asynccontextmanager
async def pushed(server: Eventful, **more: object) -> AsyncIterator[Heard]:
    """Until it pushes to us, and then."""
    settings = {"interval": Duration(0.1), **more}
    async with ears(bmc(server, **settings), events=at(free_port(socket.SOCK_STREAM))) as heard:
        await until(lambda: heard.way() == "push", "push")
        yield heard


async def posted(url: str, body: bytes = BODY, method: str = "POST") -> int:
    return await asyncio.to_thread(post, url, body, method)


def destination(server: Eventful) -> str:
    [subscription] = server.subscriptions.values()
    return str(subscription["Destination"])


@in_loop
async def test_what_is_pushed_leads_to_a_look_and_at_the_end_nothing_is_left(
    server: Eventful,
) -> None:
    async with pushed(server) as heard:
        server.breaks(SUPPLY)
        assert await asyncio.to_thread(server.push, SUPPLY) == [204]
        await until(lambda: heard.looks)
        [supply] = heard.looks[0].parts
        assert supply.metrics["condition"] == "Critical"
        [subscription] = server.subscriptions.values()
        assert subscription["Context"] == "hwagent h1 r1"
        assert subscription["Protocol"] == "Redfish"
    assert server.subscriptions == {}


@in_loop
async def test_a_lost_subscription_is_made_again(server: Eventful) -> None:
    async with pushed(server) as heard:
        first = destination(server)
        server.subscriptions.clear()  # as after a restart of the BMC
        await until(lambda: server.subscriptions and heard.way() == "push")
        assert destination(server) == first
        await until(lambda: heard.looks, "a look at what was missed")
        [kept] = server.subscriptions.values()
        kept["Status"] = {"State": "Disabled"}  # it gave up sending
        await until(lambda: kept not in server.subscriptions.values() and server.subscriptions)


@in_loop
async def test_those_of_an_earlier_life_are_taken_back_and_those_of_others_are_not(
    server: Eventful,
) -> None:
    port = free_port(socket.SOCK_STREAM)
    ours = {"Destination": f"http://127.0.0.1:{port}{PREFIX}old", "Context": "hwagent h1 r1"}
    others = {"Destination": "http://192.0.2.9/x", "Context": "hwagent h2 r1"}
    alike = {**others, "Context": "hwagent h1 r1"}
    left, kept, also = (server.subscribe(wish) for wish in (ours, others, alike))
    async with ears(bmc(server), events=at(port)) as heard:
        await until(lambda: heard.way() == "push")
        assert left not in server.subscriptions
        assert {kept, also} < server.subscriptions.keys()
    assert server.subscriptions.keys() == {kept, also}


@in_loop
async def test_an_old_service_gets_the_types_that_it_insists_on() -> None:
    server = Eventful(stream=False, pushes=True, types=("Alert", "StatusChange"))
    try:
        async with pushed(server):
            [subscription] = server.subscriptions.values()
            assert subscription["EventTypes"] == ["Alert", "StatusChange"]
    finally:
        server.close()


@in_loop
async def test_a_new_service_that_lists_types_and_wants_none_gets_none() -> None:
    server = Eventful(stream=False, pushes=True, types=("Alert",))
    server.types = ()
    try:
        async with pushed(server):
            assert "EventTypes" not in next(iter(server.subscriptions.values()))
    finally:
        server.close()


@in_loop
async def test_without_a_place_to_listen_at_nobody_is_asked_to_push(server: Eventful) -> None:
    async with ears(bmc(server)) as heard:
        await until(lambda: heard.way() == "none")
        assert "nothing is listened on" in heard.hearing["r1"].why
        assert all(path != SUBSCRIPTIONS for _, path in server.asked)


@in_loop
async def test_a_port_that_is_taken_is_said_and_nobody_is_sent_there(server: Eventful) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with ears(bmc(server), events=at(taken.getsockname()[1])) as heard:
            await until(lambda: heard.way() == "none")
            assert "events are not heard at 127.0.0.1:" in heard.problem
            assert server.subscriptions == {}


@in_loop
async def test_a_stream_is_taken_before_a_push_and_a_push_where_the_stream_is_refused() -> None:
    server = Eventful(stream=True, pushes=True)
    try:
        port = free_port(socket.SOCK_STREAM)
        async with ears(bmc(server), events=at(port)) as heard:
            await until(lambda: heard.way() == "stream")
            assert server.subscriptions == {}
            server.refusal = (400, "application/json")  # a licence ran out
            server.hang_up()
            await until(lambda: heard.way() == "push")
            assert await asyncio.to_thread(server.push, SUPPLY) == [204]
    finally:
        server.close()


@in_loop
async def test_who_may_not_subscribe_is_told(server: Eventful) -> None:
    def refuse(wish: object) -> str:
        raise ValueError("no")

    server.subscribe = refuse  # type: ignore[method-assign]
    async with ears(bmc(server), events=at(free_port(socket.SOCK_STREAM))) as heard:
        await until(lambda: "HTTP 400" in heard.hearing["r1"].why if heard.hearing else False)
        assert heard.way() == "broken"


@in_loop
async def test_what_is_forged_is_counted_and_dropped(server: Eventful) -> None:
    async with pushed(server) as heard:
        right = destination(server)
        base, _, secret = right.rpartition("/")
        looks = len(heard.looks)
        assert await posted(f"{base}/{secret[:-1]}") == 404
        assert await posted(base + "/") == 404
        assert await posted(f"{base}/../{secret}") == 404
        assert await posted(right, b"<xml/>") == 400
        assert await posted(right, b'{"Events": 7}') == 204
        assert await posted(right, method="PUT") == 405
        assert await posted(right, b"[" * (BODY_MAX + 1)) == 413
        raw = await said(right, b"\x16\x03\x01 no HTTP at all\r\n\r\n")
        assert raw.startswith(b"HTTP/1.1 400")
        expected = {"wrong secret": 3, "damaged": 3, "no event": 1, "too large": 1}
        await until(lambda: heard.dropped == expected, "all counted")
        assert len(heard.looks) == looks
        assert await posted(right) == 204
        await until(lambda: len(heard.looks) > looks, "the next good one counts")


@in_loop
async def test_one_bmc_cannot_speak_for_another_nor_a_stranger_for_any(server: Eventful) -> None:
    other = Eventful(stream=False, pushes=True)
    elsewhere = {"event_sources": ("127.0.0.9",)}
    try:
        port = free_port(socket.SOCK_STREAM)
        async with ears(bmc(server), bmc(other, "r2", **elsewhere), events=at(port)) as heard:
            await until(lambda: heard.way("r1") == heard.way("r2") == "push")
            first, second = destination(server), destination(other)
            assert await said_from("127.0.0.9", second) == 204
            await until(lambda: heard.names() == ["r2"])
            assert await said_from("127.0.0.9", first) == 404
            assert await said_from("127.0.0.8", first) == 0
            await until(lambda: heard.dropped == {"wrong source": 1, "unknown source": 1})
            assert heard.names() == ["r2"]
    finally:
        other.close()


@in_loop
async def test_a_flood_is_cut_off_and_what_hangs_is_hung_up_on(
    server: Eventful, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redfish_listener, "TIME_MAX", 0.3)
    monkeypatch.setattr(redfish_reception, "REFILL", 1e9)
    async with pushed(server) as heard:
        right = destination(server)
        assert await said(right, b"POST / HTTP/1.1\r\n") == b"", "it never ends its head"
        await until(lambda: heard.dropped.get("hung up") == 1)
        for _ in range(3 * BURST):
            await said(right, b"\r\n\r\n")
        await until(lambda: heard.dropped.get("too many", 0) > 0)


@in_loop
async def test_pushed_over_tls_by_a_client_that_asks_before_it_sends(
    server: Eventful, tmp_path: Path
) -> None:
    pem = str(tmp_path / "pem")
    certificate(tmp_path / "pem")
    events = at(free_port(socket.SOCK_STREAM), cert_file=pem, key_file=pem)
    async with ears(bmc(server), events=events) as heard:
        await until(lambda: heard.way() == "push")
        right = destination(server)
        assert right.startswith("https://127.0.0.1:")
        path = "/" + right.split("/", 3)[3]
        head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(BODY)}\r\n"
        context = ssl.create_default_context(cafile=pem)
        answer = await said(right, f"{head}Expect: 100-continue\r\n\r\n".encode(), BODY, context)
        assert answer.startswith(b"HTTP/1.1 100 ")
        assert b"HTTP/1.1 204 " in answer
        await until(lambda: heard.looks)
        assert await said(right, b"GET / HTTP/1.1\r\n\r\n") == b"", "without TLS"
        await until(lambda: heard.dropped)


async def said(
    url: str, data: bytes, then: bytes = b"", context: ssl.SSLContext | None = None
) -> bytes:
    """Sends bytes to the port of a URL, more of them after the first answer; all that comes."""
    port = int(url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        writer.write(data)
        answer = await reader.read(65536) if then else b""
        writer.write(then)
        return answer + await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def said_from(source: str, url: str) -> int:
    """Posts an event from an address of loopback; the status, 0 if it was hung up on."""
    port, path = int(url.split(":")[2].split("/")[0]), "/" + url.split("/", 3)[3]
    head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(BODY)}\r\n\r\n"
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        writer.write(head.encode() + BODY)
        answer = await reader.read()
        writer.close()
    except ConnectionError:
        return 0
    return int(answer.split()[1]) if answer else 0


def test_where_bmcs_are_told_to_push_to() -> None:
    everywhere = Events(bind="0.0.0.0:8080")
    assert reached_at(everywhere, "192.0.2.7") == "http://192.0.2.7:8080"
    assert reached_at(Events(bind="[::]:8080"), "2001:db8::7") == "http://[2001:db8::7]:8080"
    assert reached_at(Events(bind="192.0.2.1:443", cert_file="c"), "") == "https://192.0.2.1:443"
    behind = Events(bind="0.0.0.0:8080", url="https://hw1.example:8443/")
    assert reached_at(behind, "10.0.0.1") == "https://hw1.example:8443"
