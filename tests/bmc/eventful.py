"""A BMC that tells of events: a real HTTP server with documents, a stream and subscriptions.

What it says is shaped as DMTF DSP0266 ("Eventing") and the mockups of DSP2043 show it. Neither
DMTF's mockup server nor sushy-tools' emulator has a stream of events.
"""

import http.client
import json
import ssl
from base64 import b64encode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

SERVICE = "/redfish/v1/EventService"
STREAM, SUBSCRIPTIONS = f"{SERVICE}/SSE", f"{SERVICE}/Subscriptions"
CHASSIS = "/redfish/v1/Chassis/1"
SUPPLY, FAN = f"{CHASSIS}/PowerSubsystem/PowerSupplies/1", f"{CHASSIS}/ThermalSubsystem/Fans/1"
OK = {"State": "Enabled", "Health": "OK"}
FAILED = {"State": "Enabled", "Health": "Critical"}
USER, PASSWORD = "monitor", "secret"
RIGHT = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def collection(*members: str) -> dict[str, Any]:
    return {"Members": [{"@odata.id": member} for member in members]}


def link(path: str) -> dict[str, str]:
    return {"@odata.id": path}


def machine() -> dict[str, Any]:
    """One chassis with a supply and a fan."""
    power, heat = f"{CHASSIS}/PowerSubsystem", f"{CHASSIS}/ThermalSubsystem"
    supply = {"@odata.type": "#PowerSupply.v1_5_0.PowerSupply", "Id": "1", "Name": "PSU 1"}
    fan = {"@odata.type": "#Fan.v1_3_0.Fan", "Id": "1", "Name": "Fan 1"}
    speed = {"SpeedPercent": {"SpeedRPM": 2000}}
    return {
        "/redfish/v1": {"Chassis": link("/redfish/v1/Chassis"), "EventService": link(SERVICE)},
        "/redfish/v1/Chassis": collection(CHASSIS),
        CHASSIS: {"PowerSubsystem": link(power), "ThermalSubsystem": link(heat)},
        power: {"PowerSupplies": link(f"{power}/PowerSupplies")},
        f"{power}/PowerSupplies": collection(SUPPLY),
        SUPPLY: {**supply, "@odata.id": SUPPLY, "Status": OK},
        heat: {"Fans": link(f"{heat}/Fans")},
        f"{heat}/Fans": collection(FAN),
        FAN: {**fan, **speed, "@odata.id": FAN, "Status": OK},
    }


def event(*about: str, number: int = 1) -> dict[str, Any]:
    """An event message, as DSP0266 shows one."""
    records = [
        {
            "MemberId": str(place),
            "EventType": "Alert",
            "EventId": f"ABC{number}",
            "MessageSeverity": "Critical",
            "Message": "The power supply has failed.",
            "MessageId": "Power.1.0.PowerSupplyFailed",
            **({"OriginOfCondition": link(origin)} if origin else {}),
        }
        for place, origin in enumerate(about or ("",))
    ]
    return {
        "@odata.type": "#Event.v1_7_0.Event",
        "Id": str(number),
        "Name": "Event Array",
        "Events": records,
    }


