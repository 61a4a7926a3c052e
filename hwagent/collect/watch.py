"""The watcher: a small process that waits for events and prints triggers, one JSON per line.

``python -m hwagent.collect.watch [--root PATH]``. It is a process of its own so that the agent
need not hold libudev, and so that nothing it waits for can hold the agent up. It ends when its
reader does.
"""

import argparse
import importlib
import os
import select
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from .link_events import LinkEvents
from .md_events import MdEvents
from .root import Root
from .trigger import Debounce, Trigger

if TYPE_CHECKING:
    from .device_events import DeviceEvents

#: How often new arrays are looked for where no block event tells of them. Seconds.
RESCAN = 60.0
_STDOUT = 1


class Watcher:
    """Waits for all sources in one thread; ``output`` is where triggers are written."""

    def __init__(self, root: Root, output: int = _STDOUT) -> None:
        self._output = output
        self._poll = select.poll()
        self._poll.register(output, 0)  # an error tells that the reader is gone
        self._debounce = Debounce()
        self._md = MdEvents(root, self._poll)
        self._links: LinkEvents | None = None
        self._devices: DeviceEvents | None = None
        self._rescan_at = 0.0
        if root.live:
            self._links = LinkEvents()
            self._poll.register(self._links, select.POLLIN)
            self._devices = _device_events()
        if self._devices is not None:
            self._poll.register(self._devices, select.POLLIN)

    def run(self) -> None:
        """Waits and writes until the reader is gone."""
        while self._turn():
            now = time.monotonic()
            if due := self._debounce.due(now):
                self._write(due)

    def _turn(self) -> bool:
        """Waits for events once and takes them in. False when nobody reads any more."""
        now = time.monotonic()
        if now >= self._rescan_at:
            self._md.rescan()
            self._rescan_at = now + RESCAN
        until = min(self._rescan_at, self._debounce.next_due() or self._rescan_at)
        for fd, _ in self._poll.poll(max(0, round((until - now) * 1000 + 0.5))):
            if fd == self._output:
                return False
            for trigger in self._read(fd):
                self._debounce.add(time.monotonic(), trigger)
        return True

    def _read(self, fd: int) -> list[Trigger]:
        if self._links is not None and fd == self._links.fileno():
            return self._links.read()
        if self._devices is not None and fd == self._devices.fileno():
            triggers, blocks = self._devices.read()
            if blocks:
                self._md.rescan()
            return triggers
        trigger = self._md.changed(fd) if fd in self._md else None
        return [trigger] if trigger else []

    def _write(self, triggers: list[Trigger]) -> None:
        data = b"".join(msgspec.json.encode(trigger) + b"\n" for trigger in triggers)
        while data:
            data = data[os.write(self._output, data) :]


def _device_events() -> "DeviceEvents | None":
    """Device events, or None where there is no libudev: disks are then found by polling alone."""
    try:
        module = importlib.import_module("hwagent.collect.device_events")
        events: DeviceEvents = module.DeviceEvents()
    except (ImportError, OSError) as e:
        print(f"watch: no device events: {e}", file=sys.stderr)
        return None
    return events


def main() -> int:
    """Runs the watcher. Exit status 0 when its reader has ended."""
    parser = argparse.ArgumentParser(prog="hwagent.collect.watch", description=__doc__)
    parser.add_argument("--root", default="/", help="root of the file tree")
    watcher = Watcher(Root(parser.parse_args().root))
    try:
        watcher.run()
    except (BrokenPipeError, KeyboardInterrupt):
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
