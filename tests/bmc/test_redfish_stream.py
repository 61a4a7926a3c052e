"""A BMC with a stream of events: held, followed, opened again; whatever it says, only looks."""

import asyncio
import datetime
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from threading import Event

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hwagent.collect import redfish_ear
from hwagent.collect.redfish_events import Ears
from hwagent.collect.redfish_messages import Dropped, FromEars, Hearing, Look, Orders, Way
from hwagent.collect.sse import LINE_MAX
from hwagent.config.bmcs import Bmc, Events
from hwagent.config.units import Duration
from tests.bmc.eventful import FAN, PASSWORD, STREAM, SUPPLY, USER, Eventful
from tests.bmc.test_redfish_http import sushy
from tests.loop import in_loop, until


class Heard:
    """What the agent would be told."""

    def __init__(self) -> None:
        self.looks: list[Look] = []
        self.hearing: dict[str, Hearing] = {}
        self.ways: list[Way] = []
        self.dropped: dict[str, int] = {}
        self.problem = ""

    def take(self, message: FromEars) -> None:
        match message:
            case Look():
                self.looks.append(message)
            case Hearing(name, way):
                self.hearing[name] = message
                self.ways.append(way)
            case Dropped(reasons, problem):
                self.dropped, self.problem = reasons, problem

    def way(self, name: str = "r1") -> str:
        return self.hearing[name].way if name in self.hearing else ""

    def names(self) -> list[str]:
        return [look.name for look in self.looks]


def bmc(server: Eventful, name: str = "r1", **more: object) -> Bmc:
    settings = {"name": name, "address": "127.0.0.1", "port": server.port, "tls": "off", **more}
    return Bmc(**settings)  # type: ignore[arg-type]


@asynccontextmanager
async def ears(*bmcs: Bmc, events: Events = Events()) -> AsyncIterator[Heard]:  # noqa: B008
    heard = Heard()
    running = asyncio.create_task(Ears(Orders(list(bmcs), events, "h1"), heard.take).run())
    try:
        yield heard
    finally:
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled(), running.exception()


@pytest.fixture
def server() -> Iterator[Eventful]:
    running = Eventful()
    yield running
    running.close()


@in_loop
async def test_an_event_leads_to_a_look_with_what_it_names(server: Eventful) -> None:
    async with ears(bmc(server)) as heard:
        await until(lambda: heard.way() == "stream")
        assert heard.looks == [], "the agent looks by itself at first"
        server.breaks(SUPPLY)
        server.tell(SUPPLY)
        await until(lambda: heard.looks)
        [supply] = heard.looks[0].parts
        assert (heard.looks[0].name, supply.id) == ("r1", "psu:r1/PSU_1")
        assert supply.metrics["condition"] == "Critical"
        await until(lambda: heard.hearing["r1"].events == 1)


@in_loop
async def test_what_is_of_another_host_is_called_so(server: Eventful) -> None:
    async with ears(bmc(server, host="h2")) as heard:
        await until(lambda: heard.way() == "stream")
        server.tell(SUPPLY, FAN)
        await until(lambda: heard.looks)
        assert {p.id for p in heard.looks[0].parts} == {"psu:r1/PSU_1", "fan:r1/Fan_1"}


@in_loop
async def test_an_event_that_names_nothing_known_leads_to_a_look_all_the_same(
    server: Eventful,
) -> None:
    async with ears(bmc(server)) as heard:
        await until(lambda: heard.way() == "stream")
        for about in ("", "/redfish/v1/Chassis/none", "/redfish/v1/SessionService/Sessions/4"):
            before = len(heard.looks)
            server.tell(about)
            await until(lambda n=before: len(heard.looks) > n)
        assert not any(look.parts for look in heard.looks)
        assert ("GET", "/redfish/v1/SessionService/Sessions/4") not in server.asked


@in_loop
async def test_what_hangs_is_not_waited_for(
    server: Eventful, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redfish_ear, "GLANCE", 0.1)
    over = Event()
    server.before = lambda method, path: over.wait(60) and None if path == SUPPLY else None
    try:
        async with ears(bmc(server)) as heard:
            await until(lambda: heard.way() == "stream")
            server.tell(SUPPLY)
            await until(lambda: heard.looks)
            assert heard.looks[0].parts == []
    finally:
        over.set()


@in_loop
async def test_a_stream_that_ends_is_opened_again_and_what_was_missed_is_looked_for(
    server: Eventful,
) -> None:
    async with ears(bmc(server)) as heard:
        await until(lambda: heard.way() == "stream")
        server.hang_up()
        await until(lambda: heard.looks)
        assert heard.ways.index("broken") < len(heard.ways) - 1
        assert heard.looks[0].parts == []
        await until(lambda: heard.way() == "stream")
        server.tell(SUPPLY)
        await until(lambda: len(heard.looks) == 2)


@in_loop
async def test_broken_streams_are_survived(server: Eventful) -> None:
    async with ears(bmc(server)) as heard:
        await until(lambda: heard.way() == "stream")
        server.say(b"data: " + b"x" * 3 * LINE_MAX + b"\n\n")
        await until(lambda: heard.looks)
        server.say(b"\xff\0\r: \r\ndata: <garbage>\n\n")
        await until(lambda: len(heard.looks) == 2)
        server.say(b'data: {"@odata.type": "#MetricReport.v1_0_0.MetricReport"}\n\n: alive\n\n')
        server.tell(SUPPLY)
        await until(lambda: len(heard.looks) == 3)
        assert [len(look.parts) for look in heard.looks] == [0, 0, 1]
        await until(lambda: heard.hearing["r1"].events == 3)
        assert heard.way() == "stream"


@in_loop
async def test_a_flood_of_events_is_a_few_looks(server: Eventful) -> None:
    async with ears(bmc(server, interval=Duration(3600))) as heard:
        await until(lambda: heard.way() == "stream")
        for _ in range(500):
            server.tell(SUPPLY)
        await until(lambda: heard.hearing["r1"].events == 500)
        assert len(heard.looks) <= 6


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        ((503, "application/json"), "HTTP 503"),
        ((403, "application/json"), "HTTP 403"),
        ((302, "text/html"), "HTTP 302"),
        ((200, "text/html"), "no stream of events but text/html"),
    ],
)
def test_a_refusal_is_said_and_tried_again(
    server: Eventful, refusal: tuple[int, str], why: str
) -> None:
    @in_loop
    async def run() -> None:
        server.refusal = refusal
        async with ears(bmc(server)) as heard:
            await until(lambda: why in heard.hearing["r1"].why if heard.hearing else False)
            assert heard.way() == "broken"
            server.refusal = None
            await until(lambda: heard.way() == "stream")

    run()


@in_loop
async def test_a_password_that_is_refused_is_said_though_the_root_is_for_all(
    server: Eventful,
) -> None:
    server.guarded = "/redfish/v1/EventService"
    async with ears(bmc(server)) as heard:
        await until(lambda: "HTTP 401" in heard.hearing["r1"].why if heard.hearing else False)
        assert heard.way() == "broken"
        server.guarded = ""
        await until(lambda: heard.way() == "stream")
        await until(lambda: heard.looks, "a look at what was missed")


@in_loop
async def test_one_that_offers_no_events_is_polled_only_and_says_so(server: Eventful) -> None:
    server.documents["/redfish/v1/EventService"] = {"ServiceEnabled": False}
    async with ears(bmc(server)) as heard:
        await until(lambda: heard.way() == "none")
        assert "switched off" in heard.hearing["r1"].why
        assert ("GET", STREAM) not in server.asked


@in_loop
async def test_the_emulator_of_sushy_tools_offers_no_events(tmp_path: Path) -> None:
    with sushy(tmp_path) as port:
        place = Bmc(name="r1", address="127.0.0.1", port=port, tls="off")
        async with ears(place) as heard:
            await until(lambda: heard.way() == "none")
            assert "no event service" in heard.hearing["r1"].why


@in_loop
async def test_one_that_is_dead_or_hangs_delays_no_other(server: Eventful) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hangs, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        others = [
            Bmc(name=n, address="127.0.0.1", port=s.getsockname()[1], tls="off")
            for n, s in (("silent", hangs), ("dead", nobody))
        ]
        async with ears(*others, bmc(server)) as heard:
            await until(lambda: heard.way("r1") == "stream")
            await until(lambda: heard.way("dead") == "broken")
            server.tell(SUPPLY)
            await until(lambda: heard.looks)
            assert heard.way("silent") == "", "it is still waited for"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
HOSTILE = (
    b"",
    b"\0" * 100_000,
    b"HTTP/1.1 200 " + b"x" * 100_000,
    b"HTTP/1.1 999 \r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
    HEAD + b"Content-Length: 9\r\n\r\n{}",
    HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffff\r\n",
    HEAD + b"Content-Length: 9000000\r\n\r\n" + b"[" * 9_000_000,
    *(
        HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(root), root)
        for root in (
            b"7",
            b"[" * 50_000,
            b'{"EventService": 7}',
            b'{"EventService": {"@odata.id": "/x y\\r\\nz: 1"}}',
            b'{"EventService": {"@odata.id": "http://evil.example/"}}',
            b'{"EventService": {"@odata.id": "/redfish/v1/"}, "ServerSentEventUri": "//evil"}',
        )
    ),
)


@in_loop
async def test_no_answer_stops_it_from_hearing_the_others(server: Eventful) -> None:
    async def answer(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(HOSTILE[number])
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    servers = [
        await asyncio.start_server(lambda _, w, n=n: answer(n, w), "127.0.0.1", 0)
        for n in range(len(HOSTILE))
    ]
    others = [
        Bmc(name=f"b{n}", address="127.0.0.1", port=s.sockets[0].getsockname()[1], tls="off")
        for n, s in enumerate(servers)
    ]
    async with ears(*others, bmc(server)) as heard:
        await until(lambda: len(heard.hearing) == len(HOSTILE) + 1, "a word about each")
        assert {heard.way(other.name) for other in others} == {"broken", "none"}
        await until(lambda: heard.way() == "stream")
        server.tell(SUPPLY)
        await until(lambda: heard.looks)
        assert heard.names() == ["r1"]
    for one in servers:
        one.close()


@in_loop
async def test_a_stream_that_is_silent_for_too_long_is_opened_anew(
    server: Eventful, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redfish_ear, "SILENT", 0.1)
    async with ears(bmc(server)) as heard:
        await until(lambda: server.asked.count(("GET", STREAM)) >= 2)
        await until(lambda: any("said nothing" in h.why for h in heard.hearing.values()))


@in_loop
async def test_it_speaks_tls_with_our_password_and_to_no_impostor(tmp_path: Path) -> None:
    certificate(tmp_path / "pem")
    (tmp_path / "password").write_text(PASSWORD)
    server = Eventful(certificate=tmp_path / "pem", password=True)
    login = {"user": USER, "password_file": str(tmp_path / "password"), "tls": "verify"}
    try:
        async with ears(
            bmc(server, "good", ca_file=str(tmp_path / "pem"), **login),
            bmc(server, "impostor", **login),
            bmc(server, "stranger", **{**login, "tls": "insecure", "user": "other"}),
        ) as heard:
            await until(lambda: heard.way("good") == "stream")
            await until(lambda: heard.way("impostor") == heard.way("stranger") == "broken")
            assert "certificate" in heard.hearing["impostor"].why.lower()
            assert all(PASSWORD not in h.why for h in heard.hearing.values())
            server.tell(SUPPLY)
            await until(lambda: heard.looks)
            assert heard.names() == ["good"]
            assert heard.looks[0].parts
    finally:
        server.close()


@in_loop
async def test_another_certificate_in_its_file_counts_at_once(tmp_path: Path) -> None:
    certificate(tmp_path / "theirs")
    certificate(tmp_path / "trusted")
    server = Eventful(certificate=tmp_path / "theirs")
    try:
        one = bmc(server, tls="verify", ca_file=str(tmp_path / "trusted"))
        async with ears(one) as heard:
            await until(lambda: heard.way() == "broken")
            (tmp_path / "theirs").replace(tmp_path / "trusted")
            await until(lambda: heard.way() == "stream")
    finally:
        server.close()


def certificate(file: Path) -> None:
    """A certificate for 127.0.0.1, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bmc")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)


@in_loop
async def test_other_orders_leave_streams_that_go_on_as_they_are(server: Eventful) -> None:
    other, heard = Eventful(), Heard()
    process = Ears(Orders([bmc(server)], Events(), "h1"), heard.take)
    running = asyncio.create_task(process.run())
    await until(lambda: heard.way() == "stream")
    process.order(Orders([bmc(server), bmc(other, "r2")], Events(), "h1"))
    await until(lambda: heard.way("r2") == "stream")
    process.order(Orders([bmc(other, "r2")], Events(), "h1"))
    await until(lambda: list(process._ears) == ["r2"])
    for looks in (["r2"], ["r2", "r2"]):
        server.tell(FAN)
        other.tell(FAN)
        await until(lambda looks=looks: heard.names() == looks)  # type: ignore[misc]
    assert [asked.count(("GET", STREAM)) for asked in (server.asked, other.asked)] == [1, 1]
    running.cancel()
    await asyncio.wait([running])
    other.close()