class Eventful:
    """One BMC. ``stream`` and ``pushes`` are what its event service offers, ``types`` what it wants
    to see in a subscription; ``certificate`` is a PEM file with its key, for HTTPS."""

    def __init__(
        self,
        stream: bool = True,
        pushes: bool = False,
        types: tuple[str, ...] = (),
        certificate: Path | None = None,
        password: bool = False,
    ) -> None:
        self.documents = machine()
        self.types = types
        #: What only who has our password may read, if not all, by the beginning of its path.
        self.guarded = "/" if password else ""
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.streams: list[SimpleQueue[bytes | None]] = []
        #: What the stream's request is answered with instead, if anything.
        self.refusal: tuple[int, str] | None = None
        #: Called before each answer with method and path: may wait.
        self.before: Callable[[str, str], None] = lambda method, path: None
        self._made = 0
        service: dict[str, Any] = {"Id": "EventService", "ServiceEnabled": True}
        if stream:
            service["ServerSentEventUri"] = STREAM
        if pushes:
            service["Subscriptions"] = link(SUBSCRIPTIONS)
            service["EventTypesForSubscription"] = [*types, "MetricReport"] if types else []
        self.documents[SERVICE] = service
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.port = self._server.server_port

    def close(self) -> None:
        """Ends it; streams end too."""
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()

    def say(self, data: bytes) -> None:
        """Bytes on all streams."""
        for stream in self.streams:
            stream.put(data)

    def tell(self, *about: str) -> None:
        """An event on all streams, its data in several lines."""
        text = json.dumps(event(*about), indent=1).replace("\n", "\r\ndata: ")
        self.say(f"id: 1\r\ndata: {text}\r\n\r\n".encode())

    def hang_up(self) -> None:
        """Ends all streams."""
        streams, self.streams = self.streams, []
        for stream in streams:
            stream.put(None)

    def breaks(self, path: str, status: dict[str, str] = FAILED) -> None:
        """A part is in another state from now on."""
        self.documents[path] = {**self.documents[path], "Status": status}

    def push(self, *about: str) -> list[int]:
        """Posts an event to all who subscribed; the statuses that they answer."""
        body = json.dumps(event(*about)).encode()
        return [post(s["Destination"], body) for s in list(self.subscriptions.values())]

    def subscribe(self, wish: dict[str, Any]) -> str:
        """Takes a subscription; returns its path. Raises ValueError where it does not like it."""
        if sorted(self.types) != sorted(wish.get("EventTypes", ())):
            raise ValueError("EventTypes")
        self._made += 1
        place = f"{SUBSCRIPTIONS}/{self._made}"
        self.subscriptions[place] = {**wish, "@odata.id": place, "Status": OK}
        return place


def post(url: str, body: bytes, method: str = "POST") -> int:
    """Sends a request; returns the status. Certificates are not checked, as BMCs do not."""
    to = urlsplit(url)
    assert to.hostname
    context = ssl._create_unverified_context()
    connection = (
        http.client.HTTPSConnection(to.hostname, to.port, timeout=60, context=context)
        if to.scheme == "https"
        else http.client.HTTPConnection(to.hostname, to.port, timeout=60)
    )
    try:
        connection.request(method, to.path, body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up does so on purpose here."""


def _handler(bmc: Eventful) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0].rstrip("/")
            if not self._may(path):
                return
            if path == STREAM and SERVICE in bmc.documents:
                self._stream()
            elif path == SUBSCRIPTIONS:
                self._answer(200, collection(*bmc.subscriptions))
            else:
                found = bmc.subscriptions.get(path) or bmc.documents.get(path)
                self._answer(200 if found else 404, found or {"error": {}})

        def do_POST(self) -> None:
            if not self._may(self.path):
                return
            wish = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                place = bmc.subscribe(wish)
            except ValueError as e:
                self._answer(400, {"error": {"message": str(e)}})
            else:
                self._answer(201, bmc.subscriptions[place], place)

        def do_DELETE(self) -> None:
            if self._may(self.path):
                known = bmc.subscriptions.pop(self.path, None)
                self._answer(200 if known else 404, {})

        def _may(self, path: str) -> bool:
            bmc.asked.append((self.command, path))
            bmc.before(self.command, path)
            good = (
                not (bmc.guarded and path.startswith(bmc.guarded))
                or self.headers.get("Authorization") == RIGHT
            )
            if not good:
                self._answer(401, {})
            return good

        def _answer(self, status: int, document: Any, place: str = "") -> None:
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if place:
                self.send_header("Location", f"http://bmc.example{place}")
            self.end_headers()
            self.wfile.write(data)

        def _stream(self) -> None:
            status, type = bmc.refusal or (200, "text/event-stream")
            queue: SimpleQueue[bytes | None] = SimpleQueue()
            if status == 200:
                bmc.streams.append(queue)
            self.send_response(status)
            self.send_header("Content-Type", type)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while status == 200 and (data := queue.get()):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
