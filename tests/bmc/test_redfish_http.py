"""BMCs asked by Redfish: DMTF's mockup, sushy-tools' emulator, and some that misbehave."""

import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from hwagent.collect.bmc import COLLECTOR
from hwagent.collect.debounce import encode
from hwagent.collect.root import Root, Unreadable
from hwagent.config.bmcs import Bmc
from hwagent.config.units import Duration
from hwagent.model import Sample
from tests.bmc.simulator import free_port
from tests.corpus.host_tree import CORPORA
from tests.waiting import wait_for

MOCKUP = CORPORA / "redfish" / "dmtf-rackmount1"
Answer = Callable[[str, str], tuple[int, bytes]]


def handler(answer: Answer, asked: list[str]) -> type[BaseHTTPRequestHandler]:
    """Answers requests; ``answer`` gets path and authorization, ``asked`` the paths."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            status, data = answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


class Server:
    """An HTTP server on loopback."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler(answer, self.asked))
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.port = self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Server]]:
    running: list[Server] = []

    def start(answer: Answer) -> Server:
        running.append(Server(answer))
        return running[-1]

    yield start
    for server in running:
        server.close()


def mockup(path: str, authorization: str = "") -> tuple[int, bytes]:
    file = MOCKUP / path.removeprefix("/redfish/v1").strip("/") / "index.json"
    return (200, file.read_bytes()) if file.is_file() else (404, b"{}")


def look(port: int, **more: object) -> dict[str, Sample]:
    bmc = Bmc(name="r1", address="127.0.0.1", port=port, tls="off", **more)  # type: ignore[arg-type]
    return {s.id: s for s in COLLECTOR().collect(Root(), encode(bmc))}


needs_mockup = pytest.mark.skipif(not MOCKUP.is_dir(), reason="../shared/corpora is absent")


@needs_mockup
def test_the_mockup_of_dmtf(serve: Callable[[Answer], Server]) -> None:
    server = serve(mockup)
    found = look(server.port)
    supplies = {id: s.metrics["condition"] for id, s in found.items() if s.kind == "psu"}
    assert supplies == {
        "psu:r1/Power_Supply_Bay_1": "Warning",
        "psu:r1/Power_Supply_Bay_2": "Absent",
    }
    assert found["redundancy:r1/Power_Subsystem_for_Chassis_0"].metrics["redundancy"] == "lost"
    assert found["sensor:r1/CPU_1_Temperature"].metrics["celsius"] == 37
    assert found["disk:r1/SATA_Bay_2"].metrics["condition"] == "Warning"
    assert not found["bmc:r1"].problems
    assert len(server.asked) == len(set(server.asked)), "nothing is asked for twice"
    assert "/redfish/v1/Chassis/1U/Power" not in server.asked, "the new subsystem has members"


@needs_mockup
def test_the_old_arrays_count_where_the_new_subsystem_is_empty(
    serve: Callable[[Answer], Server],
) -> None:
    def answer(path: str, authorization: str) -> tuple[int, bytes]:
        if path.endswith(("/PowerSupplies", "/Fans")):
            return 200, b'{"Members": []}'
        return mockup(path)

    found = look(serve(answer).port)
    assert found["psu:r1/Power_Supply_Bay"].metrics["condition"] == "Warning"
    assert found["fan:r1/BaseBoard_System_Fan"].metrics["rpm"] == 2100
    assert found["sensor:r1/CPU1_Temp"].metrics["celsius"] == 41


@needs_mockup
def test_user_and_password_come_from_a_file(
    serve: Callable[[Answer], Server], tmp_path: Path
) -> None:
    right = "Basic " + b64encode(b"monitor:secret").decode()

    def answer(path: str, authorization: str) -> tuple[int, bytes]:
        return mockup(path) if authorization == right else (401, b"{}")

    port = serve(answer).port
    (tmp_path / "good").write_text("secret\n")
    (tmp_path / "bad").write_text("guessed\n")
    assert "bmc:r1" in look(port, user="monitor", password_file=str(tmp_path / "good"))
    with pytest.raises(Unreadable, match="does not accept") as caught:
        look(port, user="monitor", password_file=str(tmp_path / "bad"))
    assert "guessed" not in str(caught.value)
    with pytest.raises(Unreadable, match="nowhere cannot be read"):
        look(port, user="monitor", password_file=str(tmp_path / "nowhere"))


@needs_mockup
def test_a_document_that_cannot_be_had_leaves_the_bmc_unknown_and_the_rest_as_it_is(
    serve: Callable[[Answer], Server],
) -> None:
    def answer(path: str, authorization: str) -> tuple[int, bytes]:
        return (500, b"oops") if path.endswith("/PowerSupplies/Bay1") else mockup(path)

    found = look(serve(answer).port)
    assert "Bay1: HTTP 500" in found["bmc:r1"].problems["documents"]
    assert found["sensor:r1/CPU_1_Temperature"].metrics["celsius"] == 37


@pytest.mark.parametrize(
    ("status", "data", "why"),
    [
        (200, b"<html>", "not valid JSON"),
        (200, b"{}", "no Redfish service"),
        (200, b"[]", "no Redfish service"),
        (503, b"", "HTTP 503"),
        (200, b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_redfish_service_is_unknown(
    serve: Callable[[Answer], Server], status: int, data: bytes, why: str
) -> None:
    with pytest.raises(Unreadable, match=why):
        look(serve(lambda path, authorization: (status, data)).port)


def test_one_without_an_end_is_given_up(serve: Callable[[Answer], Server]) -> None:
    def answer(path: str, authorization: str) -> tuple[int, bytes]:
        if path == "/redfish/v1/":
            return 200, b'{"Chassis": {"@odata.id": "/c"}}'
        if path == "/c":
            members = ", ".join(f'{{"@odata.id": "/c/{n}"}}' for n in range(1000))
            return 200, f'{{"Members": [{members}]}}'.encode()
        return 200, b'{"Id": "1", "Status": {"Health": "OK"}}'

    with pytest.raises(Unreadable, match="more than 512 documents"):
        look(serve(answer).port)


def test_one_that_hangs_is_given_up_in_its_time(serve: Callable[[Answer], Server]) -> None:
    over = Event()

    def answer(path: str, authorization: str) -> tuple[int, bytes]:
        over.wait(60)
        return 200, b"{}"

    try:
        with pytest.raises(Unreadable, match=r"no answer within 0\.2 s"):
            look(serve(answer).port, timeout=Duration(0.2))
    finally:
        over.set()


def test_nobody_there() -> None:
    with pytest.raises(Unreadable, match="refused"):
        look(free_port(1))


def test_the_emulator_of_sushy_tools(tmp_path: Path) -> None:
    with sushy(tmp_path) as port:
        found = wait_for(lambda: _try(port), 120, "sushy-tools' emulator")
    assert found["sensor:r1/CPU_Temp"].metrics["celsius"] == 41
    assert found["fan:r1/BaseBoard_System_Fan"].metrics["condition"] == "Good"


@contextmanager
def sushy(place: Path) -> Iterator[int]:
    """sushy-tools' emulator with made-up machines, at a port."""
    port = free_port(1)
    command = Path(sys.executable).with_name("sushy-emulator")
    argv = [str(command), "--fake", "-i", "127.0.0.1", "-p", str(port)]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=place, stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def _try(port: int) -> dict[str, Sample]:
    try:
        return look(port)
    except Unreadable:
        return {}
