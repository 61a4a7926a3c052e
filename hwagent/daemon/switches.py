"""The switches around the host: a process of its own polls them, where any are configured."""

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from hwagent.api.exposition import simple_family
from hwagent.config import Config
from hwagent.config.switches import Switch, Traps
from hwagent.helper.protocol import LENGTH, MESSAGE_MAX
from hwagent.model import Sample
from hwagent.snmp.messages import (
    Dropped,
    FromPoller,
    Orders,
    Polled,
    Trapped,
    from_poller,
    sent,
)

from .inventory import Job
from .looker import Failed, Found, Gone

log = logging.getLogger("hwagent")
#: Seconds before a poller that ended is started again; it grows with every end.
PAUSE, PAUSE_MAX = 1.0, 60.0
_COMMAND = (sys.executable, "-m", "hwagent.snmp")


class Switches:
    """The agent's side of the poller.

    What a switch is made of comes with the job ``switch/NAME``, whether it answers with
    ``switch/NAME/answer``: a switch that does not answer is a finding, its ports are unknown.
    """

    def __init__(
        self, found: Found, failed: Failed, gone: Gone, command: Sequence[str] = _COMMAND
    ) -> None:
        self._found, self._failed, self._gone = found, failed, gone
        self._command = command
        self._switches: dict[str, Switch] = {}
        self._makers: list[str] = []
        self._traps = Traps()
        self._trapped: Counter[str] = Counter()
        self._dropped: dict[str, int] = {}
        #: Why traps are not heard; empty if they are, or need not be.
        self.problem = ""
        self._changed = asyncio.Event()

    def configure(self, config: Config) -> None:
        """Takes the switches of the configuration; those that are gone are seen no more."""
        wanted = {switch.name: switch for switch in config.switches}
        for name in self._switches.keys() - wanted.keys():
            self._gone(_parts(name))
            self._gone(_answer(name))
        orders = (wanted, config.makers, config.traps)
        if orders != (self._switches, self._makers, self._traps):
            self._switches, self._makers, self._traps = orders
            self._changed.set()

    def metrics(self) -> Iterator[str]:
        """Finished families, in OpenMetrics text."""
        if self._traps.bind:
            yield simple_family(
                "hwagent_traps_dropped", "counter", "datagrams at the port of traps, by reason",
                [({"reason": reason}, n) for reason, n in sorted(self._dropped.items())],
            )  # fmt: skip

    async def run(self) -> None:
        """Keeps a poller running while there are switches, until cancelled."""
        pause = PAUSE
        while True:
            self._changed.clear()
            if not self._switches:
                await self._changed.wait()
                continue
            if await self._live():
                pause = PAUSE
                continue
            for name in self._switches:
                self._failed(_parts(name), "the process that polls switches ended", False)
            log.warning("the process that polls switches ended; starting it again")
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_MAX)

    async def _live(self) -> bool:
        """One life of the poller; True if it ended because other switches are wanted."""
        self.problem = ""
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        orders = Orders(list(self._switches.values()), self._makers, self._traps)
        process.stdin.write(sent(orders))
        reading = asyncio.create_task(self._read(process.stdout))
        changing = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait((reading, changing), return_when=asyncio.FIRST_COMPLETED)
            return changing.done()
        finally:
            for task in (reading, changing):
                task.cancel()
            process.stdin.close()
            if process.returncode is None:
                process.terminate()
            await process.wait()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                size = int.from_bytes(await stream.readexactly(LENGTH), "big")
                if size > MESSAGE_MAX:
                    return
                self._take(from_poller.decode(await stream.readexactly(size)))
            except (EOFError, msgspec.DecodeError):
                return

    def _take(self, message: FromPoller) -> None:
        match message:
            case Polled():
                self._polled(message)
            case Trapped(name, oid):
                self._trapped[name] += 1
                log.info("switch %s sent trap %s", name, oid)
            case Dropped(reasons, problem):
                self._dropped, self.problem = reasons or self._dropped, problem or self.problem

    def _polled(self, polled: Polled) -> None:
        switch = self._switches.get(polled.name)
        if switch is None:
            return
        answer = Sample(
            id=f"switch:{switch.name}",
            kind="switch",
            attributes={"name": switch.name, "address": switch.address},
            metrics={"reachable": int(polled.answered), "traps": self._trapped[switch.name]},
        )
        if polled.samples:
            self._found(_parts(switch.name), polled.samples)
        else:
            self._failed(_parts(switch.name), polled.why, False)
        self._found(_answer(switch.name), [answer])


def _parts(name: str) -> Job:
    return ("switch", name)


def _answer(name: str) -> Job:
    return ("switch", f"{name}/answer")
