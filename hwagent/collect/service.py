"""Checks of the user's own services: a port, a URL, a command, a systemd unit, a file.

They run in a poller's worker; the agent debounces what they say with RiseFall.
"""

import os
import select
import signal
import socket
import subprocess
import time
from contextlib import suppress
from importlib import import_module
from typing import Any, ClassVar

import msgspec

from hwagent.config.schema import Service
from hwagent.model import Sample, gauge

from .base import Collector
from .root import Root, Unreadable

#: An output is looked at so far; the rest is read and thrown away.
_OUTPUT_MAX = 4096
_DETAIL_MAX = 200
_TIMEOUT_MAX = 60.0


class Failed(Exception):
    """The service did not answer as it should; the text says why, for people."""


class ServiceCollector(Collector):
    """One target per check; a target is the JSON of its Service."""

    name = "service"
    kinds: ClassVar = {
        "service": (
            gauge("up", "1 if it is up, after rise and fall; absent until that is known"),
            gauge("raw_up", "1 if the last check succeeded"),
            gauge("latency_seconds", "how long the last check took", "seconds"),
        )
    }
    attributes: ClassVar = {"service": ("type", "target", "detail")}
    interval = 10.0
    deadline = _TIMEOUT_MAX + 5

    def targets(self, root: Root) -> list[str]:
        """None: the agent makes them of its configuration."""
        return []

    def collect(self, root: Root, target: str) -> list[Sample]:
        """One check. Raises Unreadable if the target is no Service."""
        try:
            service = msgspec.json.decode(target, type=Service, dec_hook=_number)
        except msgspec.MsgspecError as e:
            raise Unreadable("service", str(e)) from None
        return [check(root, service)]


def _number(type: type, value: Any) -> Any:
    """Durations travel as plain numbers of seconds."""
    return type(value)


def check(root: Root, service: Service) -> Sample:
    """Runs one check; what goes wrong is the sample's ``detail``."""
    timeout = min(float(service.timeout), _TIMEOUT_MAX)
    start, detail = time.monotonic(), ""
    try:
        _CHECKS[service.type](root, service, timeout)
    except Failed as e:
        detail = str(e)
    except TimeoutError:
        detail = f"no answer within {timeout:g} s"
    except OSError as e:
        detail = f"{e.strerror or e}{f': {e.filename}' if e.filename else ''}"
    except ValueError as e:
        detail = f"{type(e).__name__}: {e}"
    return Sample(
        id=f"service:{service.name}",
        kind="service",
        attributes={
            "type": service.type,
            "target": service.target or " ".join(service.command),
            "detail": detail[:_DETAIL_MAX],
        },
        metrics={
            "raw_up": int(not detail),
            "latency_seconds": round(time.monotonic() - start, 6),
        },
    )


def _tcp(root: Root, service: Service, timeout: float) -> None:
    host, _, port = service.target.rpartition(":")
    if not host or not port.isdecimal():
        raise Failed(f"not host:port: {service.target!r}")
    socket.create_connection((host.strip("[]"), int(port)), timeout).close()


def _http(root: Root, service: Service, timeout: float) -> None:
    # Named, not imported: http.client and ssl weigh more than all that other looks need
    import_module(f"{__package__}.service_http").check(service, timeout)


def _exec(root: Root, service: Service, timeout: float) -> None:
    if not service.command:
        raise Failed("no command")
    process = subprocess.Popen(
        service.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        ended, said = _watch(process, time.monotonic() + timeout)
    finally:
        _kill(process)
    if not ended:
        raise Failed(f"did not end within {timeout:g} s")
    if status := process.returncode:
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        line = said.decode("utf-8", "replace").strip().splitlines()
        raise Failed(f"{how}: {line[0]}" if line else how)


def _watch(process: subprocess.Popen[bytes], end: float) -> tuple[bool, bytes]:
    """Waits until the command ends (True) or its time is over; the beginning of its output too."""
    said, ended = b"", False
    output = process.stdout.fileno() if process.stdout else -1
    child = os.pidfd_open(process.pid)
    waiting = {child, output}
    try:
        while not ended and (left := end - time.monotonic()) > 0:
            ready = select.select(waiting, [], [], left)[0]
            ended = child in ready
            if output in ready:
                chunk = os.read(output, _OUTPUT_MAX)
                said = (said + chunk)[:_OUTPUT_MAX]
                waiting -= set() if chunk else {output}
    finally:
        os.close(child)
    return ended, said


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends all that the command left behind; what cannot die is left to the worker's pool."""
    # not reaped yet, so its group still bears its number
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdout:
        process.stdout.close()
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        raise Failed("cannot be killed: it is in uninterruptible sleep") from None


def _unit(root: Root, service: Service, timeout: float) -> None:
    name = service.target
    argv = ["systemctl", "show", "--property=LoadState,ActiveState,SubState,Result", "--", name]
    try:
        output = root.command(f"systemctl-show-{name}", argv, timeout)
    except Unreadable as e:
        raise Failed(e.why) from None
    lines = output.stdout.decode("utf-8", "replace").splitlines()
    found = dict(line.partition("=")[::2] for line in lines)
    if found.get("ActiveState") in ("active", "reloading"):
        return
    if output.status or "ActiveState" not in found:
        said = output.stderr.decode("utf-8", "replace").strip()
        raise Failed(said or f"systemctl: exit status {output.status}")
    if found.get("LoadState") == "not-found":
        raise Failed(f"no such unit: {name}")
    result = found.get("Result", "")
    why = f", {result}" if result not in ("", "success") else ""
    raise Failed(f"{found['ActiveState']} ({found.get('SubState', '')}{why})")


def _file(root: Root, service: Service, timeout: float) -> None:
    modified = os.stat(root.path(service.target)).st_mtime
    age = time.time() - modified
    if service.max_age is not None and age > service.max_age:
        raise Failed(f"{age:.0f} s old, more than {float(service.max_age):g} s")


_CHECKS = {"tcp": _tcp, "http": _http, "exec": _exec, "unit": _unit, "file": _file}

COLLECTOR = ServiceCollector
