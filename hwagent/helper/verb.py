"""What a verb is, and how one writes."""

import os

import msgspec

from hwagent.collect.command import run_command
from hwagent.collect.root import Root, Unreadable

#: mdadm waits for the array's lock, which a recovery may hold for a while.
COMMAND_DEADLINE = 60.0


class VerbResult(msgspec.Struct, frozen=True):
    """Whether a verb did what it says; ``detail`` is why not, or what it found."""

    ok: bool
    detail: str = ""


class VerbRefused(Exception):
    """A precondition of the verb does not hold; nothing was done."""


class Verb(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that root does for the agent. Its fields are its arguments, checked on decoding.

    Guards decide whether it ought to be done; a verb checks once more, at the last moment and by
    the kernel's own word, what would make it do harm.
    """

    def perform(self, root: Root) -> str:
        """Does it; returns what there is to say. Raises VerbRefused, Unreadable, OSError."""
        raise NotImplementedError


def write(root: Root, relative: str, text: str) -> None:
    """Writes a file of sysfs in one call. Raises Unreadable, with the kernel's reason.

    A tree that is not live may lack the files that are only written.
    """
    flags = os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | (0 if root.live else os.O_CREAT)
    try:
        fd = os.open(root.path(relative), flags, 0o644)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)
    except OSError as e:
        raise Unreadable(relative, f"cannot write {text!r}: {e.strerror}") from None


def run(argv: list[str]) -> str:
    """Runs a command that changes something; returns its output. Raises VerbRefused."""
    try:
        done = run_command(argv, COMMAND_DEADLINE)
    except FileNotFoundError:
        raise VerbRefused(f"{argv[0]} is not installed") from None
    except TimeoutError:
        raise VerbRefused(f"{argv[0]} did not end within {COMMAND_DEADLINE:g} s") from None
    output = (done.stderr or done.stdout).decode("utf-8", "replace").strip()[:500]
    if done.status != 0:
        raise VerbRefused(f"{argv[0]} ended with status {done.status}: {output}")
    return output
