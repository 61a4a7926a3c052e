"""From a trap to its alert: seconds, with SNMPv2c and SNMPv3, by a real agent.

``python -m benchmarks.traps [--turns 20]``: net-snmp's snmpd is the switch, whose supplies fail one
after the other; its snmptrap sends the maker's trap, through a relay that takes the time; the agent
reads what the trap is about, and the alert is heard at its socket. A switch of our own then loses
the links of its ports, with linkDown, and the alert is PortDown. Needs net-snmp. Ends with one line
of JSON.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

from hwagent.config.switches import Switch
from hwagent.config.units import Duration
from hwagent.snmp.access import access
from hwagent.snmp.dialects import User
from hwagent.snmp.names import OBJECTS
from hwagent.snmp.session import Session
from tests.snmp.agents import AUTH, PRIVACY, USER, free_port, snmpd
from tests.snmp.device import LINK_DOWN, Device

LIMIT = 0.1
_START = "from hwagent.cli import main; main()"
#: CISCO-ENVMON-MIB: ciscoEnvMonSupplyStatusTable, and the trap that tells of a change in it.
TABLE, TRAP = ".1.3.6.1.4.1.9.9.13.1.5.1", "1.3.6.1.4.1.9.9.13.3.0.5"
GOOD, CRITICAL = "1", "3"
#: What snmpd asks for that table (snmpd.conf(5), pass_persist): names and states of supplies. Each
#: fails once: an alert that comes and goes would be damped.
SCRIPT = f"""#!/bin/sh
while read word; do
    [ "$word" = PING ] && echo PONG && continue
    read oid
    row=${{oid##*.}}
    case "$word $oid" in
    "getnext {TABLE}" | "getnext {TABLE}.2") oid={TABLE}.2.1 ;;
    "getnext {TABLE}.2.COUNT" | "getnext {TABLE}.3") oid={TABLE}.3.1 ;;
    "getnext {TABLE}.3.COUNT") echo NONE; continue ;;
    "getnext "*) oid=${{oid%.*}}.$((row + 1)) ;;
    esac
    row=${{oid##*.}}
    case "$oid" in
    {TABLE}.2.*) printf "$oid\\nstring\\nPSU $row\\n" ;;
    {TABLE}.3.*) printf "$oid\\ninteger\\n$(cat PLACE/state.$row)\\n" ;;
    *) echo NONE ;;
    esac
done
"""


class Relay(asyncio.DatagramProtocol):
    """Between snmptrap and the agent: notes when a trap was sent."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.sent = asyncio.Event()
        self.at = 0.0

    def connection_made(self, transport: Any) -> None:
        """The socket is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A trap: on to the agent."""
        self.at = time.monotonic()
        self._transport.sendto(data, ("127.0.0.1", self._port))


