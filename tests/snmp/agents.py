"""SNMP agents on loopback: snmpsim with recordings, Debian's snmpd, and one that lies."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api, rfc1905

from hwagent.snmp.keys import Keys
from hwagent.snmp.pdu import GET, packed_pdu
from hwagent.snmp.usm import Clock, scoped, sealed

#: Keys of the user that both agents know.
USER, AUTH, PRIVACY = "watcher", "auctoritas-longa", "privatissima-longa"
SNMPD = shutil.which("snmpd") or shutil.which("/usr/sbin/snmpd")
_START = "import sys; from snmpsim.commands.responder import main; sys.exit(main())"


def free_port() -> int:
    """A UDP port of loopback that nobody holds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def snmpsim(recordings: Path, work: Path) -> Iterator[int]:
    """snmpsim with a directory of recordings; each answers to the community of its name."""
    port, user = free_port(), "root" if os.geteuid() == 0 else os.environ.get("USER", "nobody")
    arguments = [
        *(sys.executable, "-c", _START, f"--data-dir={recordings}"),
        *(f"--cache-dir={work / 'cache'}", f"--agent-udpv4-endpoint=127.0.0.1:{port}"),
        *(f"--process-user={user}", f"--process-group={user}"),
        *(f"--v3-user={USER}", f"--v3-auth-key={AUTH}", "--v3-auth-proto=SHA256"),
        *(f"--v3-priv-key={PRIVACY}", "--v3-priv-proto=AES"),
    ]
    with (work / "snmpsim.log").open("w") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log)
    with ended(process):
        answering(port)
        yield port


@contextmanager
def snmpd(work: Path, more: str = "") -> Iterator[int]:
    """Debian's snmpd, which shows this host to ``public`` and to the user, by SHA-2 and AES;
    ``more`` is further configuration."""
    port = free_port()
    file = work / "snmpd.conf"
    file.write_text(
        f"rocommunity public\ncreateUser {USER} SHA-256 {AUTH} AES {PRIVACY}\n"
        f"rouser {USER} priv\n{more}"
    )
    place = f"udp:127.0.0.1:{port}"
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(work / "persistent")}
    command = [str(SNMPD), "-f", "-Lo", "-C", "-c", str(file), "-p", str(work / "pid"), place]
    with (work / "snmpd.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    with ended(process):
        answering(port)
        yield port


def answering(port: int) -> None:
    """Waits until an agent tells its engine's name, which anybody may ask for (RFC 3414, 4)."""
    empty = scoped(b"", "", packed_pdu(GET, 1, ()))
    question = sealed(1, "", Keys(), Clock(b""), 0.0, b"", empty)
    deadline = time.monotonic() + 120
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.2)
        asking.connect(("127.0.0.1", port))
        while time.monotonic() < deadline:
            with suppress(OSError):
                asking.send(question)
                if asking.recv(2000):
                    return
            time.sleep(0.05)  # of a refusal, which comes at once
    raise AssertionError("the agent does not answer")


@contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Ends a process that a test has started."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


#: What a liar answers to OIDs and a number of repetitions: OIDs and values.
Answers = Callable[[list[tuple[int, ...]], int], list[tuple[tuple[int, ...], Any]]]


class Liar(asyncio.DatagramProtocol):
    """An agent of SNMPv2c that answers what a test wants: late, cut, with another number, wrong."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.delay = 0.0
        self.silent = False
        self.change: Callable[[bytes], bytes] = lambda data: data
        self.wrong_id = False
        #: More values than these do not fit into its answer.
        self.most = 10_000
        self.asked = 0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.asked += 1
        if not self.silent:
            reply = self.change(self._reply(data))
            asyncio.get_running_loop().call_later(
                self.delay, lambda: self._transport.sendto(reply, addr)
            )

    def _reply(self, data: bytes) -> bytes:
        v2c = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
        message, _ = decoder.decode(data, asn1Spec=v2c.Message())
        request = v2c.apiMessage.get_pdu(message)
        bulk = request.isSameTypeWith(rfc1905.GetBulkRequestPDU())
        repeat = int(v2c.apiBulkPDU.get_max_repetitions(request)) if bulk else 0
        names = [tuple(oid) for oid, _ in v2c.apiPDU.get_varbinds(request)]
        reply = v2c.apiMessage.get_response(message)
        pdu = v2c.apiMessage.get_pdu(reply)
        pairs = [
            (v2c.ObjectIdentifier(oid), _typed(v2c, value))
            for oid, value in self.answers(names, repeat)
        ]
        v2c.apiPDU.set_varbinds(pdu, pairs)
        if len(pairs) > self.most:  # RFC 3416, 4.2.3: tooBig, and no values
            v2c.apiPDU.set_varbinds(pdu, [])
            v2c.apiPDU.set_error_status(pdu, 1)
        if self.wrong_id:
            v2c.apiPDU.set_request_id(pdu, int(v2c.apiPDU.get_request_id(pdu)) + 1)
        return bytes(encoder.encode(reply))


def _typed(v2c: Any, value: Any) -> Any:
    if value is None:
        return rfc1905.endOfMibView
    return v2c.Integer(value) if isinstance(value, int) else v2c.OctetString(value)


def table(values: dict[tuple[int, ...], Any]) -> Answers:
    """Answers of an honest agent that has these values."""
    order = sorted(values)

    def answers(names: list[tuple[int, ...]], repeat: int) -> list[tuple[tuple[int, ...], Any]]:
        if not repeat:
            return [(oid, values.get(oid)) for oid in names]
        found, at = [], list(names)
        for _ in range(repeat):
            for place, oid in enumerate(at):
                later = next((o for o in order if o > oid), None)
                found.append((later or oid, None if later is None else values[later]))
                at[place] = later or oid
        return found

    return answers
