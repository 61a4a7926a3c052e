"""A nursery whose workers can also do what no hardware may be asked for: hang, crash, tell."""

import fcntl
import os
import signal
import subprocess
import sys

from hwagent.helper import nursery
from hwagent.helper.jobs import JOBS


def hang(root, arguments):
    """Says that it waits, and waits until a file is not locked."""
    with open(f"{arguments['locked']}.{os.getpid()}", "wb"):
        pass
    with open(arguments["locked"], "rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)


def command(root, arguments):
    """Waits for a command, as a collector that calls smartctl."""
    child = subprocess.Popen(["sleep", "600"])
    with open(arguments["note"], "w") as file:
        file.write(str(child.pid))
    child.wait()


JOBS["poller"].update(
    hang=hang,
    command=command,
    pid=lambda root, arguments: os.getpid(),
    user=lambda root, arguments: os.getuid(),
    crash=lambda root, arguments: os.kill(os.getpid(), signal.SIGKILL),
    large=lambda root, arguments: "x" * arguments["size"],
    threads=lambda root, arguments: len(os.listdir(f"/proc/{os.getppid()}/task")),
)
nursery.main(sys.argv[1:])