class Rig:
    """A switch, an agent that watches it, and what it takes to send a trap."""

    def __init__(self, work: Path, port: int, version: str) -> None:
        self._work, self._version = work, version
        self.hears, self._sends = free_port(), free_port()
        self._of = self._switch(port)
        self._relay = Relay(self.hears)

    def _switch(self, port: int) -> Switch:
        for name, text in (("community", "public"), ("auth", AUTH), ("privacy", PRIVACY)):
            (self._work / name).write_text(text + "\n")
        options: dict[str, Any] = {"community_file": str(self._work / "community")}
        if self._version == "3":
            files = {f"{n}_file": str(self._work / n) for n in ("auth", "privacy")}
            options = {"user": USER, "version": "3", **files}
        return Switch(name="sw1", address="127.0.0.1", port=port, interval=Duration(30), **options)

    def config(self) -> Path:
        """The agent's configuration."""
        keys = ("name", "address", "port", "version", "community_file", "user", "auth_file",
                "privacy_file")  # fmt: skip
        switch = {k: v for k in keys if (v := getattr(self._of, k))}
        config = {
            "runtime_directory": str(self._work / "run"),
            "state_directory": str(self._work / "agent"),
            "switches": [{**switch, "interval": "30s"}],
            "traps": {"bind": f"127.0.0.1:{self.hears}"},
        }
        file = self._work / "hwagent.yaml"
        file.write_text(json.dumps(config))
        return file

    async def open(self) -> None:
        """Opens the relay."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self._relay, ("127.0.0.1", self._sends))

    async def trap(self, row: int) -> float:
        """Lets net-snmp send the trap of a supply; when that was."""
        options = ["-v2c", "-c", "public"] if self._version == "2c" else await self._signed()
        place, value = f"127.0.0.1:{self._sends}", f"{TABLE[1:]}.3.{row}"
        command = ["snmptrap", "-m", "", *options, place, "", TRAP, value, "i", "3"]
        process = await asyncio.create_subprocess_exec(*command)
        assert await process.wait() == 0
        return self._relay.at

    async def _signed(self) -> list[str]:
        """As from the engine of the switch, by its clock."""
        session = Session(access(self._of), 5.0)
        found = await session.get([(*OBJECTS["snmpEngineBoots"], 0)])
        session.close()
        assert isinstance(session.dialect, User)
        clock = session.dialect.clock
        assert clock is not None
        when = f"{next(iter(found.values()))},{max(1, clock.seconds(time.monotonic()))}"
        keys = ["-a", "SHA-256", "-A", AUTH, "-x", "AES", "-X", PRIVACY]
        return ["-v3", "-l", "authPriv", "-u", USER, *keys, "-e", f"0x{clock.engine.hex()}",
                "-Z", when]  # fmt: skip


@asynccontextmanager
async def agent(rig: Rig, work: Path, part: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """A running agent that has read the switch and knows a part of it; what its socket tells."""
    command = [sys.executable, "-c", _START, "run", "-c", str(rig.config())]
    with (work / "agent.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(*command, stderr=log, stdout=log)
    socket = work / "run" / "hwagent.sock"
    try:
        async with asyncio.timeout(300):
            # another process sets no event
            while part not in await _get(socket, "/v1/components"):  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        reader, writer = await asyncio.open_unix_connection(socket, limit=2**24)
        writer.write(b"GET /v1/events HTTP/1.1\r\nHost: h\r\n\r\n")
        yield reader
    finally:
        process.terminate()
        await process.wait()


async def _get(socket: Path, path: str) -> bytes:
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return b""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
    data = await reader.read()
    writer.close()
    return data


async def _alert(events: asyncio.StreamReader, rule: str, part: str) -> float:
    """When it was told that a part has failed."""
    async with asyncio.timeout(120):
        while True:
            line = await events.readline()
            assert line, "the agent ended"
            if f'"{rule}"'.encode() in line and f'"{part}"'.encode() in line and b"firing" in line:
                return time.monotonic()


def measure(work: Path, version: str, turns: int) -> list[float]:
    """Seconds from trap to alert, turn by turn."""
    work.mkdir()
    for row in range(1, turns + 1):
        (work / f"state.{row}").write_text(GOOD)
    script = work / "supply"
    script.write_text(SCRIPT.replace("PLACE", str(work)).replace("COUNT", str(turns)))
    script.chmod(0o755)
    with snmpd(work, f"pass_persist {TABLE} {script}\n") as port:
        return asyncio.run(_measure(Rig(work, port, version), work, turns))


async def _measure(rig: Rig, work: Path, turns: int) -> list[float]:
    took = []
    await rig.open()
    async with agent(rig, work, b"psu:sw1") as events:
        for row in range(1, turns + 1):
            (work / f"state.{row}").write_text(CRITICAL)
            sent = await rig.trap(row)
            took.append(await _alert(events, "PsuFailed", f"psu:sw1/PSU_{row}") - sent)
    return took


async def links(work: Path, turns: int) -> list[float]:
    """Seconds from linkDown to PortDown, port by port."""
    device, place = Device(sysUpTime=0, sysName="sw1", sysDescr="made up"), free_port()
    for index in range(1, turns + 1):
        device.port(index, f"e{index}")
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: device, ("127.0.0.1", place))
    rig, took = Rig(work, place, "2c"), []
    async with agent(rig, work, b"port:sw1") as events:
        for index in range(1, turns + 1):
            device.set(**{f"ifOperStatus_{index}": 2})
            sent = time.monotonic()
            device.trap(("127.0.0.1", rig.hears), LINK_DOWN, ((*OBJECTS["ifIndex"], index), index))
            took.append(await _alert(events, "PortDown", f"port:sw1/e{index}") - sent)
    return took


def _told(what: str, took: list[float]) -> float:
    worst = f"{max(took) * 1000:.0f} ms at most, of {len(took)}"
    print(f"{what} {median(took) * 1000:.0f} ms median, {worst}; at most {LIMIT * 1000:.0f} ms")
    return median(took)


def main() -> int:
    """Measures both versions, and links; the exit status says whether the bound holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=20)
    turns = parser.parse_args().turns
    if not shutil.which("snmptrap"):
        print("snmptrap is not installed: apt install snmp snmpd")
        return 0
    told = {}
    with tempfile.TemporaryDirectory() as place:
        for version in ("2c", "3"):
            took = measure(Path(place) / version, version, turns)
            told[version] = _told(f"SNMPv{version}: trap to alert", took)
        work = Path(place) / "links"
        work.mkdir()
        took = asyncio.run(links(work, turns))
        told["link"] = _told("link down: trap to alert", took)
    print(json.dumps({k: round(v, 4) for k, v in told.items()}))
    return int(max(told.values()) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
