"""A BMC made of OpenIPMI's simulator: answers IPMI over LAN on loopback, its sensors can be set.

Records of sensors by IPMI 2.0, tables 43-1 (full) and 43-2 (compact).
"""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import wait_for

_MC = "0x20"
_LAN = """\
name "lab"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  user 2 true "monitor" "{password}" admin 10 none md2 md5 straight
console 127.0.0.1 {console}
"""
#: Where an emulated machine comes for the BMC on its board (QEMU, ipmi-bmc-extern).
_BOARD = "serial 15 127.0.0.1 {machine} codec VM\n"
_BITS, _LEVELS = "000000011111111", "000111111000000"
_MACHINE = f"""\
mc_setbmc {_MC}
mc_add {_MC} 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable {_MC} 1000 0x0a
sensor_add {_MC} 0 1 0x01 0x01
sensor_set_value {_MC} 0 1 45 0
sensor_set_threshold {_MC} 0 1 settable 111000 0xa0 0x90 0x70 00 00 00
sensor_set_event_support {_MC} 0 1 enable scanning per-state {_LEVELS} {_LEVELS} {_LEVELS} {_LEVELS}
sensor_add {_MC} 0 2 0x08 0x6f
sensor_set_bit {_MC} 0 2 0 1 0
sensor_set_event_support {_MC} 0 2 enable scanning per-state {_BITS} {_BITS} {_BITS} {_BITS}
mc_enable {_MC}
"""
PASSWORD = "secret"


class Simulator:
    """One BMC: the sensor ``CPU Temp`` (number 1) and the supply ``PS1 Status`` (number 2).

    It has one console for all its life: the simulator does not survive the end of one.
    """

    def __init__(self, port: int, console: socket.socket) -> None:
        self.port = port
        self._console = console
        _until_prompt(console)

    def say(self, command: str) -> None:
        """A command of ipmi_sim_cmd(5)."""
        self._console.sendall(command.encode() + b"\n")
        _until_prompt(self._console)

    def heat(self, celsius: int) -> None:
        """Sets the temperature."""
        self.say(f"sensor_set_value {_MC} 0 1 {celsius} 1")

    def supply(self, bit: int, on: bool) -> None:
        """Sets a bit of the supply (IPMI 2.0, 42-3, type 08h), and logs that."""
        self.say(f"sensor_set_bit {_MC} 0 2 {bit} {int(on)} 1")


def _until_prompt(stream: socket.socket) -> None:
    said = b""
    while not said.endswith(b"> "):
        part = stream.recv(4096)
        if not part:
            raise AssertionError(f"the simulator hung up after {said!r}")
        said += part


@contextmanager
def simulator(directory: Path, machine: int = 0) -> Iterator[Simulator]:
    """A BMC on ports of its own, for as long as it is needed; with a port for an emulated machine,
    if one is given."""
    port, console = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    text = _LAN.format(port=port, console=console, password=PASSWORD)
    text += _BOARD.format(machine=machine) if machine else ""
    (directory / "lan.conf").write_text(text)
    records = (_full(1, "CPU Temp"), _compact(2, "PS1 Status"))
    lines = (f"main_sdr_add {_MC} " + " ".join(map(hex, record)) for record in records)
    (directory / "lab.emu").write_text(_MACHINE + "\n".join(lines) + "\n")
    (directory / "state").mkdir()
    argv = ["ipmi_sim", "-c", "lan.conf", "-f", "lab.emu", "-s", "state", "-n"]
    process = subprocess.Popen(argv, cwd=directory, stdin=subprocess.DEVNULL)
    try:
        with wait_for(lambda: _connected(console), 60, "a simulated BMC") as stream:
            yield Simulator(port, stream)
    finally:
        process.kill()
        process.wait()


def free_port(kind: int) -> int:
    """A port of loopback that nobody has."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _connected(port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), 60)
    except OSError:
        return None


def _full(number: int, name: str) -> bytes:
    """A temperature in degrees C, one a step, with upper thresholds."""
    body = bytes((0x20, 0, number, 7, 1, 0x7F, 0x68, 0x01, 0x01, 0, 0x0E, 0, 0x0E, 0x38, 0x38))
    body += bytes((0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0, 0xA0, 0x90, 0x70))
    body += bytes((0, 0, 0, 2, 2, 0, 0, 0))
    return _record(1, body, name)


def _compact(number: int, name: str) -> bytes:
    """A power supply: discrete, type 08h."""
    body = bytes((0x20, 0, number, 10, 1, 0x67, 0x40, 0x08, 0x6F, 0xFF, 0, 0xFF, 0, 0xFF, 0))
    body += bytes((0xC0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0))
    return _record(2, body, name)


def _record(type: int, body: bytes, name: str) -> bytes:
    body += bytes((0xC0 | len(name),)) + name.encode()
    return bytes((0, 0, 0x51, type, len(body))) + body
