"""QEMU's machine protocol (docs/interop/qmp-spec.txt of QEMU): commands in, answers out."""

import json
import socket
from pathlib import Path
from typing import Any


class Refused(Exception):
    """QEMU says no."""


class Monitor:
    """One connection. ``events`` are those that came while answers were waited for."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(120)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rwb")
        self.events: list[dict[str, Any]] = []
        self._read()
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: Any) -> Any:
        """Runs a command, of which ``_`` stands for ``-`` in names of arguments. Raises Refused."""
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        return self.run(command, named)

    def run(self, command: str, arguments: dict[str, Any]) -> Any:
        """The same with the arguments as QEMU names them. Raises Refused."""
        self._lines.write(json.dumps({"execute": command, "arguments": arguments}).encode())
        self._lines.flush()
        while True:
            answer = self._read()
            if "error" in answer:
                raise Refused(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
            self.events.append(answer)

    def last_words(self) -> list[str]:
        """Of a QEMU that has ended: what happened to its machine, such as SHUTDOWN guest-reset."""
        while line := self._lines.readline():
            self.events.append(json.loads(line))
        told = ((e["event"], e.get("data", {})) for e in self.events if "event" in e)
        return [f"{name} {data.get('reason', data.get('action', ''))}" for name, data in told]

    def close(self) -> None:
        """Ends the connection, not the machine."""
        self._lines.close()
        self._socket.close()

    def _read(self) -> dict[str, Any]:
        line = self._lines.readline()
        if not line:
            raise Refused("QEMU has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer
