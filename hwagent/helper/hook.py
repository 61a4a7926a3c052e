"""Runs a command of the user's as root: no shell, no terminal, and an end in time."""

import fcntl
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from .process import die_with
from .trust import TRUST, trusted
from .verb import VerbRefused

#: Seconds between the request to end and the end.
GRACE = 1.0
#: A command may say so much, in bytes; the end of it is looked at.
_OUTPUT_MAX, _SHOWN = 1 << 20, 200
#: What a command finds in its environment besides ours.
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ")


def run_hook(words: Sequence[str], environment: Mapping[str, str], unit: str, end: float) -> None:
    """Runs a command that only root could have written, until a time of CLOCK_MONOTONIC.

    In a sandbox systemd runs it outside, as ``unit``. Raises VerbRefused if it cannot be run, fails
    or overruns; then nothing that it started is left.
    """
    real = trusted(words[0])
    if not TRUST.manager:
        return _run(words, real, environment, end, words[0])
    left = max(1, round(end - time.monotonic()))
    with suppress(VerbRefused):  # one that was cut off before may still run; mostly there is none
        system(["systemctl", "stop", "--", f"{unit}.service"], end, unit)
    argv = ["systemd-run", "--quiet", "--wait", "--collect", "--pipe", f"--unit={unit}"]
    argv += [f"--property=RuntimeMaxSec={left}", "--property=TimeoutStopSec=1"]
    argv += [f"--setenv={name}={value}" for name, value in environment.items()]
    return system([*argv, "--", real, *words[1:]], end + 2 * GRACE, words[0])


def system(argv: Sequence[str], end: float, name: str) -> None:
    """Runs a command of the system, until a time; people call it ``name``. Raises VerbRefused."""
    found = shutil.which(argv[0])
    if found is None:
        raise VerbRefused(f"{argv[0]} is not installed")
    _run(argv, found, {}, end, name)


def _run(
    argv: Sequence[str], real: str, environment: Mapping[str, str], end: float, name: str
) -> None:
    kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
    output = _memory()
    try:
        process = subprocess.Popen(
            argv,
            executable=real,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**kept, **environment},
            cwd="/",
            start_new_session=True,
            # It must not go on beside the one that is started in its place
            preexec_fn=partial(die_with, os.getpid()),
        )
        if not _wait(process, end - time.monotonic()):
            _end(process)
            raise VerbRefused(f"{name} did not end in time")
        if status := process.returncode:
            how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
            raise VerbRefused(f"{name} {how}: {_said(output)}".rstrip(": "))
    except OSError as e:
        raise VerbRefused(f"{name}: {e.strerror}") from None
    finally:
        os.close(output)


def _memory() -> int:
    """A file for the output: unlike a pipe, it harms nobody who writes to it later."""
    file = os.memfd_create("output", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(file, _OUTPUT_MAX)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
    return file


def _said(output: int) -> str:
    size = os.lseek(output, 0, os.SEEK_CUR)  # the place is shared with those who wrote
    text = os.pread(output, 4096, max(0, size - 4096)).rstrip(b"\0").decode("utf-8", "replace")
    lines = text.strip().splitlines()
    return lines[-1][:_SHOWN] if lines else ""


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Whether it ended within the time."""
    watched = os.pidfd_open(process.pid)
    try:
        ended = bool(select.select([watched], [], [], max(0.0, seconds))[0])
    finally:
        os.close(watched)
    if ended:
        process.wait()
    return ended


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a command and all of its process group. Raises VerbRefused if it hangs in the kernel."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        if _wait(process, GRACE):
            break
    else:
        raise VerbRefused("it cannot be killed: it is in uninterruptible sleep")
    with suppress(ProcessLookupError):  # those whom its end did not end
        os.killpg(process.pid, signal.SIGKILL)
