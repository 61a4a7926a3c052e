"""Running a read-only command with a deadline, in a worker."""

import subprocess
from typing import NamedTuple


class CommandOutput(NamedTuple):
    """Exit status, standard output and standard error of a command."""

    status: int
    stdout: bytes
    stderr: bytes


def run_command(argv: list[str], deadline: float) -> CommandOutput:
    """Runs a command without a shell. Raises FileNotFoundError, OSError, TimeoutError.

    A command in uninterruptible sleep outlives its kill: the worker that runs it is then given up
    by its pool, which is why this is only called in workers.
    """
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=deadline, check=False
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(argv[0]) from None
    return CommandOutput(done.returncode, done.stdout, done.stderr)
