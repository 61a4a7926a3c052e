"""A network namespace with real veth pairs, for tests of what the kernel says of links."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from hwagent.model import Sample


class Namespace:
    """A namespace that is removed with everything in it when the test ends."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.enter = ("ip", "netns", "exec", name)

    def ip(self, words: str) -> None:
        """Runs ip(8) inside."""
        subprocess.run(["ip", "-n", self.name, *words.split()], check=True, capture_output=True)

    def run(self, *argv: str) -> str:
        """Runs a command inside, with this namespace's own /sys; returns its output."""
        done = subprocess.run([*self.enter, *argv], check=True, capture_output=True, text=True)
        return done.stdout

    def collect(self, collector: str, target: str = "") -> dict[str, Sample]:
        """One look of a collector inside; samples by id."""
        code = (
            "import sys, msgspec; from importlib import import_module;"
            "from hwagent.collect.root import Root;"
            "c = import_module('hwagent.collect.' + sys.argv[1]).COLLECTOR();"
            "print(msgspec.json.encode(c.collect(Root('/'), sys.argv[2])).decode())"
        )
        output = self.run(sys.executable, "-c", code, collector, target)
        samples: list[Any] = msgspec.json.decode(output, type=list[Sample])
        return {sample.id: sample for sample in samples}


@contextmanager
def namespace() -> Iterator[Namespace]:
    """A namespace with ``veth0`` and its peer ``veth1``, both switched on."""
    space = Namespace(f"hwagent-test-{os.getpid()}")
    subprocess.run(["ip", "netns", "add", space.name], check=True)
    try:
        space.ip("link add veth0 type veth peer name veth1")
        space.ip("link set veth0 up")
        space.ip("link set veth1 up")
        yield space
    finally:
        subprocess.run(["ip", "netns", "del", space.name], check=True)
